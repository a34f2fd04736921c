package outbox_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"turnkey/internal/fault"
	"turnkey/internal/redact"
	"turnkey/runtime/bundle"
	"turnkey/runtime/outbox"
	"turnkey/runtime/source"
	"turnkey/runtime/telemetry"
)

// secret signs the webhooks of every test.
var secret = "whsec_" + base64.StdEncoding.EncodeToString([]byte("0123456789abcdef0123456789abcdef"))

// newBundle is a bundle whose outboxes have those addresses.
func newBundle(outboxes map[string]string) *bundle.Bundle {
	b := &bundle.Bundle{Revision: 1, Deployment: 3, Instance: bundle.Instance{ID: "ins_1", Host: "h", State: bundle.Active}, Secrets: map[string]redact.Secret{"KEY": redact.New(secret)}}
	b.Config.Outbox = map[string]bundle.Outbox{}
	for name, url := range outboxes {
		b.Config.Outbox[name] = bundle.Outbox{URL: url, Secret: bundle.SecretRef{Secret: "KEY"}}
	}
	return b
}

// world is a deliverer over an outbox in memory, with the receivers inside of the process.
type world struct {
	*testing.T
	memory  *memory
	bundle  atomic.Pointer[bundle.Bundle]
	config  outbox.Config
	visits  atomic.Int32
	live    atomic.Bool
	receive func(r *http.Request) (status int, err error)

	mu      sync.Mutex
	entries []telemetry.Entry
	*outbox.Deliverer
	ended chan struct{}
	stop  context.CancelFunc
}

// RoundTrip implements http.RoundTripper.
func (w *world) RoundTrip(r *http.Request) (*http.Response, error) {
	status, err := w.receive(r)
	if err != nil {
		return nil, err
	}
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("ok"))}, nil
}

func newWorld(t *testing.T) *world {
	w := &world{T: t, memory: &memory{}, receive: func(*http.Request) (int, error) { return 200, nil }}
	w.bundle.Store(newBundle(map[string]string{"crm": "https://crm.example", "mail": "https://mail.example"}))
	w.live.Store(true)
	leases := atomic.Int64{}
	w.config = outbox.Config{
		Instances: func() []outbox.Instance {
			return []outbox.Instance{{ID: "ins_1", Host: "h", Revision: w.bundle.Load().Revision}}
		},
		Visit: func(ctx context.Context, _ string, want func(*bundle.Bundle) bool, do func(outbox.Place) error) error {
			b := w.bundle.Load()
			if !want(b) {
				return nil
			}
			w.visits.Add(1)
			return do(outbox.Place{Bundle: b, Source: w.memory, Live: w.live.Load()})
		},
		Client: &http.Client{Transport: w}, Policy: outbox.DefaultPolicy, Now: time.Now, Random: func() float64 { return 0.5 },
		NewID: func() string { return fmt.Sprint("lease", leases.Add(1)) }, Log: slog.New(slog.DiscardHandler),
		Observe: func(e telemetry.Entry) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.entries = append(w.entries, e)
		},
	}
	return w
}

func (w *world) start() {
	w.Deliverer = outbox.New(w.config)
	var ctx context.Context
	ctx, w.stop = context.WithCancel(w.Context())
	w.ended = make(chan struct{})
	go func() {
		defer close(w.ended)
		if err := w.Deliverer.Run(ctx); err != nil {
			w.Error(err)
		}
	}()
}

func (w *world) end() {
	w.stop()
	<-w.ended
}

// pass lets time go by, and waits until everybody has done what it brought.
func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// in runs a test whose clock is synctest's.
func in(t *testing.T, test func(w *world)) {
	synctest.Test(t, func(t *testing.T) { test(newWorld(t)) })
}

func TestACommitIsDeliveredAtOnce(t *testing.T) {
	in(t, func(w *world) {
		w.start()
		defer w.end()
		pass(5 * time.Second)
		w.memory.add("crm", 10, time.Now())
		w.Enqueued("ins_1")
		w.Enqueued("ins_unknown")
		synctest.Wait()
		if got := w.memory.counts(); got[source.Delivered] != 10 {
			t.Errorf("%v", got)
		}
	})
}

// TestWhatIsPendingAtTheStartIsDelivered: also what another process left, whose commit nobody told us of.
func TestWhatIsPendingAtTheStartIsDelivered(t *testing.T) {
	for _, live := range []bool{true, false} {
		in(t, func(w *world) {
			w.live.Store(live)
			w.memory.add("crm", 3, time.Now())
			w.memory.add("mail", 3, time.Now())
			w.start()
			defer w.end()
			pass(time.Second)
			if got := w.memory.counts(); got[source.Delivered] != 6 {
				t.Errorf("live %v: %v", live, got)
			}
		})
	}
}

// TestAnIdleInstanceStaysIdle: it is visited at the start and then once an hour, or when it has something
// due, and a live one once a minute.
func TestAnIdleInstanceStaysIdle(t *testing.T) {
	in(t, func(w *world) {
		w.live.Store(false)
		w.start()
		defer w.end()
		pass(59 * time.Minute)
		if n := w.visits.Load(); n != 1 {
			t.Errorf("%d visits", n)
		}
		w.memory.add("crm", 1, time.Now()) // by a runtime that died
		pass(2 * time.Minute)
		if got := w.memory.counts(); got[source.Delivered] != 1 || w.visits.Load() != 2 {
			t.Errorf("%v after %d visits", got, w.visits.Load())
		}
		w.live.Store(true)
		pass(3 * time.Hour)
		if n := w.visits.Load(); n < 60 || n > 190 {
			t.Errorf("%d visits", n)
		}
	})
}

func TestWhoHasNoOutboxIsNeverVisited(t *testing.T) {
	for name, change := range map[string]func(*bundle.Bundle){
		"no outbox":    func(b *bundle.Bundle) { b.Config.Outbox = nil },
		"paused":       func(b *bundle.Bundle) { b.Instance.State = bundle.Paused },
		"not deployed": func(b *bundle.Bundle) { b.Deployment = 0 },
	} {
		t.Run(name, func(t *testing.T) {
			in(t, func(w *world) {
				before := *w.bundle.Load()
				change(w.bundle.Load())
				w.memory.add("crm", 1, time.Now())
				w.start()
				defer w.end()
				pass(5 * time.Hour)
				if n := w.visits.Load(); n != 0 {
					t.Errorf("%d visits", n)
				}
				before.Revision = 2
				w.bundle.Store(&before)
				pass(11 * time.Second)
				if got := w.memory.counts(); got[source.Delivered] != 1 {
					t.Errorf("another revision is looked at: %v", got)
				}
			})
		})
	}
}

func TestAFailureIsTriedAgainLaterAndLaterUntilItIsDead(t *testing.T) {
	in(t, func(w *world) {
		var at []time.Duration
		began := time.Now()
		w.receive = func(*http.Request) (int, error) {
			at = append(at, time.Since(began).Round(time.Second))
			return 400, nil // an answer: the breaker stays out of it
		}
		w.memory.add("crm", 1, began)
		w.start()
		defer w.end()
		pass(10 * 24 * time.Hour)
		d := w.memory.get("dlv_crm_0")
		if d.Status != source.Dead || d.Attempts != 14 || len(at) != 14 || d.Last.Status != 400 || d.Last.Excerpt != "ok" || d.Last.Code != "endpoint_refused" {
			t.Fatalf("%+v %+v after %v", d, d.Last, at)
		}
		for i, want := range []time.Duration{0, 5, 20, 65, 200} {
			if got := at[i] - want*time.Second; got < 0 || got > 2*time.Second {
				t.Errorf("attempt %d after %s, want %d s", i+1, at[i], want)
			}
		}
		last := w.entries[len(w.entries)-1]
		if len(w.entries) != 14 || w.entries[0].Outcome != telemetry.Retryable || last.Outcome != telemetry.Fatal || last.Lane != "crm" || last.Kind != telemetry.Delivery || last.Level != telemetry.Error {
			t.Errorf("%d entries, the last: %+v", len(w.entries), last)
		}
	})
}

func TestAReceiverThatWantsNoMore(t *testing.T) {
	in(t, func(w *world) {
		w.receive = func(*http.Request) (int, error) { return 410, nil }
		w.memory.add("crm", 1, time.Now())
		w.start()
		defer w.end()
		pass(time.Minute)
		if d := w.memory.get("dlv_crm_0"); d.Status != source.Dead || d.Attempts != 1 {
			t.Errorf("%+v", d)
		}
	})
}

// TestADeadReceiverCostsOnlyItsOwnLane: nothing of it is claimed while its breaker is open, so its
// deliveries keep their attempts, and the other lane does not wait for it.
func TestADeadReceiverCostsOnlyItsOwnLane(t *testing.T) {
	in(t, func(w *world) {
		var down atomic.Bool
		down.Store(true)
		w.receive = func(r *http.Request) (int, error) {
			if r.URL.Host == "crm.example" && down.Load() {
				<-r.Context().Done() // a black hole
				return 0, r.Context().Err()
			}
			return 200, nil
		}
		w.memory.add("crm", 100, time.Now())
		w.start()
		defer w.end()
		pass(time.Second)
		w.memory.add("mail", 5, time.Now())
		pass(15 * time.Second)
		w.Enqueued("ins_1")
		synctest.Wait()
		if got := w.memory.counts(); got[source.Delivered] != 5 {
			t.Errorf("the other lane waits: %v", got)
		}
		pass(30 * time.Minute)
		attempts := 0
		for n := range 100 {
			attempts += w.memory.get(fmt.Sprintf("dlv_crm_%d", n)).Attempts
		}
		if attempts < 8 || attempts > 20 {
			t.Errorf("%d attempts at a dead receiver in half an hour", attempts)
		}
		down.Store(false)
		pass(10 * time.Minute)
		if got := w.memory.counts(); got[source.Delivered] != 105 {
			t.Errorf("it is back: %v", got)
		}
	})
}

// TestAPoison: a delivery that ends its process each time is dead after its attempts, though no attempt
// was ever reported.
func TestAPoison(t *testing.T) {
	in(t, func(w *world) {
		sent := 0
		w.receive = func(*http.Request) (int, error) { sent++; return 200, nil }
		w.memory.add("crm", 1, time.Now())
		w.memory.rows[0].Attempts = 14
		w.start()
		defer w.end()
		pass(time.Second)
		if d := w.memory.get("dlv_crm_0"); d.Status != source.Dead || d.Last.Code != "attempts_lost" || sent != 0 {
			t.Errorf("%+v, sent %d times", d, sent)
		}
	})
}

func TestADeliveryWithoutAReceiverWaitsForADeployment(t *testing.T) {
	in(t, func(w *world) {
		w.memory.add("old", 1, time.Now())
		w.memory.add(source.AfterCommitLane, 1, time.Now())
		w.start()
		defer w.end()
		pass(3 * time.Second)
		for _, id := range []string{"dlv_old_0", "dlv_afterCommit_1"} {
			if d := w.memory.get(id); d.Status != source.Pending || d.Attempts != 1 || d.Last.Code != "outbox_missing" {
				t.Errorf("%+v %+v", d, d.Last)
			}
		}
		next := newBundle(map[string]string{"old": "https://old.example"})
		next.Revision = 2
		w.bundle.Store(next)
		pass(time.Minute)
		if d := w.memory.get("dlv_old_0"); d.Status != source.Delivered {
			t.Errorf("%+v", d)
		}
	})
}

// hooks stands for the hook engine.
type hooks func(ctx context.Context, c outbox.Call) (string, error)

func (h hooks) Handles(*bundle.Bundle) bool { return true }

func (h hooks) Run(ctx context.Context, c outbox.Call) (string, error) { return h(ctx, c) }

func TestHooksRunAfterCommit(t *testing.T) {
	in(t, func(w *world) {
		refused := fault.New(fault.Invalid, "hook_error", "hooks/todos.ts:3: boom")
		w.bundle.Load().Config.Outbox = nil
		ids := w.memory.add(source.AfterCommitLane, 4, time.Now())
		w.config.Runner = hooks(func(ctx context.Context, c outbox.Call) (string, error) {
			if _, limited := ctx.Deadline(); !limited || c.Bundle != w.bundle.Load() || c.Source == nil || string(c.Delivery.Payload) != "{}" {
				t.Errorf("%+v", c)
			}
			switch c.Delivery.ID {
			case ids[0]:
				return "said\nhello", nil
			case ids[1]:
				return "", refused
			case ids[2]:
				return "", outbox.GaveUp(refused)
			}
			panic("a defect of ours")
		})
		w.start()
		defer w.end()
		pass(3 * time.Second)
		for i, want := range []source.Delivery{
			{Status: source.Delivered, Last: &source.Attempt{Excerpt: "said hello"}},
			{Status: source.Pending, Last: &source.Attempt{Code: "hook_error", Message: refused.Message}},
			{Status: source.Dead, Last: &source.Attempt{Code: "hook_error", Message: refused.Message}},
			{Status: source.Pending, Last: &source.Attempt{Code: "internal", Message: "Something went wrong on our side."}},
		} {
			if d := w.memory.get(ids[i]); d.Status != want.Status || d.Last.Excerpt != want.Last.Excerpt || d.Last.Code != want.Last.Code || d.Last.Message != want.Last.Message {
				t.Errorf("%d: %+v %+v", i, d, d.Last)
			}
		}
	})
}

// TestNoWorkerIsNoAttempt: while hooks cannot run, deliveries wait, asked about less and less often, and lose no
// attempt; afterwards each is made once.
func TestNoWorkerIsNoAttempt(t *testing.T) {
	in(t, func(w *world) {
		var asked atomic.Int64
		back := time.Now().Add(time.Hour)
		ids := w.memory.add(source.AfterCommitLane, 20, time.Now())
		w.config.Runner = hooks(func(context.Context, outbox.Call) (string, error) {
			if asked.Add(1); time.Now().Before(back) {
				return "", fault.New(fault.Unavailable, "hook_unavailable", "No worker was free in time.")
			}
			return "", nil
		})
		w.start()
		defer w.end()
		pass(time.Hour - time.Minute)
		if n := asked.Load(); n < 5 || n > 100 {
			t.Errorf("in an hour without workers hooks were asked for %d times", n)
		}
		for _, id := range ids {
			if d := w.memory.get(id); d.Status != source.Pending || d.Attempts != 0 || d.Last != nil {
				t.Errorf("%+v %+v", d, d.Last)
			}
		}
		pass(10 * time.Minute)
		for _, id := range ids {
			if d := w.memory.get(id); d.Status != source.Delivered || d.Attempts != 1 {
				t.Errorf("%+v", d)
			}
		}
	})
}

// TestFewHooksAtOnce: an instance's hooks keep two workers at most, while its webhooks go on beside them.
func TestFewHooksAtOnce(t *testing.T) {
	in(t, func(w *world) {
		var now, most atomic.Int64
		w.memory.add(source.AfterCommitLane, 10, time.Now())
		crm := w.memory.add("crm", 4, time.Now())
		w.config.Runner = hooks(func(context.Context, outbox.Call) (string, error) {
			most.Store(max(most.Load(), now.Add(1)))
			defer now.Add(-1)
			<-time.After(10 * time.Second)
			return "", nil
		})
		w.start()
		defer w.end()
		pass(5 * time.Second)
		for _, id := range crm {
			if d := w.memory.get(id); d.Status != source.Delivered {
				t.Errorf("a webhook waits for hooks: %+v", d)
			}
		}
		pass(2 * time.Minute)
		if most.Load() != 2 {
			t.Errorf("%d hooks ran at once", most.Load())
		}
	})
}

// TestTheEndWaits: when the process ends nothing more is claimed, what is under way has its time, and what
// is cut off then is given back as if it had not been attempted.
func TestTheEndWaits(t *testing.T) {
	in(t, func(w *world) {
		w.receive = func(r *http.Request) (int, error) {
			slow := time.After(3 * time.Second)
			if strings.HasSuffix(r.Header.Get("webhook-id"), "_1") {
				slow = time.After(14 * time.Second)
			}
			select {
			case <-slow:
				return 200, nil
			case <-r.Context().Done():
				return 0, r.Context().Err()
			}
		}
		w.config.Limits.Lane = 2
		w.memory.add("crm", 6, time.Now())
		w.start()
		pass(time.Second)
		began := time.Now()
		w.end()
		if took := time.Since(began); took < 4*time.Second || took > 6*time.Second {
			t.Errorf("the end took %s", took)
		}
		if d := w.memory.get("dlv_crm_0"); d.Status != source.Delivered {
			t.Errorf("what ended in time: %+v", d)
		}
		if d := w.memory.get("dlv_crm_1"); d.Status != source.Pending || d.Attempts != 0 || d.DueAt.After(time.Now()) || d.Last != nil {
			t.Errorf("what was cut off: %+v", d)
		}
		if d := w.memory.get("dlv_crm_2"); d.Attempts != 0 {
			t.Errorf("claimed after the end began: %+v", d)
		}
	})
}

func TestSoManyAtOnce(t *testing.T) {
	in(t, func(w *world) {
		var now, most atomic.Int32
		w.receive = func(*http.Request) (int, error) {
			n := now.Add(1)
			for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
			}
			<-time.After(time.Second)
			now.Add(-1)
			return 200, nil
		}
		w.config.Limits = outbox.Limits{Attempts: 5, Lane: 3}
		w.memory.add("crm", 50, time.Now())
		w.memory.add("mail", 50, time.Now())
		w.start()
		defer w.end()
		pass(time.Minute)
		if got := w.memory.counts(); got[source.Delivered] != 100 || most.Load() != 5 {
			t.Errorf("%v, at most %d at once", got, most.Load())
		}
	})
}

// TestASourceInTroubleIsAskedLessAndLess, and everything is delivered when it is back.
func TestASourceInTroubleIsAskedLessAndLess(t *testing.T) {
	in(t, func(w *world) {
		w.memory.fail = errors.New("down")
		w.memory.add("crm", 1, time.Now())
		w.start()
		defer w.end()
		pass(time.Hour)
		if n := w.memory.looked(); n < 10 || n > 20 {
			t.Errorf("asked %d times in an hour", n)
		}
		w.memory.mu.Lock()
		w.memory.fail = nil
		w.memory.mu.Unlock()
		pass(6 * time.Minute)
		if got := w.memory.counts(); got[source.Delivered] != 1 {
			t.Errorf("%v", got)
		}
	})
}

func TestAKeyThatIsNoneKeepsDeliveriesWaiting(t *testing.T) {
	in(t, func(w *world) {
		w.bundle.Load().Secrets["KEY"] = redact.New("hunter2")
		w.memory.add("crm", 1, time.Now())
		w.start()
		defer w.end()
		pass(time.Hour)
		if d := w.memory.get("dlv_crm_0"); d.Status != source.Pending || d.Attempts != 0 {
			t.Errorf("%+v", d)
		}
	})
}
