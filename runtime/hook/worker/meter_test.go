package worker

import (
	"testing"
	"time"
)

// TestAMeterJudges by what a run has used, and by the wall clock as far as that is its own doing.
func TestAMeterJudges(t *testing.T) {
	const ms = time.Millisecond
	limits := Limits{Grace: 50 * ms}
	for _, c := range []struct {
		what                   string
		elapsed, used, delayed time.Duration
		left                   time.Duration
		slow                   bool
	}{
		{"it begins", 0, 0, 0, soon, false},
		{"it has used little", 30 * ms, 20 * ms, 0, 80 * ms, false},
		{"it is slow", 100 * ms, 100 * ms, 0, 150 * ms, true},
		{"it is almost over", 245 * ms, 240 * ms, 0, 10 * ms, true},
		{"it has used its time and the grace", 260 * ms, 250 * ms, 0, 0, true},
		{"it shared a processor and was slow all the same", 360 * ms, 180 * ms, 180 * ms, 0, true},
		{"it sleeps", 360 * ms, ms, ms, ms, false},
		{"it slept", 362 * ms, ms, ms, 0, false},
		{"it waits for a processor", 700 * ms, 5 * ms, 690 * ms, hog - 5*ms, false},
		{"it waits for ever", 3700 * ms, 5 * ms, 3690 * ms, 0, false},
	} {
		m := limits.meter(0, 200*ms)
		left := m.judge(c.elapsed, c.used, func() time.Duration { return c.delayed })
		if left != c.left || m.slow != c.slow {
			t.Errorf("%s: %s left, slow %t; want %s, %t", c.what, left, m.slow, c.left, c.slow)
		}
	}
}

// TestStarving: a run starves that has had less than a quarter of a processor for a while, whatever it had before.
func TestStarving(t *testing.T) {
	const ms = time.Millisecond
	m := Limits{Grace: 50 * ms}.meter(0, 200*ms)
	none := func() time.Duration { return 0 }
	for _, look := range []struct {
		elapsed, used time.Duration
		starves       bool
	}{
		{10 * ms, 0, false}, {20 * ms, 5 * ms, false}, {45 * ms, 20 * ms, false}, {55 * ms, 20 * ms, false}, {65 * ms, 24 * ms, true},
		{75 * ms, 34 * ms, true}, {85 * ms, 44 * ms, false},
	} {
		if m.judge(look.elapsed, look.used, none); m.starves != look.starves {
			t.Errorf("%s of a processor after %s: starves %t", look.used, look.elapsed, m.starves)
		}
	}
	m = Limits{Grace: 50 * ms}.meter(0, 200*ms)
	m.known, m.began = false, m.began.Add(-starving)
	if m.left(); !m.starves {
		t.Error("where nobody tells what it has had, it does not starve")
	}
}

// TestAStandstill of this process, and so of the machine, counts for nothing, within reason.
func TestAStandstill(t *testing.T) {
	m := Limits{Grace: 50 * time.Millisecond}.meter(0, 200*time.Millisecond)
	m.known = false // the wall clock alone
	if now, due := m.next(m.left()); due.Sub(now) > stride {
		t.Errorf("it looks again after %s", due.Sub(now))
	}
	m.expired(m.due.Add(-time.Millisecond))
	if m.stood != 0 {
		t.Errorf("what comes early stood still for %s", m.stood)
	}
	asked := time.Now()
	before := m.left()
	m.expired(m.due.Add(time.Second))
	if more := m.left() - before; more < time.Second-time.Since(asked) || more > time.Second {
		t.Errorf("a second of standing still gives %s", more)
	}
	m.expired(m.due.Add(time.Hour))
	if m.stood != forbearance*m.wall {
		t.Errorf("an hour counts as %s", m.stood)
	}
}

// TestAnswersInTime: a run that computes, or that sleeps, has an answer within twice its limit.
func TestAnswersInTime(t *testing.T) {
	for _, limit := range []time.Duration{100 * time.Millisecond, 200 * time.Millisecond, time.Second} {
		l := Limits{Grace: limit / 2}
		if cpu, wall := l.hardCPU(limit), l.hardWall(limit); cpu > 2*limit*9/10 || wall > 2*limit*9/10 {
			t.Errorf("limit %s: killed after %s of a processor, %s by the clock", limit, cpu, wall)
		}
	}
}
