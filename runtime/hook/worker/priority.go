package worker

import "time"

// The worker's place in the line for processors, as Unix counts it: the runtime is at 0, a worker first of all behind it, and what runs for long,
// or starts, behind everybody. Where this process may raise it again, that is at the very end, until it starves there.
const (
	niceRun  = 5
	niceLong = 12
	niceLast = 19
)

// The slices of workers' threads: for how long one may keep a processor though another wakes that is as urgent. That one does not wait if its own slices are
// shorter; the system's are between 1 and 3 ms.
const (
	// sliceBrief is of the thread that runs a hook that is expected to be brief: it does not wait for what the runtime does in the background.
	sliceBrief = 100 * time.Microsecond
	// sliceOthers is of such a worker's other threads, its collector: they wait for nobody who may run for long, and all others go first.
	sliceOthers = 10 * time.Millisecond
	// sliceLong is of whoever is not expected to be brief: everybody goes first.
	sliceLong = 100 * time.Millisecond
)

// behind is the place of those who are in nobody's way.
func behind(raises bool) int {
	if raises {
		return niceLast
	}
	return niceLong
}

// yield makes way for everybody else's, until hurry.
func (p *process) yield() {
	if !p.yields {
		p.yields, p.last, p.brief = true, p.raises, false
		_ = prefer(p.proc.Pid, behind(p.raises)) // it is gone, or nothing would change
	}
}

// feed raises one that starves at the end of the line. At niceLast, on a machine that is busy, a slow hook would have a hundredth of a processor.
func (p *process) feed() {
	if p.last {
		p.last = false
		_ = prefer(p.proc.Pid, niceLong) // it is gone
	}
}

// hurry takes that back. Raising a priority takes a privilege; without it the worker is replaced when its transaction ends.
func (p *process) hurry() {
	if p.yields && !p.tired {
		p.tired = prefer(p.proc.Pid, niceRun) != nil
		p.yields, p.last = p.tired, false
	}
	p.spot.leave()
	p.spot.keep(p.bundles)
}

// settle gives a worker whose run was short the slices of one that is waited for. What was never run, or ran for long, has some that others interrupt.
func (p *process) settle(took time.Duration) {
	if !p.brief && !p.yields && took < long {
		p.brief = true
		lasts(p.proc.Pid, niceRun, sliceBrief, sliceOthers)
	}
}

// trusted is how many short runs in a row make a worker one from which the next is expected, too.
const trusted = 3

// prove counts them.
func (p *process) prove(hogged bool) {
	if p.short++; hogged {
		p.short = 0
	}
}
