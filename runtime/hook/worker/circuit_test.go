package worker

import (
	"testing"
	"time"
)

func TestCircuitOpensByThreeDeathsInAMinute(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	var c circuit
	for i, after := range []time.Duration{0, 40 * time.Second, 21 * time.Second, 20 * time.Second} {
		now = now.Add(after)
		if opened := c.died(now); opened != (i == 3) { // the first is over a minute old by then
			t.Errorf("death %d: opened %v", i, opened)
		}
	}
	if got := c.closedIn(now.Add(time.Second)); got != 4*time.Second {
		t.Errorf("closed in %s", got)
	}
}

func TestCircuitDoublesAndForgives(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	var c circuit
	for range 2 {
		c.died(now)
	}
	for _, want := range []time.Duration{5 * time.Second, 10 * time.Second, 20 * time.Second, 30 * time.Second, 30 * time.Second} {
		if !c.died(now) || c.closedIn(now) != want {
			t.Errorf("closed in %s, want %s", c.closedIn(now), want)
		}
		if c.died(now.Add(time.Second)) {
			t.Error("it opened while open")
		}
		now = now.Add(want)
		if c.closedIn(now) != 0 {
			t.Errorf("still open after %s", want)
		}
	}
	now = now.Add(11 * time.Minute)
	if !c.quiet(now) || c.died(now) {
		t.Errorf("nothing is forgiven: %+v", c)
	}
}
