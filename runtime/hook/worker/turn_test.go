package worker

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"turnkey/runtime/hook"
)

// still is a clock that the test moves.
type still struct {
	mu  sync.Mutex
	now time.Time
}

func (s *still) Now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

func (s *still) advance(d time.Duration) {
	s.mu.Lock()
	s.now = s.now.Add(d)
	s.mu.Unlock()
}

func someTurns(slots int) (*turns, *still) {
	c := &still{now: time.Unix(1_800_000_000, 0)}
	return newTurns(Sizes{Running: slots, Suspects: 1, Waiting: 5, Idle: time.Minute}, c.Now), c
}

// queue puts a waiter in and returns where its turn will arrive.
func queue(t *testing.T, ts *turns, name string) <-chan *turn {
	t.Helper()
	_, before := ts.counts()
	got := make(chan *turn, 1)
	go func() {
		u, failure := ts.enter(context.Background(), name, time.Minute)
		if failure != nil {
			u = nil
		}
		got <- u
	}()
	for {
		if _, now := ts.counts(); now > before {
			return got
		}
		if len(got) > 0 {
			return got
		}
	}
}

func entered(t *testing.T, ts *turns, name string) *turn {
	t.Helper()
	u, failure := ts.enter(context.Background(), name, time.Minute)
	if failure != nil {
		t.Fatalf("%s: %v", name, failure)
	}
	return u
}

// TestTurnsAreFair: after an instance has computed long, the others go first, whoever asked first.
func TestTurnsAreFair(t *testing.T) {
	ts, c := someTurns(1)
	u := entered(t, ts, "greedy")
	waiting := map[string]<-chan *turn{}
	for i := range 3 {
		waiting[fmt.Sprint("greedy", i)] = queue(t, ts, "greedy")
	}
	waiting["modest"] = queue(t, ts, "modest")
	c.advance(100 * time.Millisecond)
	u.leave(false, time.Minute)
	next := <-waiting["modest"]
	c.advance(time.Millisecond)
	next.leave(false, time.Minute)
	for i := range 3 {
		u := <-waiting[fmt.Sprint("greedy", i)]
		u.leave(false, time.Minute)
	}
	if running, waiting := ts.counts(); running != 0 || waiting != 0 {
		t.Errorf("%d running, %d waiting", running, waiting)
	}
}

// TestSuspectsShareASlot: the other slots are for those who finish.
func TestSuspectsShareASlot(t *testing.T) {
	ts, c := someTurns(2)
	for _, name := range []string{"loop1", "loop2"} {
		entered(t, ts, name).leave(true, time.Minute)
	}
	first := entered(t, ts, "loop1")
	second := queue(t, ts, "loop2")
	healthy := entered(t, ts, "healthy")
	healthy.leave(false, time.Minute)
	select {
	case <-second:
		t.Fatal("two suspects run at once")
	default:
	}
	first.leave(true, time.Minute)
	(<-second).leave(true, time.Minute)
	c.advance(time.Minute)
	a, b := entered(t, ts, "loop1"), entered(t, ts, "loop2") // forgiven: both at once
	a.leave(false, time.Minute)
	b.leave(false, time.Minute)
}

// TestPausedTurns: whoever waits for the runtime holds no slot, and comes back without waiting.
func TestPausedTurns(t *testing.T) {
	ts, _ := someTurns(1)
	u := entered(t, ts, "a")
	u.pause()
	other := entered(t, ts, "b")
	u.resume() // one more than there are slots: it may hold locks
	if running, _ := ts.counts(); running != 2 {
		t.Errorf("%d running", running)
	}
	u.leave(false, time.Minute)
	other.leave(false, time.Minute)
	u = entered(t, ts, "a")
	u.pause()
	u.leave(false, time.Minute) // ended while paused
	if running, _ := ts.counts(); running != 0 {
		t.Errorf("%d running", running)
	}
}

// TestTurnsEnd: with the context, with the time, with the line's room, with the pool.
func TestTurnsEnd(t *testing.T) {
	ts, c := someTurns(1)
	u := entered(t, ts, "a")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, f := ts.enter(ctx, "b", time.Minute); f == nil || f.Class != hook.ClassAborted {
		t.Errorf("with the context: %v", f)
	}
	if _, f := ts.enter(context.Background(), "b", time.Millisecond); f == nil || f.Class != hook.ClassUnavailable || f.RetryAfter <= 0 {
		t.Errorf("with the time: %v", f)
	}
	var waiting []<-chan *turn
	for range 5 {
		waiting = append(waiting, queue(t, ts, "b"))
	}
	if _, f := ts.enter(context.Background(), "b", time.Minute); f == nil || f.Class != hook.ClassUnavailable {
		t.Errorf("the sixth: %v", f)
	}
	ts.close()
	for _, w := range waiting {
		if u := <-w; u != nil {
			t.Error("a turn of a closed pool")
		}
	}
	u.leave(false, time.Minute)
	c.advance(2 * time.Minute)
	ts.sweep()
	if len(ts.lines) != 0 {
		t.Errorf("%d lines are kept", len(ts.lines))
	}
}
