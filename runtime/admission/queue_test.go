package admission_test

import (
	"context"
	"fmt"
	"math"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"turnkey/runtime/admission"
)

// The clock of these tests is synctest's: it stands still while anybody computes, so every time that
// is asserted is exact.

var small = admission.Limits{
	Slots: 2, PerInstance: 4, PerUser: 3, Waiting: 20, InstanceWaiting: 10,
	MaxWait: 3 * time.Second, ShortWait: 250 * time.Millisecond, Standing: time.Second,
}

func newQueue(l admission.Limits) *admission.Queue {
	return admission.New(l, time.Now, func() float64 { return 0.5 })
}

// pass lets time pass.
func pass(d time.Duration) { <-time.After(d) }

func of(instance, user string) admission.Key { return admission.Key{Instance: instance, User: user} }

// enter admits at once or fails the test.
func enter(t *testing.T, q *admission.Queue, k admission.Key) *admission.Ticket {
	t.Helper()
	before := time.Now()
	ticket, refusal := q.Enter(t.Context(), k)
	if refusal != nil || time.Since(before) > 0 {
		t.Fatalf("%v was not admitted at once: %+v after %v", k, refusal, time.Since(before))
	}
	return ticket
}

// outcome of an Enter that ran by itself.
type outcome struct {
	ticket  *admission.Ticket
	refusal *admission.Refusal
	after   time.Duration
}

func enterLater(t *testing.T, q *admission.Queue, k admission.Key) <-chan outcome {
	out := make(chan outcome, 1)
	before := time.Now()
	go func() {
		ticket, refusal := q.Enter(t.Context(), k)
		out <- outcome{ticket, refusal, time.Since(before)}
	}()
	synctest.Wait()
	return out
}

func TestSlotsAreHandedOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(small)
		a, b := enter(t, q, of("a", "u")), enter(t, q, of("a", "u"))
		next := enterLater(t, q, of("b", "u"))
		if got := q.Load(); got.Running != 2 || got.Waiting != 1 {
			t.Fatalf("%+v", got)
		}
		pass(time.Second)
		a.Done()
		a.Done() // a second time means nothing
		if got := <-next; got.ticket == nil || got.after != time.Second {
			t.Fatalf("%+v", got)
		} else {
			got.ticket.Done()
		}
		b.Done()
		if got := q.Load(); got.Running != 0 || got.Waiting != 0 {
			t.Fatalf("%+v", got)
		}
	})
}

// A source that does not answer takes no slot: its uploads leave theirs while they wait, and come
// back without waiting.
func TestWaitingForASourceHoldsNoSlot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(small)
		var stuck []*admission.Ticket
		for _, user := range []string{"u", "u", "u", "v"} {
			ticket := enter(t, q, of("black hole", user))
			ticket.Leave()
			stuck = append(stuck, ticket)
		}
		full := enterLater(t, q, of("black hole", "v")) // the bulkhead
		enter(t, q, of("other", "u")).Done()
		busy := []*admission.Ticket{enter(t, q, of("other", "u")), enter(t, q, of("other", "u"))}
		for _, ticket := range stuck {
			ticket.Return()
		}
		if got := q.Load(); got.Running != 6 {
			t.Errorf("who comes back does not wait: %+v", got)
		}
		if got := <-full; got.refusal == nil || got.refusal.Cause != admission.Instance || got.after != small.MaxWait {
			t.Errorf("%+v", got)
		}
		for _, ticket := range append(stuck, busy...) {
			ticket.Done()
		}
		if got := q.Load(); got.Running != 0 {
			t.Errorf("%+v", got)
		}
	})
}

func TestOneUserCannotTakeAnInstance(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(small)
		for range 3 {
			enter(t, q, of("a", "greedy")).Leave()
		}
		held := enterLater(t, q, of("a", "greedy"))
		other := enterLater(t, q, of("a", "modest")) // behind the greedy one in time, not in turn
		select {
		case got := <-other:
			if got.ticket == nil || got.after != 0 {
				t.Errorf("%+v", got)
			}
		default:
			t.Error("the modest user waits behind the greedy one")
		}
		if got := <-held; got.refusal == nil {
			t.Errorf("%+v", got)
		}
	})
}

// load is an instance that always has work waiting.
type load struct {
	key  admission.Key
	cost time.Duration
	more int // how many at once
}

// saturate runs loads on one slot for a minute and returns the slot time that each got, in seconds.
func saturate(t *testing.T, loads ...load) []float64 {
	got := make([]float64, len(loads))
	synctest.Test(t, func(t *testing.T) {
		l := small
		l.Slots, l.PerInstance, l.PerUser, l.MaxWait, l.ShortWait, l.Waiting, l.InstanceWaiting = 1, 1000, 1000, time.Hour, time.Hour, 1000, 1000
		q := newQueue(l)
		end := time.Now().Add(time.Minute)
		var mu sync.Mutex
		var wg sync.WaitGroup
		for i, l := range loads {
			for range l.more {
				wg.Go(func() {
					for time.Now().Before(end) {
						ticket, refusal := q.Enter(t.Context(), l.key)
						if refusal != nil {
							t.Errorf("%+v", refusal)
							return
						}
						pass(l.cost)
						ticket.Done()
						mu.Lock()
						got[i] += l.cost.Seconds()
						mu.Unlock()
					}
				})
			}
		}
		wg.Wait()
	})
	return got
}

func near(a, b float64) bool { return math.Abs(a-b) <= 0.05*max(a, b) }

func TestSharesAreOfWorkAndNotOfRequests(t *testing.T) {
	got := saturate(t, load{of("many", "u"), time.Millisecond, 40}, load{of("large", "u"), 20 * time.Millisecond, 4})
	if !near(got[0], got[1]) {
		t.Errorf("small requests got %.1f s and large ones %.1f s of the slot", got[0], got[1])
	}
}

func TestWeightsShare(t *testing.T) {
	heavy := of("production", "u")
	heavy.Weight = 4
	got := saturate(t, load{heavy, 2 * time.Millisecond, 10}, load{of("development", "u"), 2 * time.Millisecond, 10})
	if !near(got[0], 4*got[1]) {
		t.Errorf("weight 4 got %.1f s, weight 1 %.1f s", got[0], got[1])
	}
}

func TestUsersShareWhatTheirInstanceGets(t *testing.T) {
	got := saturate(t, load{of("a", "loud"), 2 * time.Millisecond, 30}, load{of("a", "quiet"), 2 * time.Millisecond, 2}, load{of("b", "u"), 2 * time.Millisecond, 5})
	if !near(got[0], got[1]) || !near(got[0]+got[1], got[2]) {
		t.Errorf("the users got %.1f s and %.1f s, the other instance %.1f s", got[0], got[1], got[2])
	}
}

// Whoever comes back from idleness is next, and no more than that.
func TestIdlenessEarnsNoCredit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := small
		l.Slots = 1
		q := newQueue(l)
		for range 100 {
			ticket := enter(t, q, of("worker", "u"))
			pass(10 * time.Millisecond)
			ticket.Done()
		}
		holding := enter(t, q, of("worker", "u"))
		var order []string
		var wg sync.WaitGroup
		for i := range 6 {
			for _, name := range []string{"worker", "sleeper"} {
				wg.Go(func() {
					ticket, refusal := q.Enter(t.Context(), of(name, fmt.Sprint(i)))
					if refusal != nil {
						t.Errorf("%+v", refusal)
						return
					}
					order = append(order, name) // one slot: one at a time
					pass(10 * time.Millisecond)
					ticket.Done()
				})
				synctest.Wait()
			}
		}
		pass(10 * time.Millisecond)
		holding.Done()
		wg.Wait()
		counts := map[string]int{}
		for _, name := range order[:6] {
			counts[name]++
		}
		if counts["worker"] < 2 || counts["sleeper"] < 2 {
			t.Errorf("in turn, not one after the other: %v", order)
		}
	})
}

// A queue that stands refuses early: waiting would only make every answer late.
func TestAStandingQueueRefusesEarly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := small
		l.Slots = 1
		q := newQueue(l)
		enter(t, q, of("a", "u"))
		burst := enterLater(t, q, of("a", "v"))
		pass(l.Standing)
		late := enterLater(t, q, of("a", "v"))
		fresh := enterLater(t, q, of("b", "v")) // another instance's queue does not stand
		if got := <-late; got.refusal == nil || got.after != l.ShortWait || got.refusal.Cause != admission.Runtime {
			t.Errorf("%+v", got)
		}
		if got := <-burst; got.refusal == nil || got.after != l.MaxWait {
			t.Errorf("%+v", got)
		}
		if got := <-fresh; got.refusal == nil || got.after != l.MaxWait {
			t.Errorf("%+v", got)
		}
	})
}

func TestAFullQueueTakesFromWhoeverHasMost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := small
		l.Slots, l.Waiting = 1, 6
		q := newQueue(l)
		first := enter(t, q, of("noisy", "u"))
		var noisy []<-chan outcome
		for range 6 {
			noisy = append(noisy, enterLater(t, q, of("noisy", "u")))
		}
		modest := enterLater(t, q, of("modest", "u"))
		if got := <-noisy[5]; got.refusal == nil || got.refusal.Cause != admission.Runtime || got.after != 0 {
			t.Errorf("the youngest of the noisy one gives way: %+v", got)
		}
		if got := <-enterLater(t, q, of("noisy", "u")); got.refusal == nil || got.after != 0 {
			t.Errorf("the noisy one does not push itself out: %+v", got)
		}
		pass(time.Millisecond) // for which the noisy one is charged
		first.Done()
		if got := <-modest; got.ticket == nil {
			t.Errorf("%+v", got)
		}
	})
}

// One user who floods an instance does not shut its other users out.
func TestAFullInstanceTakesFromTheUserWithMost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := small
		l.Slots = 1
		q := newQueue(l)
		first := enter(t, q, of("a", "greedy"))
		var greedy []<-chan outcome
		for range l.InstanceWaiting {
			greedy = append(greedy, enterLater(t, q, of("a", "greedy")))
		}
		modest := enterLater(t, q, of("a", "modest"))
		if got := <-greedy[l.InstanceWaiting-1]; got.refusal == nil || got.refusal.Cause != admission.Instance || got.after != 0 {
			t.Errorf("the youngest of the greedy one gives way: %+v", got)
		}
		pass(time.Millisecond) // for which the greedy one is charged
		first.Done()
		if got := <-modest; got.ticket == nil {
			t.Errorf("%+v", got)
		}
	})
}

func TestAnInstancesQueueIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := small
		l.Slots = 1
		q := newQueue(l)
		enter(t, q, of("a", "u"))
		for range l.InstanceWaiting {
			enterLater(t, q, of("a", "u"))
		}
		if got := <-enterLater(t, q, of("a", "u")); got.refusal == nil || got.refusal.Cause != admission.Instance || got.after != 0 {
			t.Errorf("%+v", got)
		}
		pass(l.MaxWait)
		synctest.Wait()
	})
}

func TestTheMoreIsRefusedTheLaterToComeBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := small
		l.Slots, l.InstanceWaiting = 1, 1
		q := newQueue(l)
		ticket := enter(t, q, of("a", "u"))
		next := enterLater(t, q, of("a", "u"))
		var last time.Duration
		for n := range 10 {
			got := <-enterLater(t, q, of("a", "u"))
			if got.refusal == nil || got.refusal.After < last || got.refusal.After < time.Second || got.refusal.After > 30*time.Second {
				t.Fatalf("refusal %d: %+v after one of %v", n, got.refusal, last)
			}
			last = got.refusal.After
		}
		if last < 10*time.Second {
			t.Errorf("ten times too much, and come back after %v", last)
		}
		ticket.Done()
		(<-next).ticket.Done()
		pass(time.Minute)
		ticket = enter(t, q, of("a", "u"))
		defer ticket.Done()
		enterLater(t, q, of("a", "u"))
		if got := <-enterLater(t, q, of("a", "u")); got.refusal.After > 6100*time.Millisecond { // three offered, one admitted
			t.Errorf("a minute later the overload is forgotten: %v", got.refusal.After)
		}
		pass(time.Minute)
		synctest.Wait()
	})
}

func TestAWaiterThatGoesAwayLeavesTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := small
		l.Slots = 1
		q := newQueue(l)
		ticket := enter(t, q, of("a", "u"))
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan *admission.Refusal)
		go func() {
			_, refusal := q.Enter(ctx, of("a", "u"))
			done <- refusal
		}()
		synctest.Wait()
		cancel()
		if refusal := <-done; refusal == nil {
			t.Error("admitted without a slot")
		}
		if got := q.Load(); got.Waiting != 0 {
			t.Errorf("%+v", got)
		}
		ticket.Done()
	})
}

func TestCloseRefusesAllButWhatIsUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := small
		l.Slots = 1
		q := newQueue(l)
		ticket := enter(t, q, of("a", "u"))
		waiting := enterLater(t, q, of("a", "u"))
		q.Close()
		for _, c := range []<-chan outcome{waiting, enterLater(t, q, of("b", "u"))} {
			if got := <-c; got.refusal == nil || got.refusal.Cause != admission.Draining || got.after != 0 {
				t.Errorf("%+v", got)
			}
		}
		ticket.Leave()
		ticket.Return()
		ticket.Done()
		if got := q.Load(); got.Running != 0 || got.Waiting != 0 {
			t.Errorf("%+v", got)
		}
	})
}

func TestStrangersAreForgotten(t *testing.T) {
	q := newQueue(small)
	for i := range 50_000 {
		ticket, _ := q.Enter(t.Context(), of(fmt.Sprint("i", i), fmt.Sprint("u", i)))
		ticket.Done()
	}
	if got := q.Load(); got.Instances > 1000 {
		t.Errorf("%d instances are remembered", got.Instances)
	}
}

func TestAContextCarriesItsTicket(t *testing.T) {
	q := newQueue(small)
	admission.Wait(t.Context())() // without one nothing happens
	ticket, _ := q.Enter(t.Context(), of("a", "u"))
	ctx := context.WithoutCancel(admission.With(t.Context(), ticket))
	back := admission.Wait(ctx)
	if got := q.Load(); got.Running != 0 {
		t.Errorf("%+v", got)
	}
	back()
	if got := q.Load(); got.Running != 1 {
		t.Errorf("%+v", got)
	}
	ticket.Done()
	back()
	if got := q.Load(); got.Running != 0 {
		t.Errorf("a ticket that is done came back: %+v", got)
	}
}

// TestAlone: who computes while nobody else does, or waits to.
func TestAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(small)
		if admission.Alone(t.Context()) {
			t.Error("without a ticket nobody is known to be alone")
		}
		first := enter(t, q, of("a", "u"))
		ctx := admission.With(t.Context(), first)
		alone := func(want bool, when string) {
			t.Helper()
			if got := admission.Alone(ctx); got != want {
				t.Errorf("%s: alone %t", when, got)
			}
		}
		alone(true, "it is the only one")
		second := enter(t, q, of("b", "u"))
		alone(false, "another instance's is there")
		second.Leave()
		alone(true, "the other one waits for something else")
		second.Return()
		third := enterLater(t, q, of("b", "u"))
		second.Leave()
		alone(false, "the slot that was left is taken")
		(<-third).ticket.Done()
		second.Done()
		alone(true, "the others have ended")
		back := admission.Wait(ctx)
		alone(false, "it does not compute")
		back()
		first.Done()
		alone(false, "it is done")
	})
}

func BenchmarkEnterLeaveReturnDone(b *testing.B) {
	q := newQueue(admission.Limits{Slots: 8, PerInstance: 16, PerUser: 8, Waiting: 100, InstanceWaiting: 100, MaxWait: time.Second, ShortWait: time.Second, Standing: time.Second})
	for b.Loop() {
		ticket, _ := q.Enter(context.Background(), of("a", "u"))
		ticket.Leave()
		ticket.Return()
		ticket.Done()
	}
}
