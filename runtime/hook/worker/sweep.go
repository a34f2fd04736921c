package worker

import (
	"context"
	"time"

	"turnkey/runtime/hook"
)

func (p *Pool) sweepEverySecond(ctx context.Context) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			p.Sweep()
		}
	}
}

// Sweep ends workers that nobody used for a while or that are old, and forgets instances without any. The
// pool does it every second; tests with a clock of their own call it.
func (p *Pool) Sweep() {
	p.turns.sweep()
	if p.sweep() {
		p.start.forks.rest()
	}
}

// sweep reports that hooks are not in use any more.
func (p *Pool) sweep() (unused bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.opts.Now()
	for name, i := range p.instances {
		p.sweepInstance(i, now)
		if i.workers == 0 && len(i.waiters) == 0 && i.circuits.quiet(now) {
			delete(p.instances, name)
		}
	}
	if !p.used.IsZero() && p.leased == 0 && now.Sub(p.used) >= idleTimes*p.opts.Sizes.Idle {
		p.used = time.Time{} // hooks are not in use any more: no spares until they are
		for _, w := range p.spares {
			p.stats.IdleReaped++
			w.end(hook.ClassUnavailable, "idle")
		}
		p.spares = nil
		return true
	}
	return false
}

func (p *Pool) sweepInstance(i *instance, now time.Time) {
	keep := i.idle[:0]
	ended := 0
	for _, w := range i.idle {
		switch {
		case now.Sub(w.idle) >= p.opts.Sizes.Idle:
			p.stats.IdleReaped++
			w.end(hook.ClassUnavailable, "idle")
			ended++
		case now.Sub(w.leased) >= p.opts.Sizes.Age:
			p.stats.Recycled++
			w.end(hook.ClassUnavailable, "recycled")
			ended++
		default:
			keep = append(keep, w)
		}
	}
	i.idle = keep
	for range ended {
		p.unlease(i)
	}
}
