package worker

import "time"

// meter decides when a request has had enough. It reads real time and not the pool's clock: it bounds what a
// real process does.
//
//	0         CPU/2         CPU      1.25 CPU           1.8 CPU
//	├─ runs ───┼─ yields ────┤ interrupt  ┤ interrupt      ┤ kill (by CPU: at CPU + Grace)
//	            by its CPU    by its CPU     by the wall clock
//
// The wall clock does not count against a run that has used less than half of its time because it wanted a
// processor and had none: on a busy machine that is most of them, and they are not at fault.
type meter struct {
	pid    int
	cpu    time.Duration // limit to the kill
	wall   time.Duration // the same
	half   time.Duration // of the limit: what has used that much may use all of it
	began  time.Time
	before time.Duration // of CPU, when it began
	known  bool          // the kernel tells CPU times
	host   time.Duration // spent in calls back, which count for nothing
	due    time.Time     // when to look next
	stood  time.Duration // how much later that was; the same
	slow   bool          // half is used
	long   bool          // more is used than by most runs
	hogs   bool          // much more
	// starves says that for a while it has had little of a processor, whatever the reason; before seen it had had that much.
	starves   bool
	seen, had time.Duration
	// delay is how long the process had waited for a processor after soon; most requests are over by then.
	delay   time.Duration
	counted bool // delay is known
}

// forbearance is how often the wall's limit may pass while a run waits for a processor.
const forbearance = 9

// softWall is when the worker interrupts an engine that has used half of its time.
func (l Limits) softWall(cpu time.Duration) time.Duration { return cpu * 5 / 4 }

func (l Limits) hardCPU(cpu time.Duration) time.Duration { return cpu + l.Grace }

// hardWall keeps the promise of an answer within twice the limit, the kill included; only tiny limits get
// more, because a kill before the interruption could be obeyed would be a waste.
func (l Limits) hardWall(cpu time.Duration) time.Duration {
	return max(l.softWall(cpu)+l.Grace/5, cpu+l.Grace, cpu*9/5)
}

func (l Limits) meter(pid int, cpu time.Duration) meter {
	m := meter{pid: pid, cpu: l.hardCPU(cpu), wall: l.hardWall(cpu), half: cpu / 2, began: time.Now()}
	m.before, m.known = cpuOf(pid)
	return m
}

// left is how long the request may go on before somebody looks again; none when it is over.
func (m *meter) left() time.Duration {
	elapsed := time.Since(m.began) - m.host - m.stood
	if elapsed >= soon && !m.counted {
		m.delay, m.counted = delayOf(m.pid), true
	}
	now, ok := cpuOf(m.pid)
	if !m.known || !ok { // not told here, or the process is gone, and the pipe will say so
		m.starves = elapsed >= starving
		return m.wall - elapsed
	}
	return m.judge(elapsed, now-m.before, func() time.Duration { return delayOf(m.pid) - m.delay })
}

// next is the present, and when to look again if there is time left.
func (m *meter) next(left time.Duration) (now, due time.Time) {
	now = time.Now()
	m.due = now.Add(min(left, stride))
	return now, m.due
}

// expired is told that the time for looking has come. Where it is long past, this process has stood still, and so, most likely,
// has the whole machine: a worker cannot help it.
func (m *meter) expired(now time.Time) {
	m.stood = min(m.stood+max(now.Sub(m.due), 0), forbearance*m.wall)
}

// judge decides by the wall clock and by what was used; delayed, which is asked last, is how long the run wanted a processor.
func (m *meter) judge(elapsed, used time.Duration, delayed func() time.Duration) time.Duration {
	left := m.wall - elapsed
	m.long, m.hogs = used >= long, used >= hog
	if span := elapsed - m.seen; span >= starving {
		m.starves = (used-m.had)*morsel < span
		m.seen, m.had = elapsed, used
	}
	if m.slow = used >= m.half; !m.slow {
		if left <= 0 {
			left += min(delayed(), forbearance*m.wall)
		}
		if elapsed < soon {
			left = min(left, soon-elapsed)
		}
		left = min(left, m.half-used)
	}
	if !m.hogs {
		left = min(left, hog-used)
	}
	if left = min(left, m.cpu-used); left <= 0 {
		return 0
	}
	return max(left, time.Millisecond)
}

// stride is the longest time between two looks: a standstill is known but for so much of it.
const stride = 50 * time.Millisecond

// starving is for how long a run at the end of the line has to have had less than one of so many parts of a processor to be raised.
const (
	starving = 20 * time.Millisecond
	morsel   = 4
)

// soon is when a request is first looked at, and its waiting for a processor counted from.
const soon = 10 * time.Millisecond

// long is the processor time of a run that lets shorter ones go first.
const long = 5 * time.Millisecond

// hog is the processor time of a run that is kept to the back half of the processors. A frame of a hundred operations takes less.
const hog = 10 * time.Millisecond
