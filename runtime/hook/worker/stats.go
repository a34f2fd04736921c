package worker

import (
	"maps"

	"turnkey/runtime/hook"
)

// Stats are counters since the pool was made, and gauges of this moment.
type Stats struct {
	Runs, Loads, Bundles int64
	Calls                int64                // back into the runtime
	Awake                int64                // runs that were waited for without going to sleep
	Interrupted          int64                // runs that ended at their soft deadline
	Deaths               map[hook.Class]int64 // of workers while they ran something
	KilledOutside        int64                // of those, by nobody we know
	Started              int64
	StartsFailed         int64
	Evicted              int64 // for another instance
	Recycled             int64 // worn out, or after an interruption
	IdleReaped           int64
	Opened               int64 // circuits
	Refused              int64 // sessions without a worker

	Limit                  int // of leased workers
	Spares, Leased, Idle   int
	Instances              int
	Running                int
	WaitingTurn, WaitingIn int // runs for their turn; transactions for a worker
}

// Stats gives them.
func (p *Pool) Stats() Stats {
	running, waiting := p.turns.counts()
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.stats
	s.Deaths = maps.Clone(p.stats.Deaths)
	s.Limit = p.opts.Sizes.Workers
	s.Spares, s.Leased, s.Instances, s.Running, s.WaitingTurn = len(p.spares), p.leased, len(p.instances), running, waiting
	for _, i := range p.instances {
		s.Idle += len(i.idle)
		s.WaitingIn += len(i.waiters)
	}
	return s
}
