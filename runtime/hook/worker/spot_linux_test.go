package worker

import (
	"errors"
	"os"
	"runtime"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

// subject is a thread that does nothing, by its number, until the test ends.
func subject(t *testing.T) int {
	t.Helper()
	number, ended := make(chan int), make(chan struct{})
	var threads sync.WaitGroup
	var stand func()
	stand = func() {
		runtime.LockOSThread()            // and not unlocked: it ends
		if unix.Gettid() == os.Getpid() { // whose number means all threads of this process
			defer runtime.UnlockOSThread()
			threads.Go(stand)
		} else {
			number <- unix.Gettid()
		}
		<-ended
	}
	threads.Go(stand)
	t.Cleanup(func() { close(ended); threads.Wait() })
	return <-number
}

func standsAt(t *testing.T, p *places, tid int) place {
	t.Helper()
	var set unix.CPUSet
	if err := unix.SchedGetaffinity(tid, &set); err != nil {
		t.Fatal(err)
	}
	for at := range p.all {
		if set == p.all[at] {
			return place(at)
		}
	}
	t.Fatalf("it may run on %v", set)
	return 0
}

// divided is places of two processors, where the machine has them: the same one twice counts as well, since only the masks are looked at.
func divided(t *testing.T) *places {
	t.Helper()
	p := newPlaces()
	if why := p.lost(); why != "" && p.all[anywhere].Count() > 1 {
		t.Fatal(why)
	}
	return p
}

// TestASpot: what works in the background is in the back half; while there is such work, brief requests are in the front half, as long as there is room.
func TestASpot(t *testing.T) {
	p := divided(t)
	if p.lost() != "" {
		if p.lost() != errAlone.Error() || p.room() != 0 {
			t.Errorf("on one processor: %s, room %d", p.lost(), p.room())
		}
		return
	}
	spots := map[string]*spot{}
	ready := func(name string) {
		tid := subject(t)
		spots[name] = newSpot(p, tid)
		p.put(tid, back) // where what is started is
	}
	ready("a")
	ready("b")
	for _, step := range []struct {
		what string
		do   func()
		a, b place
	}{
		{"both start", func() {}, back, back},
		{"a is ready", func() { spots["a"].keep(false) }, anywhere, back},
		{"b is, too", func() { spots["b"].keep(false) }, anywhere, anywhere},
		{"a brief request, nothing else", func() { spots["b"].enter() }, anywhere, anywhere},
		{"meanwhile a has run for long", func() { spots["a"].keep(true) }, back, front},
		{"and is done", func() { spots["a"].keep(false) }, anywhere, front},
		{"the brief request ends", func() { spots["b"].leave() }, anywhere, front},
		{"the next one, nothing else", func() { spots["b"].enter() }, anywhere, anywhere},
		{"it ends", func() { spots["b"].leave() }, anywhere, anywhere},
		{"a has run for long", func() { spots["a"].keep(true) }, back, anywhere},
		{"a brief request beside it", func() { spots["b"].enter() }, back, front},
		{"it ends and is likely to come again", func() { spots["b"].leave() }, back, front},
		{"b runs for long as well", func() { spots["b"].enter(); spots["b"].keep(true) }, back, back},
		{"and is done", func() { spots["b"].leave(); spots["b"].keep(false) }, back, anywhere},
		{"a is done", func() { spots["a"].keep(false) }, anywhere, anywhere},
		{"a is about to be killed", func() { spots["a"].doom() }, back, anywhere},
		{"a brief request meanwhile", func() { spots["b"].enter() }, back, front},
		{"its program does not matter any more", func() { spots["a"].keep(false); spots["a"].leave() }, back, front},
		{"a is gone", func() { spots["a"].bury() }, back, front},
		{"the next brief request", func() { spots["b"].leave(); spots["b"].enter() }, back, anywhere},
	} {
		step.do()
		if a, b := standsAt(t, p, spots["a"].pid), standsAt(t, p, spots["b"].pid); a != step.a || b != step.b {
			t.Errorf("%s: a in place %d, b in %d, want %d and %d", step.what, a, b, step.a, step.b)
		}
	}
	spots["b"].bury()
	if p.work != 0 || len(p.brief) != 0 {
		t.Errorf("%d at work, %d brief requests", p.work, len(p.brief))
	}
}

// TestRoom: more brief requests than the front has processors may be anywhere, whatever goes on in the back.
func TestRoom(t *testing.T) {
	p := divided(t)
	if p.lost() != "" {
		return // TestASpot says what is to be
	}
	newSpot(p, subject(t)) // it starts
	for i := range p.room() + 1 {
		s := newSpot(p, subject(t))
		s.keep(false)
		s.enter()
		want := front
		if i == p.room() {
			want = anywhere
		}
		if got := standsAt(t, p, s.pid); got != want {
			t.Errorf("request %d is in place %d, want %d", i, got, want)
		}
	}
}

// TestRefusedPlaces: whoever is refused once keeps nobody anywhere any more, and says why. A worker that is gone is no refusal.
func TestRefusedPlaces(t *testing.T) {
	p := divided(t)
	before := p.lost()
	p.put(1<<22+1, back) // no process has such a number
	if p.lost() != before {
		t.Errorf("a worker that is gone: %q", p.lost())
	}
	first := p.refuse(errors.New("forbidden here"))
	if again := p.refuse(errors.New("once more")); again || first != (before == "") {
		t.Errorf("refused: new %t, then %t", first, again)
	}
	if before == "" && p.lost() != "forbidden here" {
		t.Errorf("it says %q", p.lost())
	}
	tid := subject(t)
	p.put(tid, back)
	if got := standsAt(t, p, tid); got != anywhere {
		t.Errorf("it was put in place %d", got)
	}
	if err := p.behind(func() error {
		if got := standsAt(t, p, 0); got != anywhere {
			t.Errorf("what starts is in place %d", got)
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
}
