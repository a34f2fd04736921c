package outbox_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"turnkey/runtime/outbox"
	"turnkey/runtime/source"
)

// TestAReceiverThatFailsHalfOfTheTime gets every event at least once, under one id each, with signatures
// that verify; two runtimes deliver while transactions go on committing.
func TestAReceiverThatFailsHalfOfTheTime(t *testing.T) {
	onBoth(t, func(t *testing.T, db database, src source.Source) {
		const total = 120
		var mu sync.Mutex
		dice := rand.New(rand.NewPCG(1, 2))
		e := newReceiver(t, func(*http.Request, int) int {
			mu.Lock()
			defer mu.Unlock()
			if dice.IntN(2) == 0 {
				return []int{500, 503, 429, 400}[dice.IntN(4)]
			}
			return 200
		})
		b := newBundle(map[string]string{"crm": e.url + "/crm", "mail": e.url + "/mail"})
		one, _ := running(t, over(src, b))
		other, _ := running(t, over(opened(t, db), b))
		want := map[string]string{}
		for n := range total {
			d := event(n, []string{"crm", "mail"}[n%2])
			want[d.ID] = string(d.Payload)
			enqueue(t, src, d)
			[]*outbox.Deliverer{one, other}[n%2].Enqueued("ins_1")
		}
		list := e.settled(src)
		if len(list) != total || len(want) != total {
			t.Errorf("%d deliveries of %d events", len(list), len(want))
		}
		for _, d := range list {
			if d.Status != source.Delivered || d.Attempts != e.heard[d.ID] || d.Last == nil || d.Last.Status != 200 {
				t.Errorf("%+v %+v, heard %d times", d, d.Last, e.heard[d.ID])
			}
		}
		for id, body := range want {
			if got := e.taken[id]; len(got) != 1 || got[0] != body {
				t.Errorf("%s was taken as %q, want %q once", id, got, body)
			}
		}
		if len(e.taken) != total || e.calls < total*3/2 {
			t.Errorf("%d ids in %d calls", len(e.taken), e.calls)
		}
	})
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

// TestALeaseIsTakenOver: while an attempt of one runtime hangs past its lease, another makes the next one,
// under the same id; the late report of the first changes nothing.
func TestALeaseIsTakenOver(t *testing.T) {
	onBoth(t, func(t *testing.T, db database, src source.Source) {
		frozen := make(chan struct{})
		e := newReceiver(t, func(r *http.Request, n int) int {
			if n == 1 {
				<-frozen
				return 500 // the first runtime will want to try again
			}
			return 200
		})
		b := newBundle(map[string]string{"crm": e.url})
		times := &clock{at: time.Now().Add(time.Minute)}
		c := over(src, b)
		c.Now, c.Policy.Timeout = times.now, 10*time.Second
		c.Random = func() float64 { return 0 } // the clock stands: nothing may wait for it
		first, stopFirst := running(t, c)
		d := event(1, "crm")
		enqueue(t, src, d)
		first.Enqueued("ins_1")
		e.until("the first attempt", func() bool { return e.calls == 1 })
		heir := over(opened(t, db), b)
		heir.Now, heir.Random = times.now, c.Random
		second, _ := running(t, heir)
		times.move(40 * time.Second)
		second.Enqueued("ins_1")
		if got, err := src.Delivery(t.Context(), d.ID); err != nil || !got.Leased || got.Attempts != 1 {
			t.Errorf("while the lease holds: %+v %v", got, err)
		}
		times.move(11 * time.Second)
		second.Enqueued("ins_1")
		e.until("the takeover", func() bool { return len(e.taken[d.ID]) == 1 })
		e.settled(src)
		close(frozen)
		e.until("the late answer", func() bool { return e.calls == 2 })
		stopFirst()
		if got, err := src.Delivery(t.Context(), d.ID); err != nil || got.Status != source.Delivered || got.Attempts != 2 || got.Last.Status != 200 {
			t.Errorf("%+v %v", got, err)
		}
	})
}

// TestWhatSomebodyDecidesMeanwhile: a delivery that is erased or discarded while it waits for its turn is
// not sent, and one that is delivered again keeps its id.
func TestWhatSomebodyDecidesMeanwhile(t *testing.T) {
	onBoth(t, func(t *testing.T, _ database, src source.Source) {
		var down atomic.Bool
		down.Store(true)
		e := newReceiver(t, func(*http.Request, int) int {
			if down.Load() {
				return 410
			}
			return 204
		})
		deliverer, _ := running(t, over(src, newBundle(map[string]string{"crm": e.url})))
		d := event(1, "crm")
		enqueue(t, src, d)
		deliverer.Enqueued("ins_1")
		if list := e.settled(src); list[0].Status != source.Dead || list[0].Last.Code != "endpoint_gone" {
			t.Errorf("%+v", list)
		}
		down.Store(false)
		moved, err := src.MoveDelivery(t.Context(), source.DeliveryMove{ID: d.ID, To: source.Pending, By: "usr_1", At: time.Now()})
		if !moved || err != nil {
			t.Fatal(moved, err)
		}
		deliverer.Enqueued("ins_1")
		if list := e.settled(src); list[0].Status != source.Delivered || e.heard[d.ID] != 2 || list[0].Attempts != 1 {
			t.Errorf("%+v, heard %d times", list, e.heard[d.ID])
		}
		if n, err := src.EraseDeliveries(t.Context(), "u1"); n != 1 || err != nil {
			t.Errorf("%d %v", n, err)
		}
	})
}

// TestLargePayloadsTakeTurns: the bytes that are held at once are bounded, and everything arrives whole.
func TestLargePayloadsTakeTurns(t *testing.T) {
	onBoth(t, func(t *testing.T, _ database, src source.Source) {
		e := newReceiver(t, func(*http.Request, int) int { return 200 })
		c := over(src, newBundle(map[string]string{"crm": e.url}))
		c.Limits.Bytes = 1 // as little as is possible: the largest payload
		deliverer, _ := running(t, c)
		want := map[string]int{}
		for n := range 4 {
			d := event(n, "crm")
			d.Payload = fmt.Appendf(nil, `"%0*d"`, source.MaxDelivery-2, n)
			want[d.ID] = len(d.Payload)
			enqueue(t, src, d)
		}
		deliverer.Enqueued("ins_1")
		e.settled(src)
		for id, size := range want {
			if got := e.taken[id]; len(got) != 1 || len(got[0]) != size {
				t.Errorf("%s: taken %d times", id, len(got))
			}
		}
	})
}
