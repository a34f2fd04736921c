package worker

import "sync"

// places divides the processors: what starts, bundles, was a suspect, runs for long, or dies is kept to the back half. What is ready and brief
// may have all, but while there is such work, and the front has room, only the front. A priority alone does not do: whoever wakes
// where something is being started, ended or given memory waits for the kernel, which does not interrupt itself, though the other processor may have nothing to do.
type places struct {
	masks

	mu    sync.Mutex
	work  int // how many are at work in the back
	brief int // how many brief requests are under way
}

// place is where a worker's first thread, which runs its hooks, may be.
type place int

const (
	anywhere place = iota
	front
	back
)

// spot is one worker's. It alone knows where the worker belongs.
type spot struct {
	places *places
	pid    int

	mu     sync.Mutex
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
	p.work++
	p.mu.Unlock()
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
	s.mu.Lock()
	defer s.mu.Unlock()
	was := s.inside
	do()
	busy := (s.kept || s.dying) && !s.gone
	to := s.places.count(number(busy)-number(s.busy), number(s.inside)-number(was))
	if busy {
		to = back
	} else if !s.inside {
		to = anywhere
	}
	s.busy = busy
	if to == s.at || s.gone {
		return
	}
	if s.at == front && !s.inside && !busy { // it will most likely be there again
		return
	}
	s.at = to
	s.places.put(s.pid, to)
}

func number(is bool) int {
	if is {
		return 1
	}
	return 0
}

// count counts, and says where a brief request belongs at present.
func (p *places) count(work, brief int) place {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.work += work
	p.brief += brief
	if p.work > 0 && p.brief <= p.room() {
		return front
	}
	return anywhere
}
