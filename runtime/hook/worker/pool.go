package worker

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"time"

	"turnkey/internal/fault"
	"turnkey/internal/lifecycle"
	"turnkey/runtime/hook"
)

// Pool owns every worker process of a runtime. Its methods are safe for concurrent use.
type Pool struct {
	opts   Options
	start  *launcher
	turns  *turns
	jobs   *jobs
	group  *lifecycle.Group
	wake   chan struct{} // tells the filler to look
	reaped sync.WaitGroup
	// watchful: there is a processor for a worker while somebody waits for it awake.
	watchful bool

	mu        sync.Mutex
	closed    bool
	processes map[*process]struct{} // all of them, for Close
	spares    []*process
	leased    int
	instances map[string]*instance
	lines     []*instance // those with waiters, the one to be served next first
	used      time.Time   // when a session was last asked for; zero: never
	failures  int         // starts that failed in a row
	lastError error
	stats     Stats
	told      func(Kill) // of deaths; nil: nobody is
}

// Kill is a worker that its session's program cost.
type Kill struct {
	Session string // its name
	Class   hook.Class
	Outside bool   // nobody of us and nothing in the program ended it
	Detail  string // for logs: it may quote the program
}

// Watch has somebody told of each kill from now on. It must neither wait nor call the pool.
func (p *Pool) Watch(told func(Kill)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.told = told
}

// instance is what the pool knows of one.
type instance struct {
	name     string
	workers  int        // leased to it
	idle     []*process // of those, the ones without a session; the last used last
	waiters  []*waiter
	circuits circuits
}

// waiter is a transaction in want of a worker.
type waiter struct {
	ready chan struct{}
	got   *process
}

// New makes a pool. It starts no process before the first session, Require or Layers. The owner calls Close.
func New(opts Options) (*Pool, error) {
	opts = opts.withDefaults()
	if opts.Binary == "" {
		binary, err := ownBinary()
		if err != nil {
			return nil, fault.Wrap(err, fault.Internal, "sandbox_binary", "The program cannot find itself to start workers.")
		}
		opts.Binary = binary
	}
	p := &Pool{
		watchful: runtime.GOMAXPROCS(0) > 1 && runtime.NumCPU() > 1,
		opts:     opts, turns: newTurns(opts.Sizes, opts.Now), jobs: newJobs(opts.Bundles.Running), wake: make(chan struct{}, 1),
		group: lifecycle.NewGroup(context.Background(), opts.Log), processes: map[*process]struct{}{}, instances: map[string]*instance{},
	}
	p.start = newLauncher(opts, p.reap)
	p.stats.Deaths = map[hook.Class]int64{}
	p.group.Go("keep spare workers", p.fill)
	p.group.Go("sweep workers", p.sweepEverySecond)
	return p, nil
}

// Close ends every worker and waits for all of them. Sessions that are open fail.
func (p *Pool) Close() {
	p.mu.Lock()
	p.closed = true
	for _, i := range p.lines {
		for _, w := range i.waiters {
			close(w.ready)
		}
		i.waiters = nil
	}
	p.lines = nil
	for w := range p.processes {
		w.end(hook.ClassUnavailable, "the runtime ends")
	}
	p.mu.Unlock()
	p.turns.close()
	p.start.forks.close()
	p.group.Stop()
	p.reaped.Wait()
}

// reap waits for a process in a goroutine of its own.
func (p *Pool) reap(wait func()) {
	p.reaped.Add(1)
	go func() {
		defer p.reaped.Done()
		wait()
	}()
}

// launch starts a worker that the pool owns until it is gone.
func (p *Pool) launch(ctx context.Context, limits Limits, nice int) (*process, error) {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return nil, errClosed
	}
	p.reaped.Add(1) // Close waits for this start, too
	p.mu.Unlock()
	defer p.reaped.Done()
	w, err := p.start.start(ctx, limits, nice)
	p.mu.Lock()
	defer p.mu.Unlock()
	if err != nil {
		p.stats.StartsFailed++
		return nil, err
	}
	p.stats.Started++
	if p.closed {
		w.end(hook.ClassUnavailable, "the runtime ends")
		return nil, errClosed
	}
	p.processes[w] = struct{}{}
	p.reap(func() {
		<-w.gone
		p.exited(w)
	})
	return w, nil
}

var errClosed = errors.New("the pool is closed")

// exited forgets a process. One that a session holds is the session's to report.
func (p *Pool) exited(w *process) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.processes, w)
	if p.closed {
		return
	}
	if at := slices.Index(p.spares, w); at >= 0 {
		p.spares = slices.Delete(p.spares, at, at+1)
		p.opts.Log.Warn("a spare worker ended", "how", w.death.detail)
		p.refill()
	}
	for _, i := range p.instances {
		if at := slices.Index(i.idle, w); at >= 0 {
			i.idle = slices.Delete(i.idle, at, at+1)
			p.unlease(i)
		}
	}
}

// unlease gives a place back. The lock is held.
func (p *Pool) unlease(i *instance) {
	i.workers--
	p.leased--
	p.dispatch()
}

// refill tells the filler when there is something to do for it. The lock is held.
func (p *Pool) refill() {
	if len(p.lines) == 0 && len(p.spares) >= p.opts.Sizes.Spares {
		return
	}
	select {
	case p.wake <- struct{}{}:
	default: // it will look anyway
	}
}

// acquire gives a worker of the instance, leased to it for life, to run a program (its hash).
func (p *Pool) acquire(ctx context.Context, name, program string) (*process, *instance, error) {
	p.mu.Lock()
	i, failure := p.admit(ctx, name, program)
	if failure != nil {
		p.mu.Unlock()
		return nil, nil, failure
	}
	if len(i.waiters) == 0 { // the common case: one is there
		if w := p.workerFor(i); w != nil {
			p.refill()
			p.mu.Unlock()
			return w, i, nil
		}
		p.lines = append(p.lines, i)
	}
	w := &waiter{ready: make(chan struct{})}
	i.waiters = append(i.waiters, w)
	p.dispatch()
	p.mu.Unlock()
	timer := time.NewTimer(p.opts.Sizes.MaxWait)
	defer timer.Stop()
	select {
	case <-w.ready:
	case <-ctx.Done():
	case <-timer.C:
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if w.got != nil {
		if ctx.Err() != nil {
			p.giveBack(i, w.got)
			return nil, nil, aborted(ctx)
		}
		return w.got, i, nil
	}
	p.leaveLine(i, w)
	if ctx.Err() != nil {
		return nil, nil, aborted(ctx)
	}
	p.stats.Refused++
	return nil, nil, unavailable("No worker was free in time.", p.opts.Sizes.MaxWait, p.lastError)
}

// admit finds the instance and says whether it may ask for a worker at all. The lock is held.
func (p *Pool) admit(ctx context.Context, name, program string) (*instance, *Failure) {
	if p.closed {
		return nil, unavailable("The runtime ends.", time.Second, errClosed)
	}
	now := p.opts.Now()
	p.used = now
	i := p.instances[name]
	if i == nil {
		i = &instance{name: name}
		p.instances[name] = i
	}
	if wait := i.circuits.closedIn(program, now); wait > 0 && ctx.Value(retrying{}) == nil {
		p.stats.Refused++
		return nil, unavailable("This instance's hooks keep ending their workers; they rest for a while.", wait, nil)
	}
	if len(i.waiters) >= p.opts.Sizes.Waiting {
		p.stats.Refused++
		return nil, unavailable("Too many transactions of this instance wait for a worker.", p.opts.Sizes.MaxWait, nil)
	}
	return i, nil
}

// leaveLine takes a waiter out of its line. The lock is held.
func (p *Pool) leaveLine(i *instance, w *waiter) {
	i.waiters = slices.DeleteFunc(i.waiters, func(other *waiter) bool { return other == w })
	if len(i.waiters) == 0 {
		p.lines = slices.DeleteFunc(p.lines, func(other *instance) bool { return other == i })
	}
}

// dispatch hands workers to those who wait, one to each instance in turn. The lock is held.
func (p *Pool) dispatch() {
	defer p.refill()
	for served := true; served; {
		served = false
		for at := 0; at < len(p.lines); at++ {
			i := p.lines[at]
			w := p.workerFor(i)
			if w == nil {
				continue
			}
			first := i.waiters[0]
			i.waiters = i.waiters[1:]
			first.got = w
			close(first.ready)
			served = true
			p.lines = slices.Delete(p.lines, at, at+1)
			if len(i.waiters) > 0 {
				p.lines = append(p.lines, i)
			}
			at--
		}
	}
}

// workerFor takes an idle worker of the instance, else a spare if it may have one more.
func (p *Pool) workerFor(i *instance) *process {
	for len(i.idle) > 0 {
		w := i.idle[len(i.idle)-1]
		i.idle = i.idle[:len(i.idle)-1]
		if !w.dead() {
			return w
		}
		i.workers--
		p.leased--
	}
	if !p.mayHaveMore(i) {
		return nil
	}
	for len(p.spares) > 0 {
		w := p.spares[0]
		p.spares = p.spares[1:]
		if w.dead() {
			continue
		}
		if p.leased >= p.opts.Sizes.Workers {
			p.evict()
		}
		i.workers++
		p.leased++
		w.leased = p.opts.Now()
		return w
	}
	return nil
}

// mayHaveMore: there is room, or somebody's idle worker can make some.
func (p *Pool) mayHaveMore(i *instance) bool {
	return i.workers < p.opts.Sizes.PerInstance && (p.leased < p.opts.Sizes.Workers || p.leastUsed() != nil)
}

// leastUsed is the instance with the worker that has been idle for longest.
func (p *Pool) leastUsed() (least *instance) {
	for _, i := range p.instances {
		if len(i.idle) > 0 && (least == nil || i.idle[0].idle.Before(least.idle[0].idle)) {
			least = i
		}
	}
	return least
}

// evict ends that worker.
func (p *Pool) evict() {
	i := p.leastUsed()
	w := i.idle[0]
	i.idle = i.idle[1:]
	i.workers--
	p.leased--
	p.stats.Evicted++
	w.end(hook.ClassUnavailable, "made room for another instance")
}

// giveBack ends a lease of a session; what is worn out or gone is not kept. The lock is held.
func (p *Pool) giveBack(i *instance, w *process) {
	now := p.opts.Now()
	switch {
	case p.closed || w.dead():
	case w.tired || w.served >= p.opts.Sizes.Calls || now.Sub(w.leased) >= p.opts.Sizes.Age:
		p.stats.Recycled++
		w.end(hook.ClassUnavailable, "recycled")
	default:
		w.idle = now
		i.idle = append(i.idle, w)
		p.dispatch()
		return
	}
	p.unlease(i)
}

// buried counts how a session's worker ended. The lock is held.
func (p *Pool) buried(i *instance, program string, d death) {
	switch {
	case d.class == "" || d.class == hook.ClassAborted || d.class == hook.ClassUnavailable: // our own doing
		return
	case d.outside:
		p.stats.KilledOutside++
	}
	p.stats.Deaths[d.class]++
	if p.told != nil {
		p.told(Kill{i.name, d.class, d.outside, d.detail})
	}
	if d.outside {
		return
	}
	if rest := i.circuits.died(program, p.opts.Now()); rest > 0 {
		p.stats.Opened++
		p.opts.Log.Warn("hooks of an instance rest: they keep ending their workers", "instance", i.name, "for", rest.String())
	}
}
