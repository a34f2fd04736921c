//go:build e2e

package main_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"turnkey/internal/devstack"
)

// trouble is what an operator can do to a database, and takes back.
type trouble struct {
	name, code, hint string // what the status says
	wreck, repair    func(t *testing.T)
}

// troubled is an instance with one device, whose writes must wait out everything.
type troubled struct {
	in             *installation
	n              *runtimeNode
	id, host, kind string
	token          string
	op             int
}

func newTroubled(in *installation, t *testing.T, n *runtimeNode, kind, document, uri string) *troubled {
	t.Helper()
	project := in.must("POST", "/orgs/"+in.org+"/projects", map[string]any{"name": kind})["id"].(string)
	made := in.must("POST", "/projects/"+project+"/instances", map[string]any{
		"name": kind, "kind": "development", "config": document, "deploy": true, "secrets": map[string]string{"SOURCE_URI": uri},
	})
	d := &troubled{in: in, n: n, id: made["id"].(string), host: made["host"].(string), kind: kind}
	var err error
	if d.token, err = mint(t.Context(), n.url(d.host)); err != nil {
		t.Fatal(err)
	}
	return d
}

// put uploads the current operation and gives its result in a word or two.
func (d *troubled) put(t *testing.T) (status, code string) {
	t.Helper()
	var answer struct {
		Results []struct {
			Status string
			Code   string `json:"error_code"`
			Retry  int    `json:"retry_after_ms"`
			Failed any    `json:"failed_operation"`
		}
	}
	body := fmt.Sprintf(`{"client":{"id":"device"},"transactions":[{"crud":[{"op_id":%d,"op":"PUT","table":"lists","id":%q,"op_data":{"name":"n%d","owner_id":"e2e","archived":false,"position":1}}]}]}`,
		d.op, rowID(d.kind, 0xee, d.op%5), d.op)
	if err := fetch(t.Context(), http.MethodPost, d.n.url(d.host)+"/api/data", d.token, body, &answer); err != nil || len(answer.Results) != 1 {
		t.Fatalf("the upload answered %+v: %v", answer, err)
	}
	r := answer.Results[0]
	if r.Status != "success" && (r.Status != "retryable_error" || r.Retry <= 0) {
		t.Fatalf("the upload was answered %+v", r)
	}
	return r.Status, r.Code
}

// meet goes through one trouble: writes wait, the status says why, and after the repair they go on.
func (d *troubled) meet(t *testing.T, c trouble) {
	d.op++
	if status, code := d.put(t); status != "success" {
		t.Fatalf("before: %s %s", status, code)
	}
	d.op++
	c.wreck(t)
	code := ""
	eventually(t, "writes are held back for "+c.code, func() bool { _, code = d.put(t); return code == c.code })
	var health struct {
		Status   string
		Degraded struct{ Code, Hint string }
	}
	eventually(t, "/health says what to do", func() bool { // the first thing seen may be a connection that ended
		d.put(t)
		err := fetch(t.Context(), http.MethodGet, d.n.url(d.host)+"/health", "", "", &health)
		return err == nil && strings.Contains(health.Degraded.Hint, c.hint)
	})
	if health.Status != "degraded" || health.Degraded.Code != c.code {
		t.Errorf("/health says %+v", health)
	}
	eventually(t, "the status says so", func() bool {
		text := d.conditions(t)
		return strings.Contains(text, c.code) && strings.Contains(text, c.hint)
	})
	d.put(t) // and nothing else, however often
	c.repair(t)
	eventually(t, "the queue drains", func() bool { status, _ := d.put(t); return status == "success" })
	eventually(t, "the status is well", func() bool { return d.conditions(t) == "[]" && d.n.health(d.host).Status == "ok" })
	if list := d.in.must("GET", "/instances/"+d.id+"/rejections?client_id=device", nil)["data"].([]any); len(list) > 0 {
		t.Errorf("rejections: %v", list)
	}
}

func (d *troubled) conditions(t *testing.T) string {
	t.Helper()
	<-time.After(200 * time.Millisecond) // the API's limit of requests
	status, _ := d.in.must("GET", "/instances/"+d.id, nil)["status"].(map[string]any)
	text, err := json.Marshal(status["conditions"])
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestPlanesTrouble: whatever an operator does to the database, no write is refused, the status names it,
// and after the repair everything goes on by itself.
func TestPlanesTrouble(t *testing.T) {
	in := install(t)
	n := in.startRuntime()
	t.Run("postgres", func(t *testing.T) { postgresTroubles(in, t, n) })
	t.Run("mongodb", func(t *testing.T) { mongoTroubles(in, t, n) })
}

func postgresTroubles(in *installation, t *testing.T, n *runtimeNode) {
	root := stack.sources["postgres"]
	inside, err := url.Parse(root)
	if err != nil {
		t.Fatal(err)
	}
	inside.Path = "/trouble"
	run := func(where string, statements ...string) func(*testing.T) {
		return func(t *testing.T) {
			t.Helper()
			for _, s := range statements {
				if err := devstack.RunSQL(t.Context(), where, s); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	const end = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'app'`
	const lists = `CREATE TABLE lists (id uuid PRIMARY KEY, name text NOT NULL, owner_id text NOT NULL, created_at timestamptz, archived boolean, position integer); GRANT ALL ON lists TO app`
	run(root, `CREATE ROLE app LOGIN PASSWORD 'first'`, `CREATE DATABASE trouble`, `GRANT CREATE ON DATABASE trouble TO app`)(t)
	run(inside.String(), lists)(t)
	uri := func(password string) string {
		u := *inside
		u.User = url.UserPassword("app", password)
		return u.String()
	}
	d := newTroubled(in, t, n, "postgres", demoConfig(t, "postgres"), uri("first"))
	for _, c := range []trouble{
		{"a dropped column", "source_column_missing", "Create it", run(inside.String(), `ALTER TABLE lists DROP COLUMN position`), run(inside.String(), `ALTER TABLE lists ADD COLUMN position integer`)},
		{"a dropped table", "source_table_missing", "Create", run(inside.String(), `DROP TABLE lists`), run(inside.String(), lists)},
		{"a revoked privilege", "source_privilege", "Grant", run(inside.String(), `REVOKE INSERT, UPDATE ON lists FROM app`), run(inside.String(), `GRANT ALL ON lists TO app`)},
		{"all privileges revoked", "source_privilege", "Grant", run(inside.String(), `REVOKE ALL ON lists FROM app`), run(inside.String(), `GRANT ALL ON lists TO app`)},
		{"a role without login", "source_login", "Correct user", run(root, `ALTER ROLE app NOLOGIN`, end), run(root, `ALTER ROLE app LOGIN`)},
		{"no connections", "source_down", "The server says", run(root, `ALTER DATABASE trouble ALLOW_CONNECTIONS false`, end), run(root, `ALTER DATABASE trouble ALLOW_CONNECTIONS true`)},
		{"a database that is gone", "source_database_missing", "Correct the connection string",
			run(root, `ALTER DATABASE trouble ALLOW_CONNECTIONS false`, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'trouble'`, `ALTER DATABASE trouble RENAME TO elsewhere`, `ALTER DATABASE elsewhere ALLOW_CONNECTIONS true`),
			run(root, `ALTER DATABASE elsewhere RENAME TO trouble`)},
		{"a database that is read-only", "source_read_only", "primary", run(root, `ALTER DATABASE trouble SET default_transaction_read_only = on`, end), run(root, `ALTER DATABASE trouble RESET default_transaction_read_only`, end)},
		{"a rotated password", "source_login", "Correct user", run(root, `ALTER ROLE app PASSWORD 'second'`, end), func(t *testing.T) {
			in.must("PUT", "/instances/"+d.id+"/secrets/SOURCE_URI", map[string]any{"value": uri("second")})
		}},
	} {
		t.Run(c.name, func(t *testing.T) { d.meet(t, c) })
	}
}

func mongoTroubles(in *installation, t *testing.T, n *runtimeNode) {
	client, err := mongo.Connect(options.Client().ApplyURI(stack.sources["mongodb"]))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Disconnect(context.Background())
	fail := func(command bson.D) func(*testing.T) {
		return func(t *testing.T) {
			t.Helper()
			if err := client.Database("admin").RunCommand(t.Context(), command).Err(); err != nil {
				t.Fatal(err)
			}
		}
	}
	off := fail(bson.D{{Key: "configureFailPoint", Value: "failCommand"}, {Key: "mode", Value: "off"}})
	on := func(code int, commands ...string) func(*testing.T) {
		return fail(bson.D{{Key: "configureFailPoint", Value: "failCommand"}, {Key: "mode", Value: "alwaysOn"},
			{Key: "data", Value: bson.D{{Key: "errorCode", Value: code}, {Key: "failCommands", Value: commands}}}})
	}
	defer off(t)
	all := []string{"find", "aggregate", "insert", "update", "delete", "findAndModify", "bulkWrite", "commitTransaction"}
	d := newTroubled(in, t, n, "mongodb", demoConfig(t, "mongodb"), stack.sources["mongodb"])
	for _, c := range []trouble{
		{"no privilege", "source_unauthorized", "readWrite", on(13, all...), off},
		{"no privilege to write", "source_unauthorized", "readWrite", on(13, "insert", "update", "bulkWrite"), off},
		{"no privilege, seen at the commit", "source_unauthorized", "readWrite", on(13, "commitTransaction"), off},
		{"a refused log-in", "source_login_refused", "authSource", on(18, all...), off},
	} {
		t.Run(c.name, func(t *testing.T) { d.meet(t, c) })
	}
}
