package upload_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"sort"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"turnkey/internal/devmongo/devmongotest"
	"turnkey/internal/fault"
	"turnkey/internal/pgtest"
	"turnkey/internal/redact"
	"turnkey/runtime/bundle"
	"turnkey/runtime/config"
	"turnkey/runtime/rule"
	"turnkey/runtime/source"
	"turnkey/runtime/source/mongo"
	"turnkey/runtime/source/postgres"
	"turnkey/runtime/upload"
	"turnkey/runtime/value"

	"github.com/jackc/pgx/v5"
	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

func TestMain(m *testing.M) {
	code := pgtest.Run(m)
	removeHookWorker()
	os.Exit(code)
}

// The pipeline's scenarios run on both databases: the same configuration but for the source, the
// same uploads, the same rows.

const tables = `
tables:
  lists:
    %[1]s
    id: %[3]s
    allow: {create: "true", update: "true", delete: "true"}
    fields:
      name: {type: string}
      code: {type: string}
  todos:
    %[2]s
    id: %[3]s
    allow:
      create: new.owner_id == user.id
      update: old.owner_id == user.id && !("owner_id" in changed)
      delete: old.owner_id == user.id
    client_handling: [TRANSITION_NOT_ALLOWED]
    fields:
      owner_id: {type: string}
      title: {type: string}
      done: {type: bool}
      due: {type: date}
      count: {type: int32}
      big: {type: int64}
      cost: {type: decimal}
      status: {type: string, transitions: {open: [done, cancelled]}}
      serial: {type: string, immutable: true}
      city: {path: place.city, type: string}
      place: {type: object, of: {city: string, seen: date, kind: bool}, ignored: true}
      items: {type: array, of: {ref: string, due: date, done: bool}}
      note: {ignored: true}
`

const prelude = `
source: {type: %s, uri: {secret: SOURCE_URI}, database: %s}
auth:
  powersync_url: https://ps.example
  providers: [{name: server, type: api_key}]
`

// world is one database with an engine in front.
type world struct {
	t      *testing.T
	kind   bundle.SourceType
	src    source.Source
	config *bundle.Config
	engine *upload.Engine
	ids    atomic.Int64
	offset int // of row ids: cases that share a world have rows of their own
	mongo  *driver.Database
	pg     string
}

// onBoth runs a scenario on each database.
func onBoth(t *testing.T, extra string, scenario func(t *testing.T, w *world)) {
	t.Run("mongodb", func(t *testing.T) { scenario(t, mongoWorld(t, extra)) })
	t.Run("postgres", func(t *testing.T) { scenario(t, postgresWorld(t, extra)) })
}

func mongoWorld(t *testing.T, extra string) *world {
	uri := devmongotest.URI(t)
	database := devmongotest.Database(t)
	client, err := driver.Connect(options.Client().ApplyURI(uri))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Disconnect(context.Background()) })
	w := &world{t: t, kind: bundle.MongoDB, mongo: client.Database(database)}
	unique := driver.IndexModel{Keys: bson.D{{Key: "code", Value: 1}}, Options: options.Index().SetUnique(true).SetSparse(true)}
	if _, err := w.mongo.Collection("Lists").Indexes().CreateOne(t.Context(), unique); err != nil {
		t.Fatal(err)
	}
	var dialer net.Dialer
	src, err := mongo.Open(t.Context(), mongo.Options{
		URI: redact.New(uri), Database: database, Dial: dialer.DialContext, Now: time.Now, Log: slog.New(slog.DiscardHandler), AllowPrivate: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	w.start(src, fmt.Sprintf(prelude, "mongodb", database)+fmt.Sprintf(tables, "collection: Lists", "collection: Todos", "objectid")+extra)
	return w
}

func postgresWorld(t *testing.T, extra string) *world {
	w := &world{t: t, kind: bundle.PostgreSQL, pg: pgtest.Like(t, preparePostgres)}
	src, err := openPostgres(t.Context(), w.pg)
	if err != nil {
		t.Fatal(err)
	}
	w.start(src, fmt.Sprintf(prelude, "postgres", "turnkey")+
		fmt.Sprintf(tables, "table: public.lists\n    key: id", "table: public.todos\n    key: id", "uuid")+extra)
	return w
}

func openPostgres(ctx context.Context, url string) (*postgres.Source, error) {
	var dialer net.Dialer
	return postgres.Open(ctx, postgres.Options{
		URI: redact.New(url), Dial: dialer.DialContext, Now: time.Now, Log: slog.New(slog.DiscardHandler), AllowPrivate: true,
	})
}

// preparePostgres makes the tables that all worlds have, and our own.
func preparePostgres(ctx context.Context, url string) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, `CREATE TABLE lists (id uuid PRIMARY KEY, name text, code text UNIQUE);
		CREATE TABLE todos (id uuid PRIMARY KEY, owner_id text NOT NULL, title text, done boolean, due timestamptz, count integer CHECK (count < 100),
		big bigint, cost numeric, status text, serial text, place jsonb, items jsonb, list_id uuid REFERENCES lists (id))`)
	if err = errors.Join(err, conn.Close(ctx)); err != nil {
		return err
	}
	src, err := openPostgres(ctx, url)
	if err != nil {
		return err
	}
	return errors.Join(src.Prepare(ctx), src.Close())
}

func (w *world) sql(query string, args ...any) {
	w.t.Helper()
	conn, err := pgx.Connect(w.t.Context(), w.pg)
	if err != nil {
		w.t.Fatal(err)
	}
	defer conn.Close(w.t.Context())
	if _, err := conn.Exec(w.t.Context(), query, args...); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) start(src source.Source, document string) {
	w.t.Helper()
	w.t.Cleanup(func() { _ = src.Close() })
	cfg, findings := config.Parse([]byte(document), config.Options{Kind: bundle.Development})
	if len(findings.Errors) > 0 {
		w.t.Fatalf("configuration: %+v\n%s", findings.Errors, document)
	}
	if err := src.Prepare(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	w.src, w.config = src, cfg
	w.engine = w.newEngine(src)
}

func (w *world) newEngine(src source.Source) *upload.Engine { return w.newEngineOf(src, 3) }

// newEngineOf is an engine of the world's configuration as a deployment.
func (w *world) newEngineOf(src source.Source, deployment int) *upload.Engine {
	w.t.Helper()
	return w.newEngineWith(src, deployment, nil)
}

// newEngineWith lets a test change the bundle and what the engine needs.
func (w *world) newEngineWith(src source.Source, deployment int, change func(*bundle.Bundle, *upload.Deps)) *upload.Engine {
	w.t.Helper()
	log := slog.New(slog.DiscardHandler)
	if os.Getenv("UPLOAD_TEST_LOG") != "" {
		log = slog.New(slog.NewTextHandler(os.Stderr, nil))
	}
	b := &bundle.Bundle{Instance: bundle.Instance{ID: "ins_test"}, Deployment: deployment, Config: *w.config}
	deps := upload.Deps{
		Now:   time.Now,
		NewID: func() string { return fmt.Sprintf("rej_%08d", w.ids.Add(1)) },
		Pause: func(ctx context.Context, _ int) error { return ctx.Err() },
		Problem: func(rw http.ResponseWriter, _ *http.Request, err error) {
			http.Error(rw, fault.Of(err).Code, http.StatusBadRequest)
		},
		Log: log,
	}
	if change != nil {
		change(b, &deps)
	}
	e, err := upload.New(b, src, deps)
	if err != nil {
		w.t.Fatal(err)
	}
	return e
}

// id makes the n-th row id of this database's kind.
func (w *world) id(n int) string {
	n += w.offset
	if w.kind == bundle.MongoDB {
		return fmt.Sprintf("65f000000000000000%06x", n)
	}
	return fmt.Sprintf("0190a6b0-0000-7000-8000-%012x", n)
}

// expand writes row ids into a body: {1} is the first row's.
func (w *world) expand(s string) string {
	for n := range 10 {
		s = strings.ReplaceAll(s, fmt.Sprintf("{%d}", n), w.id(n))
	}
	return s
}

// upload posts a body as user u1 and gives status and body.
func (w *world) upload(body string) (int, string) { return w.send(w.engine, http.MethodPost, body) }

func (w *world) send(e *upload.Engine, method, body string) (int, string) {
	w.t.Helper()
	return w.sendBy(e, method, "u1", body)
}

func (w *world) sendAs(e *upload.Engine, user, body string) (int, string) {
	w.t.Helper()
	return w.sendBy(e, http.MethodPost, user, body)
}

func (w *world) sendBy(e *upload.Engine, method, user, body string) (int, string) {
	w.t.Helper()
	r := httptest.NewRequestWithContext(w.t.Context(), method, "/api/data", nil)
	rec := httptest.NewRecorder()
	e.Apply(rec, r, []byte(w.expand(body)), rule.User{ID: user, Claims: map[string]any{"sub": user}}, "req_1")
	return rec.Code, rec.Body.String()
}

// outcome is a result in one word or three: "success", "fatal_error CODE 2", "retryable_error code".
func outcomes(t *testing.T, body string) []string {
	t.Helper()
	var answer struct {
		Results []struct {
			Status   string
			Code     string `json:"error_code"`
			Requires *bool  `json:"requires_client_handling"`
			Failed   *struct {
				Code  string `json:"error_code"`
				Index *int   `json:"operation_index"`
			} `json:"failed_operation"`
		}
	}
	if err := json.Unmarshal([]byte(body), &answer); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	out := []string{}
	for _, r := range answer.Results {
		s := r.Status
		if r.Code != "" {
			s += " " + r.Code
		}
		if r.Failed != nil {
			s += " " + r.Failed.Code
			if r.Failed.Index != nil {
				s += fmt.Sprintf(" %d", *r.Failed.Index)
			}
			if r.Requires == nil {
				t.Errorf("a fatal result without requires_client_handling: %s", body)
			} else if *r.Requires {
				s += " client"
			}
		}
		out = append(out, s)
	}
	return out
}

// want uploads and compares the outcomes.
func (w *world) want(body string, want ...string) {
	w.t.Helper()
	code, answer := w.upload(body)
	if code != http.StatusOK {
		w.t.Fatalf("status %d: %s", code, answer)
	}
	if got := outcomes(w.t, answer); strings.Join(got, "; ") != strings.Join(want, "; ") {
		w.t.Fatalf("got  %q\nwant %q\nbody %s\nanswer %s", got, want, w.expand(body), answer)
	}
}

// crud wraps entries into one transaction.
func crud(entries ...string) string { return `{"crud":[` + strings.Join(entries, ",") + `]}` }

func transactions(list ...string) string { return `{"transactions":[` + strings.Join(list, ",") + `]}` }

// row is the n-th row of a table with its types, members sorted; "" when missing.
func (w *world) row(table string, n int) string {
	w.t.Helper()
	t := w.config.Tables[table]
	st := &source.Table{Name: table, Collection: t.Collection, Key: t.Key, ID: t.ID}
	id, err := value.ParseID(t.ID, w.id(n))
	if err != nil {
		w.t.Fatal(err)
	}
	tx, err := w.src.Begin(w.t.Context(), source.Session{UserID: "u1"})
	if err != nil {
		w.t.Fatal(err)
	}
	defer tx.Rollback(w.t.Context())
	rows, _, err := tx.Read(w.t.Context(), []source.Ref{{Table: st, ID: id}}, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	if rows[0].Doc == nil {
		return ""
	}
	return dump(rows[0].Doc, t.Key)
}

func dump(o *value.Object, without string) string {
	parts := []string{}
	for _, m := range o.Members {
		if m.Name == without || m.Value == nil {
			continue // PostgreSQL has every column; a null says as much as an absence here
		}
		parts = append(parts, m.Name+"="+show(m.Value))
	}
	sort.Strings(parts)
	return strings.Join(parts, " ")
}

func show(v value.Value) string {
	switch v := v.(type) {
	case *value.Object:
		return "{" + dump(v, "") + "}"
	case value.Array:
		parts := []string{}
		for _, e := range v {
			parts = append(parts, show(e))
		}
		return "[" + strings.Join(parts, " ") + "]"
	case value.JSON:
		parsed, err := value.DecodeJSON([]byte(v))
		if err != nil {
			return "broken JSON"
		}
		return show(parsed)
	case time.Time:
		return v.UTC().Format("2006-01-02T15:04:05.000Z07:00")
	case string:
		return v
	case int64:
		return fmt.Sprintf("%dL", v)
	}
	return fmt.Sprint(v)
}

// tryEngine builds an engine of another configuration and gives what New says.
func (w *world) tryEngine(cfg *bundle.Config) error {
	_, err := upload.New(&bundle.Bundle{Instance: bundle.Instance{ID: "ins_test"}, Config: *cfg}, w.src, upload.Deps{})
	return err
}
