package worker

import (
	"context"
	"time"
)

const (
	firstPause   = 100 * time.Millisecond
	longestPause = time.Second
	// lingering is longer than a first run takes, with loading, and short beside the time between new instances.
	lingering = 20 * time.Millisecond
	// idleTimes is how many idle times without a session end the spares, too.
	idleTimes = 10
)

// fill keeps the spares warm, one start at a time: a start is five milliseconds of a processor, and a storm of
// them would take it from those who serve.
func (p *Pool) fill(ctx context.Context) error {
	for {
		for p.wants() {
			if !p.linger(ctx) {
				return nil
			}
			w, err := p.launch(ctx, p.opts.Limits, niceRun)
			if pause := p.filled(w, err); pause > 0 && !sleep(ctx, pause) {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-p.wake:
		}
	}
}

// linger waits for a moment while there is a spare: whoever took the last one is at its first run, and a start would share its place in the back.
// It says whether to go on.
func (p *Pool) linger(ctx context.Context) bool {
	t := time.NewTimer(lingering)
	defer t.Stop()
	for p.hasSpares() {
		select {
		case <-ctx.Done():
			return false
		case <-t.C:
			return true
		case <-p.wake:
		}
	}
	return true
}

func (p *Pool) hasSpares() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.spares) > 0
}

// wants says whether one more worker should be started.
func (p *Pool) wants() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || p.used.IsZero() {
		return false
	}
	missing := max(p.opts.Sizes.Spares, 0) - len(p.spares)
	for _, i := range p.lines {
		if p.mayHaveMore(i) {
			missing = max(missing, 1-len(p.spares))
		}
	}
	return missing > 0
}

// filled takes a started worker in; it says how long to wait before the next try.
func (p *Pool) filled(w *process, err error) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lastError = err
	if p.closed {
		return 0
	}
	if err != nil {
		p.failures++
		p.opts.Log.Error("a worker did not start", "error", err, "in a row", p.failures)
		return min(firstPause<<min(p.failures-1, 10), longestPause)
	}
	p.failures = 0
	p.spares = append(p.spares, w)
	p.dispatch()
	return 0
}

func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
