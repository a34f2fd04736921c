package upload

import (
	"sync"
	"time"
)

const (
	// brakeFor is how long after an activation a deployment is watched.
	brakeFor = 30 * time.Minute
	// A cause trips the brake when it refused at least brakeLeast transactions, and one in brakeShare.
	brakeLeast = 20
	brakeShare = 5
	// holdFor bounds how long writes are held back for the deployment before to come back.
	holdFor = time.Minute
	// brakeRetry is when clients whose writes are held should come back.
	brakeRetry = 2 * time.Second
	// mostCauses bounds the memory; a deployment that refuses in more ways is caught by the first of them.
	mostCauses = 1000
)

// Tripped says that a deployment refuses what the one before it took.
type Tripped struct {
	Instance   string
	Deployment int
	Code       string // of the refusals
	Table      string
	Refused    int // transactions, by this cause
	Of         int // transactions since the activation
	At         time.Time
	// Holding says that writes are held back until the deployment before serves again. It is false when
	// there is none: then this is an alert.
	Holding bool
}

// Brake watches an instance's deployments for refusals that are new. It outlives the engines of single
// revisions, so that a rotated secret does not make it forget. Safe for concurrent use.
//
//	activation ── 30 minutes ──────────────────────►
//	     refusals by cause: >= 20, >= 20 % of all, and not so common before
//	          └─► hold (retryable) ─► the deployment before serves ─► on
//	                    └─ 60 s ─► refused writes are rejections again
type Brake struct {
	instance string
	tell     func(Tripped) // must be quick

	mu         sync.Mutex
	deployment int
	activated  time.Time
	revision   int64 // of the bundle that said so
	before     tally // of the deployment before
	now        tally
	tripped    *Tripped
	heldUntil  time.Time
	// takenBack was replaced by one before it. Its engine may still have uploads to end.
	takenBack int
}

// cause groups refusals that have one reason.
type cause struct{ code, table string }

// tally counts transactions and what refused them.
type tally struct {
	total  int
	causes map[cause]int
}

// NewBrake makes an instance's brake; tell is called once for each deployment that trips it.
func NewBrake(instance string, tell func(Tripped)) *Brake {
	return &Brake{instance: instance, tell: tell}
}

// serve says which deployment serves by a revision of the bundle, and since when it is active. Engines say so with each
// upload; one on its way out is not heard. It is known by its revision: those only go up, while clocks do not.
func (b *Brake) serve(revision int64, deployment int, activated time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if revision < b.revision {
		return
	}
	b.revision = revision
	if b.deployment == deployment && b.activated.Equal(activated) {
		return
	}
	if b.tripped == nil { // what a deployment that tripped did is no measure
		b.before = b.now
	}
	if b.takenBack == deployment {
		b.takenBack = 0 // somebody wants it all the same
	} else if deployment < b.deployment || b.tripped != nil && b.tripped.Holding && b.deployment != deployment { // a person's rollback, or another runtime's brake, counts, too
		b.takenBack = b.deployment
	}
	b.deployment, b.activated, b.now = deployment, activated, tally{}
	b.tripped, b.heldUntil = nil, time.Time{}
}

// held reports that writes of a deployment wait for the one before it.
func (b *Brake) held(deployment int, now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.isTakenBack(deployment) || b.deployment == deployment && now.Before(b.heldUntil)
}

// count takes the outcome of one transaction; no is nil for success. It reports whether the write must
// be held back instead of rejected. hasBefore says that there is a deployment to go back to.
func (b *Brake) count(deployment int, no *Refusal, hasBefore bool, now time.Time) (hold bool) {
	b.mu.Lock()
	if b.deployment != deployment { // an engine on its way out
		defer b.mu.Unlock()
		return no != nil && b.isTakenBack(deployment)
	}
	var news *Tripped
	switch {
	case no == nil:
		b.now.total++
	case !no.is(CodeDepends) && !no.is(CodeExpired): // those say nothing of the rules, neither for nor against
		b.now.total++
		news = b.refused(cause{no.Code, no.Table}, hasBefore, now)
	}
	hold = no != nil && now.Before(b.heldUntil)
	b.mu.Unlock()
	if news != nil {
		b.tell(*news)
	}
	return hold
}

// isTakenBack reports that a deployment was taken back: the write that it still refuses has a better
// judge waiting. The caller holds mu.
func (b *Brake) isTakenBack(deployment int) bool {
	return b.takenBack != 0 && b.takenBack == deployment
}

// refused counts a refusal and gives the news when it trips the brake. The caller holds mu.
func (b *Brake) refused(c cause, hasBefore bool, now time.Time) *Tripped {
	if b.now.causes == nil {
		b.now.causes = map[cause]int{}
	}
	if _, known := b.now.causes[c]; known || len(b.now.causes) < mostCauses {
		b.now.causes[c]++
	}
	n := b.now.causes[c]
	switch {
	case b.tripped != nil, now.Sub(b.activated) > brakeFor, n < brakeLeast, n*brakeShare < b.now.total, b.common(c, n):
		return nil
	}
	b.tripped = &Tripped{
		Instance: b.instance, Deployment: b.deployment, Code: c.code, Table: c.table, Refused: n, Of: b.now.total, At: now, Holding: hasBefore,
	}
	if hasBefore {
		b.heldUntil = now.Add(holdFor)
	}
	return b.tripped
}

// common reports that a cause was at least half as frequent before: then it is not this deployment's
// doing.
func (b *Brake) common(c cause, n int) bool {
	return b.before.total >= brakeLeast && 2*b.before.causes[c]*b.now.total >= n*b.before.total
}
