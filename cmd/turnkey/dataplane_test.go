package main

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"turnkey/internal/lifecycle"
	"turnkey/internal/redact"
	"turnkey/runtime/bundle"
	"turnkey/runtime/command"
	"turnkey/runtime/config"
	"turnkey/runtime/envelope"
	"turnkey/runtime/feed"
	"turnkey/runtime/follow/followtest"
	"turnkey/runtime/hook/worker"
	"turnkey/runtime/token"
)

// revision is the demo's instance on PostgreSQL, as a control plane would publish it. Its database does
// not exist: nothing here uploads.
func revision(t *testing.T, n int64) *bundle.Bundle {
	t.Helper()
	document, err := demo.ReadFile("demo/postgres.yaml")
	if err != nil {
		t.Fatal(err)
	}
	cfg, found := config.Parse(document, config.Options{Kind: bundle.Development})
	if err := found.Fault(); err != nil {
		t.Fatal(err)
	}
	key, err := token.GenerateKey("key_1", bundle.EdDSA, time.Unix(0, 0), time.Unix(0, 0), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return &bundle.Bundle{
		Format: bundle.Format, Revision: n, Deployment: int(n), Config: *cfg, SigningKeys: []bundle.SigningKey{key}, IssuedAt: time.Now(),
		Secrets:  map[string]redact.Secret{"SOURCE_URI": redact.New("postgres://u:p@127.0.0.1:1/x?sslmode=disable")},
		Instance: bundle.Instance{ID: "ins_1", Host: "todo", Kind: bundle.Development, State: bundle.Active},
	}
}

// startDataPlane runs a runtime over a fake control plane until the test ends.
func startDataPlane(t *testing.T, c *followtest.Control) *dataPlane {
	t.Helper()
	return startDataPlaneWith(t, c, nil, func(*dataPlane) {})
}

// startDataPlaneWith is startDataPlane with workers for hooks; change is called before anything runs.
func startDataPlaneWith(t *testing.T, c *followtest.Control, workers *worker.Pool, change func(*dataPlane)) *dataPlane {
	t.Helper()
	log := slog.New(slog.NewTextHandler(t.Output(), nil))
	verify, err := envelope.NewVerifier(c.Keys().Verify)
	if err != nil {
		t.Fatal(err)
	}
	p, err := newDataPlane(log, dataPlaneConfig{
		id: "rt_1", feed: c, sink: &kept{}, opener: c.Opener(), verify: verify, cacheDir: t.TempDir(), address: "http://127.0.0.1:1", border: border{AllowPrivateNetworks: true}, workers: workers,
	})
	if err != nil {
		t.Fatal(err)
	}
	change(p)
	group := lifecycle.NewGroup(t.Context(), log)
	t.Cleanup(func() { group.Stop(); p.close() })
	p.start(group)
	return p
}

// health is what the instance says of itself.
func health(t *testing.T, p *dataPlane) (status string, revision int64) {
	t.Helper()
	w := httptest.NewRecorder()
	p.gateway.ServeHTTP(w, httptest.NewRequest("GET", "http://localhost/i/todo/health", nil))
	var said struct {
		Status   any // a number in a problem document
		Revision int64
	}
	if err := json.Unmarshal(w.Body.Bytes(), &said); err != nil {
		t.Fatalf("%s: %v", w.Body, err)
	}
	return fmt.Sprint(said.Status), said.Revision
}

func within(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for late := time.After(2 * time.Minute); !ok(); {
		select {
		case <-tick.C:
		case <-late:
			t.Fatal("never: " + what)
		}
	}
}

// TestABadRevisionReplacesNothing: what does not compile here is refused with a reason, whoever has
// published it; what cannot be brought to life leaves the revision before it and is reported.
func TestABadRevisionReplacesNothing(t *testing.T) {
	c := &followtest.Control{}
	p := startDataPlane(t, c)
	serves := func(n int64) func() bool {
		return func() bool { _, r := health(t, p); return r == n }
	}
	c.Publish(revision(t, 1))
	within(t, "the first revision serves", serves(1))
	for n, spoil := range map[int64]func(b *bundle.Bundle){
		2: func(b *bundle.Bundle) {
			lists := b.Config.Tables["lists"]
			lists.Allow.Create = "new.owner_id =="
			b.Config.Tables["lists"] = lists
		},
		3: func(b *bundle.Bundle) { b.SigningKeys[0].Private = redact.New("nonsense") },
		4: func(b *bundle.Bundle) { b.Config.Auth.Claims = map[string]string{"role": "claims."} },
	} {
		b := revision(t, n)
		spoil(b)
		c.Publish(b)
		refused := func(a feed.Ack) bool { return a.Revision == n && a.Code != "" }
		within(t, fmt.Sprintf("revision %d is refused", n), func() bool { return slices.ContainsFunc(c.Acks(), refused) })
		if status, r := health(t, p); r != 1 || status != "ok" {
			t.Errorf("after revision %d: %s, revision %d", n, status, r)
		}
	}

	b := revision(t, 5)
	b.Secrets["SOURCE_URI"] = redact.New("nonsense")
	c.Publish(b)
	within(t, "the bad secret is noticed", func() bool { status, _ := health(t, p); return status == "degraded" })
	if _, r := health(t, p); r != 1 {
		t.Errorf("revision %d serves with a secret that is none", r)
	}
	if found := p.conditions(t.Context()); len(found) != 1 || found[0].Instance != "ins_1" || found[0].Code == "" || found[0].Message == "" || found[0].Since.IsZero() {
		t.Errorf("conditions: %+v", found)
	}
	c.Publish(revision(t, 6))
	within(t, "a good revision serves again", serves(6))
	if found := p.conditions(t.Context()); len(found) != 0 {
		t.Errorf("healed: %+v", found)
	}
}

// TestReload: a signed command makes a runtime look at the feed, where no hint has reached it.
func TestReload(t *testing.T) {
	c := &followtest.Control{}
	c.Silent()
	p := startDataPlane(t, c)
	<-p.follower.Synced()
	internal := httptest.NewServer(commandsOnly(p.commands))
	defer internal.Close()
	sign, err := envelope.NewSigner(c.Keys().Sign)
	if err != nil {
		t.Fatal(err)
	}
	sender := command.NewSender(sign, time.Now)
	defer sender.Close()
	c.Publish(revision(t, 1))
	if _, err := sender.Send(t.Context(), internal.URL, "rt_1", command.Command{Name: command.Reload}); err != nil {
		t.Fatal(err)
	}
	within(t, "the revision arrives", func() bool { return p.follower.Len() == 1 })
	if _, err := sender.Send(t.Context(), internal.URL, "rt_2", command.Command{Name: command.Reload}); err == nil {
		t.Error("a command for another process was taken")
	}
	if w := probe(commandsOnly(p.commands), "/i/todo/health"); w != http.StatusNotFound {
		t.Errorf("the internal listener serves apps: %d", w)
	}
}

func probe(h http.Handler, path string) int {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
	return w.Code
}

func TestProbes(t *testing.T) {
	ready := false
	p := &probes{ready: func() bool { return ready }}
	h := p.handler(http.NotFoundHandler())
	want := func(when string, live, service, other int) {
		t.Helper()
		if a, b, c := probe(h, "/livez"), probe(h, "/readyz"), probe(h, "/internal/v1/changes"); a != live || b != service || c != other {
			t.Errorf("%s: %d %d %d", when, a, b, c)
		}
	}
	want("at start", 200, 503, 404)
	ready = true
	want("ready", 200, 200, 404)
	p.drain()
	want("draining", 200, 503, 404)
}
