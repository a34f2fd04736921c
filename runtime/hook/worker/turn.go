package worker

import (
	"context"
	"slices"
	"sync"
	"time"
)

// turns decides which instance's worker computes next. Each instance has a line of its own and pays for the
// time that its turns took: who has paid least goes next, so that one instance with a thousand slow
// runs costs another one turn of waiting. Instances that hit a deadline lately share fewer slots: their loops
// burn a whole turn each, and all slots full of them would be a wait of that length for everybody else.
type turns struct {
	slots, suspects int
	maxWaiting      int
	now             func() time.Time

	mu       sync.Mutex
	closed   bool
	running  int
	looping  int // of running, those of suspects
	waiting  int
	virtual  time.Duration // what the last line to be served had paid
	lines    map[string]*line
	inactive time.Duration // after which a line is forgotten
}

// line is one instance's.
type line struct {
	paid    time.Duration
	waiters []*turnWaiter
	running int
	suspect time.Time // until
	used    time.Time
}

type turnWaiter struct {
	ready chan struct{}
	turn  *turn
}

// turn is the right to compute. Pause gives it back while the program waits for the runtime; resume takes
// it again without waiting, because whoever waits for the program may hold locks in a database.
type turn struct {
	of      *turns
	line    *line
	suspect bool
	since   time.Time
	paused  bool
}

func newTurns(s Sizes, now func() time.Time) *turns {
	return &turns{slots: s.Running, suspects: s.Suspects, maxWaiting: s.Waiting, now: now, lines: map[string]*line{}, inactive: s.Idle}
}

// enter waits for a turn of the instance.
func (t *turns) enter(ctx context.Context, instance string, maxWait time.Duration) (*turn, *Failure) {
	t.mu.Lock()
	l := t.line(instance)
	if len(l.waiters) >= t.maxWaiting || t.closed {
		t.mu.Unlock()
		return nil, unavailable("Too many hooks of this instance wait for their turn.", maxWait, nil)
	}
	w := &turnWaiter{ready: make(chan struct{})}
	l.waiters = append(l.waiters, w)
	t.waiting++
	t.serve()
	t.mu.Unlock()
	if w.served() {
		return w.turn, nil
	}
	timer := time.NewTimer(maxWait)
	defer timer.Stop()
	select {
	case <-w.ready:
	case <-ctx.Done():
	case <-timer.C:
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case w.turn != nil:
		return w.turn, nil
	case !w.served(): // not sent away by close
		l.waiters = slices.DeleteFunc(l.waiters, func(other *turnWaiter) bool { return other == w })
		t.waiting--
	}
	if ctx.Err() != nil {
		return nil, aborted(ctx)
	}
	return nil, unavailable("The machine is busy with other hooks.", maxWait, nil)
}

func (w *turnWaiter) served() bool {
	select {
	case <-w.ready:
		return true
	default:
		return false
	}
}

// line finds an instance's line. One that was idle starts where the others are: idleness saves nothing up.
func (t *turns) line(instance string) *line {
	l := t.lines[instance]
	if l == nil {
		l = &line{}
		t.lines[instance] = l
	}
	if l.running == 0 && len(l.waiters) == 0 {
		l.paid = max(l.paid, t.virtual)
	}
	l.used = t.now()
	return l
}

// serve hands out turns while there are slots. The lock is held.
func (t *turns) serve() {
	for t.running < t.slots {
		var next *line
		suspect := false
		for _, l := range t.lines {
			if len(l.waiters) == 0 || next != nil && l.paid >= next.paid {
				continue
			}
			s := l.suspect.After(t.now())
			if s && t.looping >= t.suspects {
				continue
			}
			next, suspect = l, s
		}
		if next == nil {
			return
		}
		w := next.waiters[0]
		next.waiters = next.waiters[1:]
		t.waiting--
		t.virtual = max(t.virtual, next.paid)
		w.turn = &turn{of: t, line: next, suspect: suspect}
		w.turn.start()
		close(w.ready)
	}
}

// start takes the slot; the lock is held.
func (u *turn) start() {
	u.of.running++
	u.line.running++
	if u.suspect {
		u.of.looping++
	}
	u.since, u.paused = u.of.now(), false
}

// stop gives it back and pays.
func (u *turn) stop() {
	u.of.running--
	u.line.running--
	if u.suspect {
		u.of.looping--
	}
	u.line.paid += max(u.of.now().Sub(u.since), 0)
	u.line.used = u.of.now()
	u.paused = true
	u.of.serve()
}

func (u *turn) pause() {
	if u == nil { // a bundle's worker has no turn
		return
	}
	u.of.mu.Lock()
	defer u.of.mu.Unlock()
	u.stop()
}

func (u *turn) resume() {
	if u == nil {
		return
	}
	u.of.mu.Lock()
	defer u.of.mu.Unlock()
	u.start()
}

// leave ends the turn. looped says that it hit a deadline.
func (u *turn) leave(looped bool, suspicion time.Duration) {
	u.of.mu.Lock()
	defer u.of.mu.Unlock()
	if looped {
		u.line.suspect = u.of.now().Add(suspicion)
	}
	if !u.paused {
		u.stop()
	}
}

// sweep forgets instances that have been away; what they paid for is long over.
func (t *turns) sweep() {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	for name, l := range t.lines {
		if len(l.waiters) == 0 && l.running == 0 && !l.suspect.After(now) && now.Sub(l.used) > t.inactive {
			delete(t.lines, name)
		}
	}
}

// close sends everybody away who waits.
func (t *turns) close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = true
	for _, l := range t.lines {
		for _, w := range l.waiters {
			close(w.ready)
		}
		t.waiting -= len(l.waiters)
		l.waiters = nil
	}
}

func (t *turns) counts() (running, waiting int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.running, t.waiting
}
