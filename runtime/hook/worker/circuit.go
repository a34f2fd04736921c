package worker

import (
	"maps"
	"time"
)

const (
	deathsToOpen = 3
	deathWindow  = time.Minute
	firstOpen    = 5 * time.Second
	longestOpen  = 30 * time.Second
	forgiveAfter = 10 * time.Minute
)

// circuit keeps a program of an instance that keeps killing workers from costing a process for each try. It opens at
// the third death within a minute, for 5 s; the first death after that opens it again for twice as long, up to half a
// minute. Ten minutes without a death forgive everything. The zero value is closed.
//
// It is short because all writes that need the program wait meanwhile, and most of them may do no harm: one app that sends a looping
// row now and then must not stop the others' queues. A death costs at most twice the limit of a processor, so one every half
// minute, and one every five seconds at first, is what a runtime can bear from many instances.
type circuit struct {
	deaths []time.Time
	open   time.Time // until
	last   time.Duration
}

// circuits are one instance's, by program: a corrected deployment, and the one that the brake brings back, owe nothing to
// the one before, and a draft that is tried is not what serves.
type circuits map[string]*circuit

// died counts a death of a program's; it gives how long the program rests if that opened its circuit.
func (c *circuits) died(program string, now time.Time) time.Duration {
	if *c == nil {
		*c = circuits{}
	}
	one := (*c)[program]
	if one == nil {
		one = &circuit{}
		(*c)[program] = one
	}
	if !one.died(now) {
		return 0
	}
	return one.last
}

// closedIn is how long to stay away from a program; 0 when its circuit is closed.
func (c circuits) closedIn(program string, now time.Time) time.Duration {
	if one := c[program]; one != nil {
		return one.closedIn(now)
	}
	return 0
}

// quiet forgets what is over, and reports that there is nothing to remember.
func (c circuits) quiet(now time.Time) bool {
	maps.DeleteFunc(c, func(_ string, one *circuit) bool { return one.quiet(now) })
	return len(c) == 0
}

// died counts a death; it reports whether that opened the circuit.
func (c *circuit) died(now time.Time) bool {
	c.forget(now)
	c.deaths = append(c.deaths, now)
	if c.last == 0 && len(c.deaths) < deathsToOpen || now.Before(c.open) {
		return false
	}
	c.last = min(max(2*c.last, firstOpen), longestOpen)
	c.open = now.Add(c.last)
	return true
}

// closedIn is how long to stay away; 0 when it is closed.
func (c *circuit) closedIn(now time.Time) time.Duration { return max(c.open.Sub(now), 0) }

// forget drops what is too old to matter.
func (c *circuit) forget(now time.Time) {
	if c.last > 0 && len(c.deaths) > 0 && now.Sub(c.deaths[len(c.deaths)-1]) > forgiveAfter+c.last {
		*c = circuit{}
	}
	for len(c.deaths) > 0 && now.Sub(c.deaths[0]) > deathWindow && (c.last == 0 || len(c.deaths) > 1) {
		c.deaths = c.deaths[1:]
	}
}

// quiet reports that there is nothing to remember.
func (c *circuit) quiet(now time.Time) bool {
	c.forget(now)
	return len(c.deaths) == 0
}
