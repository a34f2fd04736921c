//go:build e2e

package main_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// tenant is one instance of a `turnkey dev`, with the REST API as its owner uses it and the database
// behind it as its own driver shows it.
type tenant struct {
	*testing.T
	dev          *devProcess
	source       string
	org, id, url string
	mongo        *mongo.Database
	postgres     *pgx.Conn
}

// newTenants makes an instance on each database whose position and priority are counters.
func newTenants(t *testing.T) []*tenant {
	t.Helper()
	port, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	dev := startDev(t, filepath.Join(t.TempDir(), "data"), port)
	t.Cleanup(func() { dev.stop(t) })
	out := []*tenant{{T: t, dev: dev, source: "mongodb"}, {T: t, dev: dev, source: "postgres"}}
	for _, in := range out {
		in.provision()
		in.connect()
	}
	return out
}

func (in *tenant) provision() {
	in.Helper()
	document, err := os.ReadFile(filepath.Join("demo", in.source+".yaml"))
	if err != nil {
		in.Fatal(err)
	}
	config := strings.NewReplacer(
		"position: {type: int32}", "position: {type: int32, merge: counter}", "priority: {type: int32}", "priority: {type: int32, merge: counter}",
	).Replace(string(document))
	var orgs struct{ Data []struct{ ID string } }
	in.api("GET", "/orgs", nil, &orgs)
	in.org = orgs.Data[0].ID
	var project struct{ ID string }
	in.api("POST", "/orgs/"+in.org+"/projects", map[string]any{"name": "Stuck on " + in.source}, &project)
	var made struct {
		ID, URL string
		Pending bool
	}
	in.api("POST", "/projects/"+project.ID+"/instances", map[string]any{
		"name": "stuck", "kind": "development", "config": config, "deploy": true, "secrets": map[string]string{"SOURCE_URI": in.dev.file.SourceURLs[in.source]},
	}, &made)
	if made.Pending {
		in.Fatal("nobody serves the instance")
	}
	in.id, in.url = made.ID, made.URL
}

func (in *tenant) connect() {
	in.Helper()
	var err error
	if in.source == "postgres" {
		if in.postgres, err = pgx.Connect(in.Context(), in.dev.file.SourceURLs["postgres"]); err != nil {
			in.Fatal(err)
		}
		in.Cleanup(func() { _ = in.postgres.Close(context.Background()) })
		if _, err := in.postgres.Exec(in.Context(), `CREATE UNIQUE INDEX IF NOT EXISTS todos_cost ON todos (cost)`); err != nil {
			in.Fatal(err)
		}
		return
	}
	client, err := mongo.Connect(options.Client().ApplyURI(in.dev.file.SourceURLs["mongodb"]))
	if err != nil {
		in.Fatal(err)
	}
	in.Cleanup(func() { _ = client.Disconnect(context.Background()) })
	in.mongo = client.Database("todo")
	unique := mongo.IndexModel{Keys: bson.D{{Key: "cost", Value: 1}}, Options: options.Index().SetUnique(true).SetSparse(true)}
	if _, err := in.mongo.Collection("todos").Indexes().CreateOne(in.Context(), unique); err != nil {
		in.Fatal(err)
	}
}

// as is the tenant in a test of its own.
func (in *tenant) as(t *testing.T) *tenant {
	c := *in
	c.T = t
	return &c
}

// api calls the REST API and wants success.
func (in *tenant) api(method, path string, body, into any) {
	in.Helper()
	status, raw := in.ask(in.dev.file.APIToken, method, path, body)
	if status >= 300 {
		in.Fatalf("%s %s: %d %s", method, path, status, raw)
	}
	if into == nil {
		return
	}
	if err := json.Unmarshal(raw, into); err != nil {
		in.Fatalf("%s %s: %v: %s", method, path, err, raw)
	}
}

func (in *tenant) ask(token, method, path string, body any) (int, []byte) {
	in.Helper()
	var text []byte
	if body != nil {
		var err error
		if text, err = json.Marshal(body); err != nil {
			in.Fatal(err)
		}
	}
	return call(in.T, method, in.dev.file.APIURL+path, token, string(text))
}

// row is a new id of the source's type.
func (in *tenant) row() string {
	var b [16]byte
	rand.Read(b[:])
	if in.source == "mongodb" {
		return hex.EncodeToString(b[:12])
	}
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// fields reads one row natively, the named columns joined by spaces; "" when there is none. Nulls are empty.
func (in *tenant) fields(table, id string, columns ...string) string {
	in.Helper()
	if in.source == "postgres" {
		var out string
		err := in.postgres.QueryRow(in.Context(), "SELECT concat_ws(' ', "+strings.Join(columns, "::text, ")+"::text) FROM "+table+" WHERE id = $1", id).Scan(&out)
		if err != nil && !errors.Is(err, pgx.ErrNoRows) {
			in.Fatal(err)
		}
		return out
	}
	var doc bson.M
	if err := in.mongo.Collection(table).FindOne(in.Context(), bson.M{"_id": oid(in.T, id)}).Decode(&doc); errors.Is(err, mongo.ErrNoDocuments) {
		return ""
	} else if err != nil {
		in.Fatal(err)
	}
	var out []string
	for _, c := range columns {
		if doc[c] != nil {
			out = append(out, fmt.Sprint(doc[c]))
		}
	}
	return strings.Join(out, " ")
}

// set changes one number of a list natively, as the app's own backend would.
func (in *tenant) set(id string, position int) {
	in.Helper()
	var err error
	if in.source == "postgres" {
		_, err = in.postgres.Exec(in.Context(), "UPDATE lists SET position = $1 WHERE id = $2", position, id)
	} else {
		_, err = in.mongo.Collection("lists").UpdateByID(in.Context(), oid(in.T, id), bson.M{"$set": bson.M{"position": int32(position)}})
	}
	if err != nil {
		in.Fatal(err)
	}
}

// seen is what a user's sync stream of turnkey_rejections would hold, by status and code, oldest first.
func (in *tenant) seen(user string) string {
	in.Helper()
	var out []string
	if in.source == "postgres" {
		rows, err := in.postgres.Query(in.Context(), "SELECT status || ' ' || error_code FROM turnkey.turnkey_rejections WHERE user_id = $1 ORDER BY id", user)
		if err == nil {
			out, err = pgx.CollectRows(rows, pgx.RowTo[string])
		}
		if err != nil {
			in.Fatal(err)
		}
		return strings.Join(out, ", ")
	}
	cursor, err := in.mongo.Collection("turnkey_rejections").Find(in.Context(), bson.M{"user_id": user}, options.Find().SetSort(bson.M{"_id": 1}))
	if err != nil {
		in.Fatal(err)
	}
	var docs []bson.M
	if err := cursor.All(in.Context(), &docs); err != nil {
		in.Fatal(err)
	}
	for _, d := range docs {
		out = append(out, fmt.Sprintf("%v %v", d["status"], d["error_code"]))
	}
	return strings.Join(out, ", ")
}

// sql is one statement with its values; transaction is what the device commits at once.
type (
	sql         []any
	transaction []sql
)

// one is a transaction of a single statement.
func one(statement string, values ...any) transaction {
	return transaction{append(sql{statement}, values...)}
}

// device is a client with the real SDK. Its database outlives its processes.
type device struct {
	in         *tenant
	user, kind string
	dir        string
	url        string // of the instance, or of a proxy before it
}

// toldRejection is what a connector told the app.
type toldRejection struct {
	Code, Message, Hint, Rejection string
	Operation, Operations          int
}

// session is what one run of a device came to.
type session struct {
	Queue    int
	Error    string
	Rejected []toldRejection
}

func (in *tenant) device(kind, user string) *device {
	return &device{in: in, kind: kind, user: user, dir: in.TempDir(), url: in.url}
}

func (d *device) argument(list []transaction) map[string]any {
	return map[string]any{"url": d.url, "user": d.user, "connector": d.kind, "dir": d.dir, "transactions": list}
}

// run writes and uploads.
func (d *device) run(list ...transaction) (s session) {
	d.in.Helper()
	out := node(d.in.T, "device.mjs", d.argument(list))
	if err := json.Unmarshal(out, &s); err != nil {
		d.in.Fatalf("%v: %s", err, out)
	}
	return s
}

// drained is run, and wants an empty queue.
func (d *device) drained(list ...transaction) session {
	d.in.Helper()
	s := d.run(list...)
	if s.Queue != 0 || s.Error != "" {
		d.in.Fatalf("the queue stands at %d: %s", s.Queue, s.Error)
	}
	return s
}

// killed is run by a process that is killed before it knows how its upload went.
func (d *device) killed(ctx context.Context, list ...transaction) {
	d.in.Helper()
	cmd := nodeCommand(ctx, d.in.T, "device.mjs", d.argument(list))
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err == nil || ctx.Err() == nil {
		d.in.Fatalf("the process was not killed: %v %s", err, out.String())
	}
}

// lossy stands before an instance. It hands uploads on and loses the first answers: done is called when
// the instance has answered, in place of the answer.
func (in *tenant) lossy(answers int, done func()) string {
	to, err := url.Parse(in.url)
	if err != nil {
		in.Fatal(err)
	}
	errLost := errors.New("the answer is lost")
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: to.Scheme, Host: to.Host})
	proxy.ModifyResponse = func(r *http.Response) error {
		if !strings.HasSuffix(r.Request.URL.Path, "/api/data") || answers == 0 {
			return nil
		}
		answers--
		done()
		return errLost
	}
	proxy.ErrorHandler = func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) }
	server := httptest.NewServer(proxy)
	in.Cleanup(server.Close)
	return server.URL + to.Path
}
