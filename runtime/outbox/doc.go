// Package outbox delivers what transactions asked for outside of the database: signed webhooks and
// afterCommit hooks. It takes deliveries from the outboxes of the instances that a runtime may serve and
// tries each until it is taken, or has failed for good. It must not know how deliveries come to be
// written, how hooks run (a Runner does that), nor which database holds them.
//
//	upload ── commit ──► outbox table ◄── claim, lease ── round of one instance ──► receiver, or hook
//	             │                                             ▲        │
//	             └── Enqueued, in this process ──► schedule ───┘        └── report: delivered, later, dead
//	                     poll, the truth ──────────┘
//
// # What is promised
//
// At least once, with an id that never changes. A delivery commits with its data or not at all. It is
// attempted under a lease; who dies between sending and reporting leaves a lease that ends, and then
// another attempt sends the same id, the same body and a new signature over a new time. An attempt that is
// cut off by the end of the process is given back. Two attempts overlap only when one outlives its
// lease (a frozen process, clocks that differ by minutes): the late report is then void, and the receiver
// has seen the id twice. Order is not promised: what fails waits, and what comes after it does not.
//
// # Attempts
//
// An attempt is counted when it is claimed, so that a delivery that kills its runtime ends as dead, too.
// A failed one is tried again after First, then Factor times as long each time, at most Most, with jitter,
// and not before Retry-After. After so many Attempts, or when the receiver answers 410, it is dead: kept,
// shown, and delivered again when somebody asks for it. The last attempt's status, duration and the
// beginning of its answer are kept with it.
//
// # Lanes
//
// Each outbox of an instance is a lane, and afterCommit hooks are one. A lane attempts a few
// deliveries at a time (afterCommit two, since each keeps a worker process while it waits for a server),
// and its breaker opens when its receiver does not answer, answers 5xx, or says how long to leave it alone;
// nothing is claimed then, so waiting costs no attempts. That hooks cannot run now, because no worker is to
// be had, is no attempt, and counts for the breaker alone. Lanes of one instance do not wait for each
// other. A delivery whose lane the configuration does not have is tried like any other and fails: an older
// deployment may come back, and runtimes learn of a new one at different times.
//
// # When an outbox is looked at
//
// A commit in this process that enqueued makes its instance due at once. Everything else is found by
// looking: when this process starts or learns of a revision (spread out), every Poll while the instance is
// live, and every IdlePoll while it is idle, which finds what another runtime left behind that never
// came back. A look at an idle instance opens its source, asks for the next due delivery and closes the
// source again: it does not make the instance live. When something is due later, the instance is due then.
// Instances whose bundle has neither an outbox nor afterCommit hooks are never looked at, and paused
// ones not while they are paused.
//
// # Bounds
//
// So many rounds, attempts and bytes of payload at once for the whole process, so many attempts at once
// for a lane, and a time for each round, after which the next instance has its turn.
package outbox
