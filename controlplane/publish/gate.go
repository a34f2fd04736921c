package publish

import (
	"context"
	"slices"
	"sync"

	"turnkey/runtime/hook"
)

// gate lets few jobs of workers run at once, and organizations in turn: one that has many instances compiled at the
// same time waits for itself, and not others for it. A place that is free goes to whoever has the fewest, of those to
// whoever had its turn longest ago. One instance has one place at a time.
type gate struct {
	mu      sync.Mutex
	free    int
	lines   []*line // of the organizations that have somebody waiting or running; the one to be asked first first
	running map[string]bool
}

// line is one organization's.
type line struct {
	owner   string
	running int
	waiting []*entrant
}

type entrant struct {
	line     *line
	instance string
	in       chan struct{} // closed when it has a place
}

func newGate(places int) *gate { return &gate{free: places, running: map[string]bool{}} }

// enter waits for a place; leave gives it back.
func (g *gate) enter(ctx context.Context, owner, instance string) (leave func(), err error) {
	e := g.ask(owner, instance)
	select {
	case <-e.in:
	case <-ctx.Done():
		if g.gone(e) {
			return nil, context.Cause(ctx)
		}
	}
	return func() { g.left(e) }, nil
}

// ask stands in line.
func (g *gate) ask(owner, instance string) *entrant {
	g.mu.Lock()
	defer g.mu.Unlock()
	e := &entrant{line: g.line(owner), instance: instance, in: make(chan struct{})}
	e.line.waiting = append(e.line.waiting, e)
	g.dispatch()
	return e
}

// gone leaves the line; false: it has just got a place.
func (g *gate) gone(e *entrant) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	at := slices.Index(e.line.waiting, e)
	if at < 0 {
		return false
	}
	e.line.waiting = slices.Delete(e.line.waiting, at, at+1)
	g.forget(e.line)
	return true
}

// left gives a place back.
func (g *gate) left(e *entrant) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.free++
	e.line.running--
	delete(g.running, e.instance)
	g.dispatch()
	g.forget(e.line)
}

// line is an organization's, made if need be. The lock is held, here and below.
func (g *gate) line(owner string) *line {
	for _, l := range g.lines {
		if l.owner == owner {
			return l
		}
	}
	l := &line{owner: owner}
	g.lines = append(g.lines, l)
	return l
}

func (g *gate) forget(l *line) {
	if l.running == 0 && len(l.waiting) == 0 {
		g.lines = slices.DeleteFunc(g.lines, func(other *line) bool { return other == l })
	}
}

// dispatch gives places away.
func (g *gate) dispatch() {
	for g.free > 0 {
		var best *line
		var first int // of its waiting: the one that may run
		for _, l := range g.lines {
			at := slices.IndexFunc(l.waiting, func(e *entrant) bool { return !g.running[e.instance] })
			if at >= 0 && (best == nil || l.running < best.running) {
				best, first = l, at
			}
		}
		if best == nil {
			return
		}
		e := best.waiting[first]
		best.waiting = slices.Delete(best.waiting, first, first+1)
		best.running++
		g.free--
		g.running[e.instance] = true
		close(e.in)
		g.lines = append(slices.DeleteFunc(g.lines, func(l *line) bool { return l == best }), best)
	}
}

// queued are workers behind a gate, for one draft.
type queued struct {
	Workers
	gate  *gate
	owner string
}

// Bundle implements Workers.
func (q queued) Bundle(ctx context.Context, instance string, b hook.Bundle) (*hook.Bundled, error) {
	leave, err := q.gate.enter(ctx, q.owner, instance)
	if err != nil {
		return nil, err
	}
	defer leave()
	return q.Workers.Bundle(ctx, instance, b)
}

// Test implements Workers.
func (q queued) Test(ctx context.Context, instance string, t hook.Test) (*hook.Tested, error) {
	leave, err := q.gate.enter(ctx, q.owner, instance)
	if err != nil {
		return nil, err
	}
	defer leave()
	return q.Workers.Test(ctx, instance, t)
}
