package outbox_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"turnkey/internal/devmongo/devmongotest"
	"turnkey/internal/dial"
	"turnkey/internal/pgtest"
	"turnkey/internal/redact"
	"turnkey/runtime/bundle"
	"turnkey/runtime/outbox"
	"turnkey/runtime/source"
	"turnkey/runtime/source/mongo"
	"turnkey/runtime/source/postgres"
)

func TestMain(m *testing.M) {
	if setting := os.Getenv(victimEnv); setting != "" {
		os.Exit(victim(setting))
	}
	pgtest.Main(m)
}

// database names a customer's database, for this process and for one that is to die.
type database struct{ Kind, URI, Name string }

func (d database) open() (source.Source, error) {
	var dialer net.Dialer
	if d.Kind == "mongodb" {
		return mongo.Open(context.Background(), mongo.Options{URI: redact.New(d.URI), Database: d.Name, Dial: dialer.DialContext, AllowPrivate: true, Now: time.Now, Log: slog.New(slog.DiscardHandler)})
	}
	return postgres.Open(context.Background(), postgres.Options{URI: redact.New(d.URI), Dial: dialer.DialContext, AllowPrivate: true, Now: time.Now, Log: slog.New(slog.DiscardHandler)})
}

// onBoth runs a test on each database.
func onBoth(t *testing.T, test func(t *testing.T, d database, src source.Source)) {
	run := func(name string, d func(t *testing.T) database) {
		t.Run(name, func(t *testing.T) {
			db := d(t)
			src := opened(t, db)
			if err := src.Prepare(t.Context()); err != nil {
				t.Fatal(err)
			}
			test(t, db, src)
		})
	}
	run("mongodb", func(t *testing.T) database {
		return database{"mongodb", devmongotest.URI(t), devmongotest.Database(t)}
	})
	run("postgres", func(t *testing.T) database { return database{Kind: "postgres", URI: pgtest.URL(t)} })
}

func opened(t *testing.T, d database) source.Source {
	t.Helper()
	src, err := d.open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = src.Close() })
	return src
}

// enqueue commits deliveries as the pipeline does, and starts over when another write is in the way.
func enqueue(t *testing.T, src source.Source, list ...source.Delivery) {
	t.Helper()
	for range 100 {
		tx, err := src.Begin(t.Context(), source.Session{UserID: "u1"})
		if err != nil {
			t.Fatal(err)
		}
		err = tx.Apply(t.Context(), nil, &source.Finish{Deliveries: list})
		tx.Rollback(t.Context())
		if err == nil {
			return
		}
		if source.FailureOf(err).Class != source.Conflict {
			t.Fatal(err)
		}
	}
	t.Fatal("conflicts without end")
}

func event(n int, lane string) source.Delivery {
	now := time.Now().UTC().Truncate(time.Millisecond)
	return source.Delivery{ID: source.DeliveryID(now, fmt.Sprint("req_", n), 0, 0), Kind: source.Webhook, Lane: lane, UserID: "u1", RequestID: fmt.Sprint("req_", n),
		CreatedAt: now, Payload: fmt.Appendf(nil, `{"n":%d}`, n)}
}

// over is the configuration of a deliverer of one instance with that source.
func over(src source.Source, b *bundle.Bundle) outbox.Config {
	leases := new(atomic.Int64)
	self := fmt.Sprintf("%p/%d/", leases, os.Getpid())
	return outbox.Config{
		Instances: func() []outbox.Instance { return []outbox.Instance{{ID: "ins_1", Host: "h", Revision: b.Revision}} },
		Visit: func(_ context.Context, _ string, want func(*bundle.Bundle) bool, do func(outbox.Place) error) error {
			if !want(b) {
				return nil
			}
			return do(outbox.Place{Bundle: b, Source: src, Live: true})
		},
		Client: dial.New(dial.Options{AllowPrivate: true}).HTTPClient(dial.HTTPOptions{Timeout: time.Minute, MaxBody: 64 << 10, AllowHTTP: true}),
		Policy: outbox.Policy{First: 20 * time.Millisecond, Factor: 1.2, Most: 100 * time.Millisecond, Attempts: 60, Timeout: 10 * time.Second},
		Now:    time.Now, Random: func() float64 { return 0.5 }, NewID: func() string { return fmt.Sprint(self, leases.Add(1)) }, Log: slog.New(slog.DiscardHandler),
	}
}

// running runs a deliverer until the test, or the function that it returns, ends.
func running(t *testing.T, c outbox.Config) (d *outbox.Deliverer, stop func()) {
	d = outbox.New(c)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- d.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		c.Client.CloseIdleConnections()
	})
	t.Cleanup(stop)
	return d, stop
}

// receiver is an endpoint that believes only signatures that the scheme's own library verifies.
type receiver struct {
	*testing.T
	url    string
	answer func(r *http.Request, n int) int // status; n counts the calls
	verify *standardwebhooks.Webhook

	mu    sync.Mutex
	calls int
	taken map[string][]string // by webhook-id: bodies that were answered with success
	heard map[string]int      // by webhook-id: all calls
	news  chan struct{}
}

func newReceiver(t *testing.T, answer func(r *http.Request, n int) int) *receiver {
	t.Helper()
	verify, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		t.Fatal(err)
	}
	e := &receiver{T: t, answer: answer, verify: verify, taken: map[string][]string{}, heard: map[string]int{}, news: make(chan struct{}, 1)}
	server := httptest.NewServer(e)
	t.Cleanup(server.Close)
	e.url = server.URL
	return e
}

// ServeHTTP implements http.Handler.
func (e *receiver) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err == nil {
		err = e.verify.Verify(body, r.Header)
	}
	if err != nil || !json.Valid(body) {
		e.Errorf("a webhook does not verify: %v %s", err, body)
	}
	id := r.Header.Get("webhook-id")
	e.mu.Lock()
	e.calls++
	n := e.calls
	e.heard[id]++
	e.mu.Unlock()
	status := e.answer(r, n)
	e.mu.Lock()
	if status < 300 {
		e.taken[id] = append(e.taken[id], string(body))
	}
	e.mu.Unlock()
	w.WriteHeader(status)
	select {
	case e.news <- struct{}{}:
	default:
	}
}

// until waits for a condition, looked at after each call.
func (e *receiver) until(what string, condition func() bool) {
	e.Helper()
	end := time.After(3 * time.Minute)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		e.mu.Lock()
		done := condition()
		e.mu.Unlock()
		if done {
			return
		}
		select {
		case <-e.news:
		case <-tick.C:
		case <-end:
			e.Fatalf("%s did not come about: %d calls, %d taken", what, e.calls, len(e.taken))
		}
	}
}

// settled waits until no delivery is pending any more.
func (e *receiver) settled(src source.Source) []source.Delivery {
	e.Helper()
	e.until("the settling of everything", func() bool {
		list, err := src.Deliveries(e.Context(), source.DeliveryFilter{Status: []source.DeliveryStatus{source.Pending}, Limit: 1})
		if err != nil {
			e.Fatal(err)
		}
		return len(list) == 0
	})
	all, err := src.Deliveries(e.Context(), source.DeliveryFilter{Limit: 1000})
	if err != nil {
		e.Fatal(err)
	}
	return all
}
