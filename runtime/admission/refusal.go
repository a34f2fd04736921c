package admission

import (
	"math"
	"time"
)

// Cause is whose bound refused something.
type Cause uint8

// The causes.
const (
	Runtime  Cause = iota + 1 // the machine has too much to do
	Instance                  // this instance, or this user of it, has too much under way
	Draining                  // the process is about to end
)

// Refusal says why something was not admitted, and when to come back.
type Refusal struct {
	Cause Cause
	After time.Duration
}

const (
	leastAfter = time.Second
	mostAfter  = 30 * time.Second
)

func (q *Queue) refuse(in *instance, c Cause) *Refusal {
	now := q.now()
	over := in.pressure.over(now)
	if c == Runtime {
		over = max(over, q.pressure.over(now))
	}
	return &Refusal{Cause: c, After: after(over, q.random())}
}

// after spreads the return of the refused over a span that grows with the overload: at three times
// what can be admitted, 3 to 9 s.
func after(over, random float64) time.Duration {
	d := time.Duration(over * (1 + 2*random) * float64(leastAfter))
	return min(max(d, leastAfter), mostAfter)
}

// pressure counts what was offered and what was admitted, forgetting half of it every halfLife.
type pressure struct {
	offered, admitted float64
	at                time.Time
}

const halfLife = 5 * time.Second

func (p *pressure) fade(now time.Time) {
	if elapsed := now.Sub(p.at); elapsed > 0 && !p.at.IsZero() {
		keep := math.Exp2(-elapsed.Seconds() / halfLife.Seconds())
		p.offered, p.admitted = p.offered*keep, p.admitted*keep
	}
	p.at = now
}

func (p *pressure) offer(now time.Time) { p.fade(now); p.offered++ }

func (p *pressure) admit(now time.Time) { p.fade(now); p.admitted++ }

// over is how many times what was admitted was offered, at least 1.
func (p *pressure) over(now time.Time) float64 {
	p.fade(now)
	return max(1, p.offered/max(1, p.admitted))
}
