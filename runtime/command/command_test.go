package command_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"turnkey/internal/fault"
	"turnkey/internal/redact"
	"turnkey/runtime/bundle"
	"turnkey/runtime/command"
	"turnkey/runtime/envelope"
	"turnkey/runtime/source"
)

var ctx = context.Background()

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// clock is moved by hand.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// fakeSource answers what a test wants; every other method of the interface would panic.
type fakeSource struct {
	source.Source
	uri     string
	prepare error
	columns map[string]error // by table
	closed  *int
}

func (s fakeSource) Test(context.Context) (*source.TestReport, error) {
	return &source.TestReport{OK: true, Server: "fake at " + s.uri[:4]}, nil
}
func (s fakeSource) Prepare(context.Context) error { return s.prepare }
func (s fakeSource) Columns(_ context.Context, t *source.Table) (map[string]bundle.Type, error) {
	return nil, s.columns[t.Name]
}
func (s fakeSource) Mode() source.Mode { return source.Mode{Atomicity: "transactions"} }
func (s fakeSource) Close() error      { *s.closed++; return nil }

type world struct {
	*testing.T
	keys    envelope.Keys
	clock   *clock
	sender  *command.Sender
	url     string
	last    *http.Request // as it arrived
	body    []byte
	log     *bytes.Buffer
	prepare error
	columns map[string]error
	closed  int
}

func newWorld(t *testing.T) *world {
	w := &world{T: t, keys: must(envelope.GenerateKeys()), clock: &clock{at: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)}, log: &bytes.Buffer{}}
	verify := must(envelope.NewVerifier(w.keys.Verify))
	open := func(_ context.Context, b *bundle.Bundle) (source.Source, error) {
		return fakeSource{uri: b.Secrets["SOURCE_URI"].Reveal(), prepare: w.prepare, columns: w.columns, closed: &w.closed}, nil
	}
	h := command.NewHandler(command.Config{
		Runtime: "rt_1", Verify: verify, Opener: must(envelope.NewOpener(verify, w.keys.PoolPrivate)),
		Do: command.ForSources(open), Now: w.clock.now, Log: slog.New(slog.NewTextHandler(w.log, nil)),
	})
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.body = must(io.ReadAll(r.Body))
		w.last = r
		r.Body = io.NopCloser(bytes.NewReader(w.body))
		h.ServeHTTP(rw, r)
	}))
	t.Cleanup(server.Close)
	w.url = server.URL
	w.sender = command.NewSender(must(envelope.NewSigner(w.keys.Sign)), w.clock.now)
	t.Cleanup(w.sender.Close)
	return w
}

func (w *world) candidate(revision int64) []byte {
	s := must(envelope.NewSealer(must(envelope.NewSigner(w.keys.Sign)), w.keys.PoolPublic))
	return must(s.Seal(&bundle.Bundle{
		Format: bundle.Format, Revision: revision, Instance: bundle.Instance{ID: "ins_1", Host: "h"},
		Secrets: map[string]redact.Secret{"SOURCE_URI": redact.New("canary://user:hunter2@db")},
		Config:  bundle.Config{Tables: map[string]bundle.Table{"lists": {}, "todos": {}, "notes": {}}},
	}))
}

func (w *world) test() command.Command {
	return command.Command{Name: command.SourceTest, Instance: "ins_1", Bundle: w.candidate(0), Actor: command.Actor{UserID: "usr_9", RequestID: "req_7"}}
}

// again posts a body as it is.
func (w *world) again(body []byte, signature string) (int, string) {
	r := must(http.NewRequest(http.MethodPost, w.url+command.Path, bytes.NewReader(body)))
	r.Header.Set("X-Turnkey-Signature", signature)
	answer := must(http.DefaultClient.Do(r))
	defer answer.Body.Close()
	return answer.StatusCode, string(must(io.ReadAll(answer.Body)))
}

func TestACommandIsCarriedOutInTheActorsName(t *testing.T) {
	w := newWorld(t)
	raw, err := w.sender.Send(ctx, w.url+"/", "rt_1", w.test())
	if err != nil {
		t.Fatal(err)
	}
	var report source.TestReport
	if err := json.Unmarshal(raw, &report); err != nil || !report.OK || report.Server != "fake at cana" {
		t.Errorf("got %s, %v", raw, err)
	}
	for _, want := range []string{"usr_9", "req_7", "source_test", "ins_1"} {
		if !strings.Contains(w.log.String(), want) {
			t.Errorf("the log does not say %s: %s", want, w.log)
		}
	}
	if strings.Contains(w.log.String()+string(w.body)+string(raw), "hunter2") {
		t.Error("a secret travelled or was logged in clear text")
	}
	if w.closed != 1 {
		t.Errorf("the source was closed %d times", w.closed)
	}
}

func TestOnlyFreshSignedOrdersForThisRuntimeCount(t *testing.T) {
	w := newWorld(t)
	stranger := command.NewSender(must(envelope.NewSigner(must(envelope.GenerateKeys()).Sign)), w.clock.now)
	defer stranger.Close()
	revision := w.test()
	revision.Bundle = w.candidate(4)
	misplaced := w.test()
	misplaced.Instance = "ins_2"
	unknown := w.test()
	unknown.Name = "format_disk"
	for name, c := range map[string]struct {
		sender  *command.Sender
		runtime string
		command command.Command
		code    string
	}{
		"a stranger's":            {stranger, "rt_1", w.test(), "command_refused"},
		"for another runtime":     {w.sender, "rt_2", w.test(), "command_refused"},
		"with a real revision":    {w.sender, "rt_1", revision, "command_refused"},
		"with another's bundle":   {w.sender, "rt_1", misplaced, "bundle_forged"},
		"of an unknown name":      {w.sender, "rt_1", unknown, "command_unknown"},
		"a test without a bundle": {w.sender, "rt_1", command.Command{Name: command.SourceTest, Instance: "ins_1"}, "internal"},
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := c.sender.Send(ctx, w.url, c.runtime, c.command); got != nil || !fault.Is(err, c.code) {
				t.Errorf("got %s, %v; want %s", got, err, c.code)
			}
		})
	}
	if w.closed != 0 {
		t.Error("a refused command opened the source")
	}
}

func TestReplayLateAndAlteredOrdersDoNothing(t *testing.T) {
	w := newWorld(t)
	if _, err := w.sender.Send(ctx, w.url, "rt_1", w.test()); err != nil {
		t.Fatal(err)
	}
	body, signature := w.body, w.last.Header.Get("X-Turnkey-Signature")
	if status, text := w.again(body, signature); status != http.StatusForbidden || !strings.Contains(text, "sent before") {
		t.Errorf("a replay: %d %s", status, text)
	}
	altered := bytes.Replace(body, []byte("usr_9"), []byte("usr_1"), 1)
	for name, c := range map[string]struct {
		body      []byte
		signature string
	}{
		"altered":              {altered, signature},
		"unsigned":             {body, ""},
		"signature not base64": {body, "%%"},
		"empty":                {nil, base64.StdEncoding.EncodeToString(make([]byte, 64))},
	} {
		if status, text := w.again(c.body, c.signature); status != http.StatusForbidden || !strings.Contains(text, "command_refused") {
			t.Errorf("%s: %d %s", name, status, text)
		}
	}
	w.clock.move(command.Lifetime) // the nonce may be forgotten now, and the command is dead
	if status, text := w.again(body, signature); status != http.StatusForbidden || !strings.Contains(text, "time is over") {
		t.Errorf("a late one: %d %s", status, text)
	}
	fast := command.NewSender(must(envelope.NewSigner(w.keys.Sign)), func() time.Time { return w.clock.now().Add(20 * time.Second) })
	defer fast.Close()
	if _, err := fast.Send(ctx, w.url, "rt_1", w.test()); !fault.Is(err, "command_refused") {
		t.Errorf("from the future: %v", err)
	}
	if w.closed != 1 {
		t.Errorf("the source was opened %d times, want once", w.closed)
	}
}

// TestPreparingTellsTheMode: whoever has a source prepared hears what it guarantees.
func TestPreparingTellsTheMode(t *testing.T) {
	w := newWorld(t)
	c := w.test()
	c.Name = command.Prepare
	raw, err := w.sender.Send(ctx, w.url, "rt_1", c)
	if err != nil || string(raw) != `{"mode":{"atomicity":"transactions"}}` {
		t.Errorf("answered %s, %v", raw, err)
	}
}

func TestASourcesFailureReachesTheDeveloperWithoutTheDriversText(t *testing.T) {
	w := newWorld(t)
	w.prepare = &source.Failure{Class: source.Misconfigured, Code: "SOURCE_NOT_PREPARED", Message: "Our tables are missing.", Hint: "CREATE SCHEMA turnkey;", Err: errors.New("raw hunter2")}
	c := w.test()
	c.Name = command.Prepare
	_, err := w.sender.Send(ctx, w.url, "rt_1", c)
	f := fault.Of(err)
	if f.Code != "SOURCE_NOT_PREPARED" || f.Kind != fault.Conflict || f.Hint != "CREATE SCHEMA turnkey;" || strings.Contains(err.Error(), "raw") {
		t.Errorf("got %+v", f)
	}
	if _, err := w.sender.Send(ctx, "http://127.0.0.1:1", "rt_1", c); !fault.Is(err, "runtime_unreachable") {
		t.Errorf("nobody there: %v", err)
	}
}

// Tables that are not there, or have another key than the configuration says, keep devices' writes waiting. Whoever deploys
// hears of it.
func TestPreparingWarnsOfTablesThatCannotBeWritten(t *testing.T) {
	w := newWorld(t)
	w.columns = map[string]error{
		"todos": &source.Failure{Class: source.Misconfigured, Code: "source_table_missing", Message: "A configured table does not exist.", Hint: "Create public.todos."},
		"notes": &source.Failure{Class: source.Down, Code: "source_down", Message: "The database does not answer."},
	}
	c := w.test()
	c.Name = command.Prepare
	raw, err := w.sender.Send(ctx, w.url, "rt_1", c)
	var found command.Prepared
	if err != nil || json.Unmarshal(raw, &found) != nil || len(found.Warnings) != 1 {
		t.Fatalf("%s %v", raw, err)
	}
	if f := found.Warnings[0]; f.Path != "tables.todos" || f.Code != "source_table_missing" || f.Hint != "Create public.todos." || !strings.Contains(f.Message, "wait") {
		t.Errorf("%+v", f)
	}
}
