package effect_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"
	"testing"
	"time"

	"turnkey/internal/devmongo/devmongotest"
	"turnkey/internal/dial"
	"turnkey/internal/pgtest"
	"turnkey/internal/redact"
	"turnkey/runtime/bundle"
	"turnkey/runtime/hook"
	"turnkey/runtime/hook/effect"
	"turnkey/runtime/hook/fetch"
	"turnkey/runtime/hook/worker"
	"turnkey/runtime/hook/worker/workertest"
	"turnkey/runtime/source"
	"turnkey/runtime/source/mongo"
	"turnkey/runtime/source/postgres"
	"turnkey/runtime/telemetry"
)

// programs are the workers that the tests' pools start.
var programs *workertest.Programs

func TestMain(m *testing.M) {
	var err error
	if programs, err = workertest.Build(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := pgtest.Run(m)
	programs.Remove()
	os.Exit(code)
}

// stand is a pool with the engine, and what runs hooks outside of transactions with it.
type stand struct {
	*testing.T
	pool  *worker.Pool
	hooks *effect.Hooks
	b     *bundle.Bundle

	mu     sync.Mutex
	said   []telemetry.Entry
	killed []worker.Kill
}

// newStand makes one for an instance with these hook files: path, text, path, text.
func newStand(t *testing.T, change func(*effect.Config, *worker.Options), files ...string) *stand {
	t.Helper()
	s := &stand{T: t}
	opts := worker.Options{Binary: programs.Engine, Sizes: worker.Sizes{MaxWait: 30 * time.Second, Start: time.Minute}, Log: slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))}
	cfg := effect.Config{Share: 8, Observe: s.observe, Now: time.Now, NewSeed: func() string { return "seed" }}
	cfg.Fetch = fetch.New(dial.New(dial.Options{AllowPrivate: true}), 10*time.Second)
	t.Cleanup(cfg.Fetch.Close)
	if change != nil {
		change(&cfg, &opts)
	}
	pool, err := worker.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	pool.Watch(s.kill)
	s.pool, cfg.Workers = pool, pool
	s.hooks = effect.New(cfg)
	s.b = &bundle.Bundle{
		Instance: bundle.Instance{ID: "ins_1", State: bundle.Active}, Deployment: 7, Revision: 1,
		Secrets: map[string]redact.Secret{"KEY": redact.New("s3cret"), "OTHER": redact.New("other"), "CRM_KEY": redact.New("whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=")},
		Config: bundle.Config{
			Hooks:  bundle.Hooks{Timeout: time.Second, Fetch: []string{"127.0.0.1"}, Env: map[string]bundle.SecretRef{"API_KEY": {Secret: "KEY"}}},
			Outbox: map[string]bundle.Outbox{"crm": {URL: "http://127.0.0.1:1", Secret: bundle.SecretRef{Secret: "CRM_KEY"}}},
		},
	}
	s.b.Program = s.compiled(files...)
	return s
}

func (s *stand) observe(e telemetry.Entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.said = append(s.said, e)
}

func (s *stand) kill(k worker.Kill) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.killed = append(s.killed, k)
}

func (s *stand) compiled(files ...string) *hook.Program {
	s.Helper()
	var list []hook.File
	for i := 0; i < len(files); i += 2 {
		list = append(list, hook.File{Path: files[i], Text: files[i+1]})
	}
	b, err := s.pool.Bundle(s.Context(), "bundler", hook.Bundle{Files: list})
	if err != nil {
		s.Fatal(err)
	}
	if b.Program == nil {
		s.Fatalf("it does not compile: %v", b.Diagnostics)
	}
	return b.Program
}

// afterCommit is a hook file with that function, whose body begins at line 3.
func afterCommit(body string) []string {
	return []string{"hooks/todos.ts", "export default {\n  async afterCommit(change: any, ctx: any) {\n" + body + "\n  },\n};\n"}
}

func resolveUser(body string) []string {
	return []string{"hooks/_auth.ts", "export default {\n  async resolveUser(identity: any, ctx: any) {\n" + body + "\n  },\n};\n"}
}

// written is the n-th delivery of a change of todos.
func written(t *testing.T, n int) source.Delivery {
	t.Helper()
	at := time.Now().UTC().Truncate(time.Millisecond)
	payload, err := hook.Encode(hook.Committed{
		User:   hook.User{ID: "u1", Claims: []byte(`{"role":"x"}`), Provider: "main"},
		Change: hook.Change{Op: "PUT", Table: "todos", ID: fmt.Sprint("row", n), Old: []byte("null"), New: fmt.Appendf(nil, `{"title":"t%d"}`, n), Fields: []string{"title"}},
		NowMS:  1_790_000_000_000, Seed: fmt.Sprint("seed ", n),
	})
	if err != nil {
		t.Fatal(err)
	}
	return source.Delivery{ID: source.DeliveryID(at, fmt.Sprint("req_", n), 0, 0), Kind: source.AfterCommit, Lane: source.AfterCommitLane, UserID: "u1", TableName: "todos", RowID: fmt.Sprint("row", n),
		RequestID: fmt.Sprint("req_", n), CreatedAt: at, Payload: payload}
}

// server answers on loopback.
func server(t *testing.T, answer http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(answer)
	t.Cleanup(s.Close)
	return s.URL
}

func body(r *http.Request) string {
	raw, _ := io.ReadAll(r.Body)
	return string(raw)
}

// onBoth runs a test on each database.
func onBoth(t *testing.T, test func(t *testing.T, src source.Source)) {
	var dialer net.Dialer
	log := slog.New(slog.DiscardHandler)
	run := func(name string, open func(t *testing.T) (source.Source, error)) {
		t.Run(name, func(t *testing.T) {
			src, err := open(t)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = src.Close() })
			if err := src.Prepare(t.Context()); err != nil {
				t.Fatal(err)
			}
			test(t, src)
		})
	}
	run("mongodb", func(t *testing.T) (source.Source, error) {
		return mongo.Open(context.Background(), mongo.Options{URI: redact.New(devmongotest.URI(t)), Database: devmongotest.Database(t), Dial: dialer.DialContext, AllowPrivate: true, Now: time.Now, Log: log})
	})
	run("postgres", func(t *testing.T) (source.Source, error) {
		return postgres.Open(context.Background(), postgres.Options{URI: redact.New(pgtest.URL(t)), Dial: dialer.DialContext, AllowPrivate: true, Now: time.Now, Log: log})
	})
}
