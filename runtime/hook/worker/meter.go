package worker

import "time"

// meter decides when a request has had enough. It reads real time and not the pool's clock: it bounds what a
// real process does.
//
//	0        CPU        1.7 CPU     CPU+Grace .. 2 CPU
//	├─ runs ──┤ interrupt  ┤ interrupt   ┤ kill
//	          by its CPU     by the wall   by either
type meter struct {
	pid    int
	cpu    time.Duration // limit to the kill
	wall   time.Duration // the same
	began  time.Time
	before time.Duration // of CPU, when it began
	known  bool          // the kernel tells CPU times
	host   time.Duration // spent in calls back, which count for nothing
}

// limitsFor are the worker's own: it interrupts the engine and, as a last resort, ends itself.
func (l Limits) softWall(cpu time.Duration) time.Duration { return cpu * 17 / 10 }

func (l Limits) hardCPU(cpu time.Duration) time.Duration { return cpu + l.Grace }

// hardWall keeps the promise of an answer within twice the limit, the kill included; only tiny limits get
// more, because a kill before the interruption could be obeyed would be a waste.
func (l Limits) hardWall(cpu time.Duration) time.Duration {
	return max(l.softWall(cpu)+l.Grace/5, cpu+l.Grace, cpu*2-l.Grace/5)
}

func (l Limits) meter(pid int, cpu time.Duration) meter {
	m := meter{pid: pid, cpu: l.hardCPU(cpu), wall: l.hardWall(cpu), began: time.Now()}
	m.before, m.known = cpuOf(pid)
	return m
}

// left is how long the request may go on before somebody looks again; none when it is over.
func (m *meter) left() time.Duration {
	wall := m.wall - (time.Since(m.began) - m.host)
	if !m.known {
		return wall
	}
	used, ok := cpuOf(m.pid)
	if !ok {
		return wall
	}
	left := min(wall, m.cpu-(used-m.before))
	if left <= 0 {
		return 0
	}
	return max(left, time.Millisecond)
}
