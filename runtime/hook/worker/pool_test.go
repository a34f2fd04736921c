package worker_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"turnkey/runtime/hook"
	"turnkey/runtime/hook/worker"
)

// TestOutcomes: whatever a request does, it ends in a result or in one clear class, in time.
func TestOutcomes(t *testing.T) {
	p := newPool(t, nil)
	again := 0
	for _, c := range []struct {
		words  string
		class  hook.Class
		answer string
	}{
		{"echo hello", "", "hello"},
		{"env", "", "0"},
		{"hang", hook.ClassTimeout, ""},
		{"sleep 5000", hook.ClassTimeout, ""},
		{"alloc 1000", hook.ClassOutOfMemory, ""},
		{"hold 400", hook.ClassOutOfMemory, ""},
		{"hold 40", "", "40"},
		{"recurse", hook.ClassCrashed, ""},
		{"panic", hook.ClassCrashed, ""},
		{"exit 0", hook.ClassCrashed, ""},
		{"exit 7", hook.ClassCrashed, ""},
		{"big 100000", "", ""},
		{"big 10000000", hook.ClassCrashed, ""},
	} {
		t.Run(c.words, func(t *testing.T) {
			limit := 10 * time.Second // for what ends by itself, on whatever machine
			if c.class == hook.ClassTimeout {
				limit = 200 * time.Millisecond
			}
			var answer string
			var err error
			took := bestOf(5, 2*limit, func(try int) time.Duration { // each for another instance: none has to rest
				again += min(try, 1)
				began := time.Now()
				answer, err = asking(t.Context(), p, fmt.Sprint("instance ", try, " of ", c.words), worker.Request{Payload: []byte(c.words), CPU: limit})
				if took := time.Since(began); took < limit || classOf(t, err) == c.class {
					return took
				}
				return 3 * limit // the machine stood still until its end was due
			})
			if got := classOf(t, err); got != c.class {
				t.Fatalf("ended as %q after %s: %v", got, took, err)
			}
			if c.answer != "" && answer != c.answer {
				t.Errorf("answered %q", answer)
			}
			if took > 2*limit {
				t.Errorf("answered after %s, want within twice %s", took, limit)
			}
			if got := mustAsk(t, p, "neighbour", "echo fine"); got != "fine" {
				t.Errorf("a neighbour got %q", got)
			}
		})
	}
	s := p.Stats()
	if all := s.Deaths[hook.ClassTimeout] + s.Deaths[hook.ClassOutOfMemory] + s.Deaths[hook.ClassCrashed]; s.Deaths[hook.ClassTimeout] < 2 || s.Deaths[hook.ClassOutOfMemory] < 2 ||
		s.Deaths[hook.ClassCrashed] < 5 || all > int64(9+again) {
		t.Errorf("counted %+v", s)
	}
}

// TestAClosedPipe: what the runtime sees depends on whether the worker's own watch is just looking (then the kernel
// keeps the pipe open, and the deadline ends the request), so both ends are right. Waiting for ever is not.
func TestAClosedPipe(t *testing.T) {
	p := newPool(t, nil)
	for i := range 10 {
		_, err := ask(t.Context(), p, string(rune('a'+i)), "close")
		if got := classOf(t, err); got != hook.ClassTimeout && got != hook.ClassCrashed {
			t.Errorf("ended as %q: %v", got, err)
		}
	}
}

// TestOneShotAllocations: one giant allocation is the one that a limit on data alone lets through.
func TestOneShotAllocations(t *testing.T) {
	p := newPool(t, nil)
	for i := range 20 {
		_, err := ask(t.Context(), p, string(rune('a'+i)), "alloc 700")
		if got := classOf(t, err); got != hook.ClassOutOfMemory {
			t.Errorf("allocation %d ended as %q: %v", i, got, err)
		}
	}
}

// TestLateWorkersAreRetired: who was interrupted may be full of what it left behind, so it serves nobody any more.
func TestLateWorkersAreRetired(t *testing.T) {
	p := newPool(t, func(o *worker.Options) { o.Limits.Grace = 5 * time.Second }) // no kill, however busy the machine is
	for i, words := range []string{"spin", "retire x"} {
		name := string(rune('a' + i))
		mustAsk(t, p, name, "pid")
		mustAsk(t, p, name, words)
		if served := mustAsk(t, p, name, "pid"); served != "1" {
			t.Errorf("after %s the worker went on: this is its request %s", words, served)
		}
	}
	if s := p.Stats(); s.Interrupted != 2 {
		t.Errorf("counted %+v", s)
	}
}

// TestAWorkerIsLeasedForLife: one instance, one process; another instance, another.
func TestAWorkerIsLeasedForLife(t *testing.T) {
	p := newPool(t, nil)
	for i, want := range []string{"1", "2", "3"} {
		if got := mustAsk(t, p, "a", "pid"); got != want {
			t.Errorf("request %d of a is number %s of its worker", i, got)
		}
		if got := mustAsk(t, p, "b", "pid"); got != want {
			t.Errorf("request %d of b is number %s of its worker", i, got)
		}
	}
	if s := p.Stats(); s.Leased != 2 || s.Idle != 2 {
		t.Errorf("%d leased, %d idle", s.Leased, s.Idle)
	}
}

// TestProgramsAreLoadedOnce, and anew when they change.
func TestProgramsAreLoadedOnce(t *testing.T) {
	p := newPool(t, nil)
	run := func(code string) error {
		s, err := p.Session(t.Context(), "a", &hook.Program{Hash: hook.HashOf(code, ""), Code: code})
		if err != nil {
			return err
		}
		defer s.Close()
		_, err = s.Run(t.Context(), worker.Request{Payload: []byte("echo x")})
		return err
	}
	for _, code := range []string{"one", "one", "two"} {
		if err := run(code); err != nil {
			t.Fatalf("%s: %v", code, err)
		}
	}
	if got := classOf(t, run("broken")); got != hook.ClassCrashed {
		t.Errorf("a program that does not load ended as %q", got)
	}
	if err := run("one"); err != nil {
		t.Errorf("after a broken one: %v", err)
	}
	if s := p.Stats(); s.Loads != 4 {
		t.Errorf("%d loads", s.Loads)
	}
}

// TestContexts: who gives up gets the answer at once, and the worker ends with its request.
func TestContexts(t *testing.T) {
	p := newPool(t, func(o *worker.Options) { o.Limits.CPU = time.Minute })
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(30*time.Millisecond, cancel)
	began := time.Now()
	_, err := ask(ctx, p, "a", "hang")
	if got := classOf(t, err); got != hook.ClassAborted || time.Since(began) > 20*time.Second { // its limit is a minute
		t.Errorf("ended as %q after %s: %v", got, time.Since(began), err)
	}
	if got := mustAsk(t, p, "a", "pid"); got != "1" {
		t.Errorf("the worker went on")
	}
	if s := p.Stats(); len(s.Deaths) != 0 {
		t.Errorf("giving up counts as a death: %+v", s.Deaths)
	}
}

// TestCloseEndsEverything: also what is in the middle of something.
func TestCloseEndsEverything(t *testing.T) {
	p := newPool(t, func(o *worker.Options) { o.Limits.CPU = time.Minute })
	running := make(chan error, 3)
	for _, name := range []string{"a", "b", "c"} {
		go func() {
			_, err := ask(context.Background(), p, name, "hang")
			running <- err
		}()
	}
	eventually(t, "somebody runs", func() bool { return p.Stats().Running > 0 })
	p.Close()
	if left, err := children(); err != nil || len(left) > 0 {
		t.Errorf("processes are left after Close: %v, %v", left, err)
	}
	for range 3 {
		if got := classOf(t, <-running); got != hook.ClassUnavailable {
			t.Errorf("a run ended as %q", got)
		}
	}
	if _, err := ask(t.Context(), p, "a", "echo x"); classOf(t, err) != hook.ClassUnavailable {
		t.Errorf("a closed pool answered %v", err)
	}
}

// TestPrepare: an idle worker is told once, by the name of its instance, and then serves as ever.
func TestPrepare(t *testing.T) {
	p := newPool(t, nil)
	p.Prepare("a") // who has no worker has nothing to prepare
	for i := range 3 {
		if got := mustAsk(t, p, "a", "prepared"); got != fmt.Sprint(i) {
			t.Errorf("request %d: prepared %s times", i, got)
		}
		p.Prepare("b")
		p.Prepare("a")
		p.Prepare("a")
	}
	s, err := p.Session(t.Context(), "a", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	p.Prepare("a") // it is at work
	if got, err := s.Run(t.Context(), worker.Request{Payload: []byte("prepared")}); err != nil || string(got) != "3" {
		t.Errorf("prepared %s times, %v", got, err)
	}
}

// TestPrepareBehindTheAnswer: a request can have the worker prepare as soon as it has answered; then nobody needs to tell it.
func TestPrepareBehindTheAnswer(t *testing.T) {
	p := newPool(t, nil)
	for i := range 3 {
		got, err := asking(t.Context(), p, "a", worker.Request{Payload: []byte("prepared"), Prepare: true})
		if err != nil || got != fmt.Sprint(i) {
			t.Errorf("request %d: prepared %s times, %v", i, got, err)
		}
		p.Prepare("a")
	}
	if _, err := asking(t.Context(), p, "a", worker.Request{Payload: []byte("retire x"), Prepare: true}); err != nil {
		t.Error(err) // who is to serve nobody any more prepares nothing
	}
}
