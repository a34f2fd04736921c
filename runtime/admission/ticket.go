package admission

import (
	"context"
	"time"
)

// Ticket is one piece of admitted work. Leave, Return and Done belong to one goroutine at a time.
type Ticket struct {
	queue     *Queue
	in        *instance
	user      *user
	guess     float64 // seconds charged at admission
	used      time.Duration
	since     time.Time // since when it computes
	computing bool
	done      bool
}

// Leave gives the slot back while the work waits for something other than this machine.
func (t *Ticket) Leave() {
	q := t.queue
	q.mu.Lock()
	defer q.mu.Unlock()
	t.leave()
	q.dispatch()
}

func (t *Ticket) leave() {
	if !t.computing {
		return
	}
	t.computing = false
	t.used += t.queue.now().Sub(t.since)
	t.queue.running--
}

// Return takes a slot again, at once, even when none is free.
func (t *Ticket) Return() {
	q := t.queue
	q.mu.Lock()
	defer q.mu.Unlock()
	if t.computing || t.done {
		return
	}
	t.computing, t.since = true, q.now()
	q.running++
}

// Done ends the work; further calls do nothing.
func (t *Ticket) Done() {
	q := t.queue
	q.mu.Lock()
	defer q.mu.Unlock()
	if t.done {
		return
	}
	t.leave()
	t.done = true
	cost := t.used.Seconds()
	t.charge(cost - t.guess)
	const memory = 0.1 // of the latest ticket in the mean
	t.in.mean += memory * (cost - t.in.mean)
	t.in.inFlight--
	t.user.inFlight--
	t.in.rest()
	q.dispatch()
}

// charge moves the virtual times of a ticket's owners.
func (t *Ticket) charge(seconds float64) {
	t.in.pass += seconds / t.in.weight
	t.user.pass += seconds
}

type ticketKey struct{}

// With puts a ticket into a context, for Wait to find.
func With(ctx context.Context, t *Ticket) context.Context {
	return context.WithValue(ctx, ticketKey{}, t)
}

// Alone reports that the context's ticket is the only one that computes, and that nobody waits for one; without a ticket, that is not known.
func Alone(ctx context.Context) bool {
	t, ok := ctx.Value(ticketKey{}).(*Ticket)
	if !ok {
		return false
	}
	t.queue.mu.Lock()
	defer t.queue.mu.Unlock()
	return t.computing && t.queue.running == 1 && t.queue.waiting == 0
}

// Wait leaves the slot of the context's ticket until the returned function is called; without a
// ticket both do nothing.
func Wait(ctx context.Context) (back func()) {
	t, ok := ctx.Value(ticketKey{}).(*Ticket)
	if !ok {
		return func() {}
	}
	t.Leave()
	return t.Return
}
