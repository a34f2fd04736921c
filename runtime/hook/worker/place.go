package worker

import "sync"

// places divides the processors: what starts, bundles, was a suspect, runs for long, or dies is kept to the back half. What is ready and brief
// may have all, but while there is such work, and the front has room, only the front. A priority alone does not do: whoever wakes
// where something is being started, ended or given memory waits for the kernel, which does not interrupt itself, though the other processor may have nothing to do.
type places struct {
	masks

	mu      sync.Mutex
	work    int                // how many are at work in the back
	brief   map[*spot]struct{} // those with a brief request under way
	divided bool               // there is such work, and the front has room for those
}

// place is where a worker's threads may be.
type place int

const (
	anywhere place = iota
	front
	back
)

// spot is one worker's. It alone knows where the worker belongs. Everything in it is under the lock of all places.
type spot struct {
	places *places
	pid    int

	kept   bool // to the back
	dying  bool
	gone   bool
	busy   bool // counted as work in the back
	inside bool // counted as a brief request
	at     place
}

// newSpot is that of a worker that is being started.
func newSpot(p *places, pid int) *spot {
	s := &spot{places: p, pid: pid, kept: true, busy: true, at: back}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.work++
	p.divide()
	return s
}

// keep keeps the worker to the back, or no longer.
func (s *spot) keep(kept bool) { s.change(func() { s.kept = kept }) }

// enter is the start of a request that is expected to be brief, leave the end of any.
func (s *spot) enter() { s.change(func() { s.inside = true }) }
func (s *spot) leave() { s.change(func() { s.inside = false }) }

// doom is for one that is about to be killed: its memory is taken from it in the back, by whichever thread ends last.
func (s *spot) doom() {
	s.change(func() { s.dying = true })
	for _, tid := range threadsOf(s.pid) {
		s.places.put(tid, back)
	}
}

// bury is for one that is gone.
func (s *spot) bury() { s.change(func() { s.gone = true }) }

// change makes a change, counts, and puts the worker where it belongs now.
func (s *spot) change(do func()) {
	p := s.places
	p.mu.Lock()
	defer p.mu.Unlock()
	do()
	busy := (s.kept || s.dying) && !s.gone
	p.work += number(busy) - number(s.busy)
	s.busy = busy
	if s.inside && !s.gone {
		p.brief[s] = struct{}{}
	} else {
		delete(p.brief, s)
	}
	p.divide()
	s.settle()
}

// divide looks whether the processors are divided at present; who is at a brief request when they become so is in the way where it is.
func (p *places) divide() {
	was := p.divided
	if p.divided = p.work > 0 && len(p.brief) <= p.room(); p.divided && !was {
		for s := range p.brief { // as many as the front has room for
			s.settle()
		}
	}
}

// settle puts all threads of the worker where they belong: its collector is waited for as its hooks are.
func (s *spot) settle() {
	to := anywhere
	switch {
	case s.gone:
		return
	case s.busy:
		to = back
	case s.inside && s.places.divided:
		to = front
	case s.at == front && !s.inside: // it will most likely be there again
		return
	}
	if to == s.at {
		return
	}
	s.at = to
	s.places.put(s.pid, to)
	for _, tid := range threadsOf(s.pid) {
		s.places.put(tid, to)
	}
}

func number(is bool) int {
	if is {
		return 1
	}
	return 0
}
