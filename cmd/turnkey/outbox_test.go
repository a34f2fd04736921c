package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"turnkey/internal/devmongo/devmongotest"
	"turnkey/internal/redact"
	"turnkey/runtime/bundle"
	"turnkey/runtime/command"
	"turnkey/runtime/follow/followtest"
	"turnkey/runtime/gateway"
	"turnkey/runtime/source"
)

var webhookKey = "whsec_" + base64.StdEncoding.EncodeToString([]byte("0123456789abcdef0123456789abcdef"))

// withOutbox is an instance on MongoDB whose webhooks go to url.
func withOutbox(t *testing.T, url string) *bundle.Bundle {
	t.Helper()
	b := revision(t, 1)
	b.Config.Source = bundle.Source{Type: bundle.MongoDB, URI: bundle.SecretRef{Secret: "SOURCE_URI"}, Database: devmongotest.Database(t)}
	b.Config.Tables = nil
	b.Config.Outbox = map[string]bundle.Outbox{"crm": {URL: url, Secret: bundle.SecretRef{Secret: "CRM_KEY"}}}
	b.Secrets["SOURCE_URI"], b.Secrets["CRM_KEY"] = redact.New(devmongotest.URI(t)), redact.New(webhookKey)
	return b
}

// prepared opens the instance's source as a runtime that is gone did.
func prepared(t *testing.T, b *bundle.Bundle) source.Source {
	t.Helper()
	parts := newRuntimeParts(slog.New(slog.DiscardHandler), "rt_gone", border{AllowPrivateNetworks: true}, nil)
	t.Cleanup(parts.close)
	src, err := parts.openSource(t.Context(), b)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = src.Close() })
	if err := src.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	return src
}

// heard is a receiver that tells the ids it was called with.
func heard(t *testing.T) (url string, ids chan string) {
	ids = make(chan string, 100)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		ids <- r.Header.Get("webhook-id")
	}))
	t.Cleanup(server.Close)
	return server.URL, ids
}

func next(t *testing.T, ids chan string) string {
	t.Helper()
	select {
	case id := <-ids:
		return id
	case <-time.After(2 * time.Minute):
		t.Fatal("nothing was delivered")
		return ""
	}
}

func commit(t *testing.T, src source.Source, n int) string {
	t.Helper()
	now := time.Now().UTC()
	d := source.Delivery{ID: source.DeliveryID(now, fmt.Sprint(n), 0, 0), Kind: source.Webhook, Lane: "crm", UserID: "u1", CreatedAt: now, Payload: []byte(`{}`)}
	tx, err := src.Begin(t.Context(), source.Session{})
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(t.Context())
	if err := tx.Apply(t.Context(), nil, &source.Finish{Deliveries: []source.Delivery{d}}); err != nil {
		t.Fatal(err)
	}
	return d.ID
}

// TestARuntimeDelivers what it finds when it starts, though nobody asks for the instance, and what is
// committed while it runs; the control plane lists it and has it delivered again.
func TestARuntimeDelivers(t *testing.T) {
	url, ids := heard(t)
	c := &followtest.Control{}
	b := withOutbox(t, url)
	before := prepared(t, b)
	left := commit(t, before, 0)
	c.Publish(b)
	p := startDataPlane(t, c)
	if got := next(t, ids); got != left {
		t.Errorf("%s was delivered, want %s", got, left)
	}
	live := 0
	if p.gateway.EachLive(func(string, gateway.Uploader) { live++ }); live != 0 {
		t.Error("delivering made an idle instance live")
	}
	_, _ = health(t, p) // now it is live, and its own commits wake the deliverer
	var made string
	err := p.gateway.Visit(t.Context(), "todo", func(*bundle.Bundle) bool { return true }, func(_ *bundle.Bundle, src source.Source, live bool) error {
		if !live {
			t.Error("it is not live")
		}
		made = commit(t, src, 1)
		return nil
	})
	if got := next(t, ids); err != nil || got != made {
		t.Errorf("%s was delivered, want %s: %v", got, made, err)
	}
	do := func(name command.Name, argument any) any {
		t.Helper()
		raw, err := json.Marshal(argument)
		if err != nil {
			t.Fatal(err)
		}
		out, err := command.ForDeliveries(p.useOutbox, p.parts.enqueued, time.Now)[name](t.Context(), command.Command{Name: name, Instance: "ins_1", Argument: raw}, nil)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		return out
	}
	within(t, "both are settled", func() bool {
		return len(do(command.DeliveryList, source.DeliveryFilter{Status: []source.DeliveryStatus{source.Delivered}, Limit: 9}).([]source.Delivery)) == 2
	})
	do(command.DeliveryRedeliver, left)
	if got := next(t, ids); got != left {
		t.Errorf("%s was delivered again, want %s", got, left)
	}
	within(t, "it is settled again", func() bool { return do(command.DeliveryGet, left).(*source.Delivery).Status == source.Delivered })
	p.gateway.EachLive(func(_ string, u gateway.Uploader) {
		for _, c := range []struct {
			after time.Duration
			want  int
		}{{keepSettled - time.Hour, 0}, {keepSettled + time.Hour, 2}} {
			if n, err := sweepDeliveries(t.Context(), time.Now().Add(c.after), u.(uploader)); n != c.want || err != nil {
				t.Errorf("after %s: %d swept, %v", c.after, n, err)
			}
		}
	})
	commit(t, before, 2)
	if n := do(command.DeliveryErase, "u1"); n != 1 {
		t.Errorf("%v erased", n)
	}
}

// TestServeDelivers, and ends at the signal with nothing left running.
func TestServeDelivers(t *testing.T) {
	url, ids := heard(t)
	b := withOutbox(t, url)
	b.Instance.ID = serveInstance // what another instance left on the same database is not its own
	left := commit(t, prepared(t, b), 0)
	folder := t.TempDir()
	document := fmt.Sprintf(`
source: {type: mongodb, uri: {secret: SOURCE_URI}, database: %s}
auth: {powersync_url: "https://ps.example", development_tokens: true}
outbox: {crm: {url: %q, secret: {secret: CRM_KEY}}}
`, b.Config.Source.Database, url)
	for name, text := range map[string]string{"turnkey.yaml": document, "secrets/SOURCE_URI": b.Secrets["SOURCE_URI"].Reveal(), "secrets/CRM_KEY": webhookKey} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(folder, name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ctx, signal := context.WithCancel(t.Context())
	defer signal()
	ended := make(chan int, 1)
	serve := func() int {
		return run(ctx, []string{"serve", folder, "--listen", "127.0.0.1:0", "--development", "--allow-private-networks"}, terminal{io.Discard, t.Output()})
	}
	go func() { ended <- serve() }()
	if got := next(t, ids); got != left {
		t.Errorf("%s was delivered, want %s", got, left)
	}
	signal()
	select {
	case code := <-ended:
		if code != 0 {
			t.Errorf("exit %d", code)
		}
	case <-time.After(2 * time.Minute):
		t.Fatal("it does not end")
	}
	if err := os.WriteFile(filepath.Join(folder, "secrets/CRM_KEY"), []byte("hunter2"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code := serve(); code != 1 {
		t.Errorf("with a key that is none: exit %d", code)
	}
}
