package effect_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"turnkey/internal/dial"
	"turnkey/runtime/bundle"
	"turnkey/runtime/outbox"
	"turnkey/runtime/source"
)

// flaky is a receiver that fails every second time, in each of the ways there are.
type flaky struct {
	mu    sync.Mutex
	calls int
	taken map[string]map[string]bool // by delivery id: the bodies that were answered with success
	tries map[string]int
}

// ServeHTTP implements http.Handler.
func (f *flaky) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	text := body(r)
	var sent struct{ ID string }
	_ = json.Unmarshal([]byte(text), &sent)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls++
	f.tries[sent.ID]++
	switch f.calls % 8 {
	case 1:
		w.WriteHeader(http.StatusInternalServerError)
	case 3:
		panic(http.ErrAbortHandler) // the connection breaks
	case 5:
		http.Redirect(w, r, "http://localhost/elsewhere", http.StatusFound)
	case 7: // it takes the event, and says nothing
		f.take(sent.ID, text)
		panic(http.ErrAbortHandler)
	default:
		f.take(sent.ID, text)
	}
}

func (f *flaky) take(id, text string) {
	if f.taken[id] == nil {
		f.taken[id] = map[string]bool{}
	}
	f.taken[id][text] = true
}

// TestEveryEventArrives: afterCommit hooks whose server fails half of the time. Every event arrives at least once, always
// with the same body under its id, and each makes its webhook once.
func TestEveryEventArrives(t *testing.T) {
	onBoth(t, func(t *testing.T, src source.Source) {
		f := &flaky{taken: map[string]map[string]bool{}, tries: map[string]int{}}
		url := server(t, f.ServeHTTP)
		s := newStand(t, nil, afterCommit(`
			const r = await ctx.fetch("`+url+`", { method: "POST", body: JSON.stringify({ id: ctx.deliveryId, title: change.new.title, uuid: ctx.uuid() }) });
			if (!r.ok) throw new Error("answered " + r.status);
			ctx.enqueue("crm", { of: ctx.deliveryId });`)...)
		webhooks := &hooked{seen: map[string]string{}}
		crm := s.b.Config.Outbox["crm"]
		crm.URL = server(t, webhooks.ServeHTTP)
		s.b.Config.Outbox["crm"] = crm
		const events = 60
		var list []source.Delivery
		for n := range events {
			list = append(list, written(t, n))
		}
		tx, err := src.Begin(t.Context(), source.Session{UserID: "u1"})
		if err != nil {
			t.Fatal(err)
		}
		err = tx.Apply(t.Context(), nil, &source.Finish{Deliveries: list})
		tx.Rollback(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		s.deliver(src)
		all := s.settled(src, 2*events)
		for _, d := range all {
			if d.Status != source.Delivered {
				t.Errorf("%s %s: %s after %d attempts, %+v", d.Kind, d.ID, d.Status, d.Attempts, d.Last)
			}
		}
		f.mu.Lock()
		defer f.mu.Unlock()
		again := 0
		for i := range list {
			if bodies := f.taken[list[i].ID]; len(bodies) != 1 {
				t.Errorf("%s arrived with %d bodies: %v", list[i].ID, len(bodies), bodies)
			}
			if f.tries[list[i].ID] > 1 {
				again++
			}
		}
		if len(f.taken) != events || again == 0 {
			t.Errorf("%d events arrived, %d were tried again", len(f.taken), again)
		}
		webhooks.mu.Lock()
		defer webhooks.mu.Unlock()
		of := map[string]bool{}
		for _, text := range webhooks.seen {
			of[text] = true
		}
		if len(webhooks.seen) != events || len(of) != events {
			t.Errorf("%d webhooks under %d ids for %d events", len(of), len(webhooks.seen), events)
		}
	})
}

// hooked takes webhooks: by id, the body.
type hooked struct {
	mu   sync.Mutex
	seen map[string]string
}

// ServeHTTP implements http.Handler.
func (h *hooked) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	text := body(r)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.seen[r.Header.Get("webhook-id")] = text
}

// deliver runs a deliverer of the one instance until the test ends.
func (s *stand) deliver(src source.Source) {
	client := dial.New(dial.Options{AllowPrivate: true}).HTTPClient(dial.HTTPOptions{Timeout: time.Minute, MaxBody: 64 << 10, AllowHTTP: true})
	var leases atomic.Int64
	d := outbox.New(outbox.Config{
		Instances: func() []outbox.Instance { return []outbox.Instance{{ID: "ins_1", Host: "h", Revision: 1}} },
		Visit: func(_ context.Context, _ string, want func(*bundle.Bundle) bool, do func(outbox.Place) error) error {
			if !want(s.b) {
				return nil
			}
			return do(outbox.Place{Bundle: s.b, Source: src, Live: true})
		},
		Client: client, Runner: s.hooks.AfterCommit(),
		Policy: outbox.Policy{First: 20 * time.Millisecond, Factor: 1.2, Most: 100 * time.Millisecond, Attempts: 60, Timeout: 10 * time.Second},
		Now:    time.Now, Random: func() float64 { return 0.5 }, NewID: func() string { return fmt.Sprint("lease", leases.Add(1)) }, Log: slog.New(slog.DiscardHandler),
	})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- d.Run(ctx) }()
	s.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			s.Error(err)
		}
		client.CloseIdleConnections()
	})
}

// settled waits until so many deliveries are there and none is pending.
func (s *stand) settled(src source.Source, n int) []source.Delivery {
	s.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(3 * time.Minute); ; <-tick.C {
		all, err := src.Deliveries(s.Context(), source.DeliveryFilter{Limit: 1000})
		if err != nil {
			s.Fatal(err)
		}
		pending := 0
		for i := range all {
			if all[i].Status == source.Pending {
				pending++
			}
		}
		if len(all) >= n && pending == 0 {
			return all
		}
		if time.Now().After(end) {
			s.Fatalf("%d deliveries, %d of them pending, after 90 s", len(all), pending)
		}
	}
}
