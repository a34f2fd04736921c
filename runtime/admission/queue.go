package admission

import (
	"context"
	"sync"
	"time"
)

// Limits of a queue. Every field must be positive.
type Limits struct {
	Slots       int // tickets that compute at once, all together
	PerInstance int // tickets of one instance in flight, those that wait for their source included
	PerUser     int // tickets of one user of an instance in flight

	Waiting         int           // waiters, all together
	InstanceWaiting int           // waiters of one instance
	MaxWait         time.Duration // the longest wait of anybody
	// ShortWait is the longest wait in the queue of an instance that has not been empty for Standing.
	ShortWait, Standing time.Duration
}

// Key says who asks.
type Key struct {
	Instance, User string
	Weight         float64 // of the instance: twice the weight is twice the share; 0 is 1
}

// Queue admits work. Safe for concurrent use.
type Queue struct {
	limits Limits
	now    func() time.Time
	random func() float64 // in [0, 1)

	mu        sync.Mutex
	running   int // tickets with a slot
	waiting   int
	closed    bool
	virtual   float64 // the pass of the last instance that was served
	instances map[string]*instance
	lines     map[*instance]bool // those with waiters
	pressure  pressure
}

// New makes a queue.
func New(limits Limits, now func() time.Time, random func() float64) *Queue {
	return &Queue{limits: limits, now: now, random: random, instances: map[string]*instance{}, lines: map[*instance]bool{}}
}

// waiter is somebody in the queue. Ticket is set before ready is closed when it was admitted; a
// refusal is set before when it was not.
type waiter struct {
	ready   chan struct{}
	user    *user
	of      *instance
	ticket  *Ticket
	refusal *Refusal
}

// Enter waits for a slot. It returns a ticket, whose owner calls Done, or the reason why not. The
// context's end counts as having waited too long.
func (q *Queue) Enter(ctx context.Context, k Key) (*Ticket, *Refusal) {
	q.mu.Lock()
	now := q.now()
	in := q.instance(k)
	in.pressure.offer(now)
	q.pressure.offer(now)
	if q.closed {
		defer q.mu.Unlock()
		return nil, q.refuse(in, Draining)
	}
	u := in.user(k.User)
	if q.running < q.limits.Slots && in.waiting == 0 && q.mayRun(in, u) {
		defer q.mu.Unlock()
		return q.admit(in, u), nil
	}
	if in.waiting >= q.limits.InstanceWaiting && !q.pushOutUser(in, u) {
		defer q.mu.Unlock()
		return nil, q.refuse(in, Instance)
	}
	if q.waiting >= q.limits.Waiting && !q.pushOut(in) {
		defer q.mu.Unlock()
		return nil, q.refuse(in, Runtime)
	}
	w := &waiter{ready: make(chan struct{}), user: u, of: in}
	if in.waiting == 0 {
		in.standing = now
	}
	q.lines[in] = true
	wait := q.limits.MaxWait
	if now.Sub(in.standing) >= q.limits.Standing {
		wait = q.limits.ShortWait
	}
	u.waiters = append(u.waiters, w)
	in.waiting++
	q.waiting++
	q.dispatch() // somebody behind a user at its bound need not wait
	q.mu.Unlock()
	return q.await(ctx, w, wait)
}

func (q *Queue) await(ctx context.Context, w *waiter, wait time.Duration) (*Ticket, *Refusal) {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-w.ready:
	case <-timer.C:
	case <-ctx.Done():
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if w.ticket == nil && w.refusal == nil { // still in the queue
		w.user.drop(w)
		q.gone(w)
		w.refusal = q.refuse(w.of, q.cause(w.of))
	}
	return w.ticket, w.refusal
}

// cause tells whose bound kept somebody waiting.
func (q *Queue) cause(in *instance) Cause {
	if in.inFlight >= q.limits.PerInstance || q.running < q.limits.Slots {
		return Instance
	}
	return Runtime
}

// gone settles the counts for a waiter that has left the queue.
func (q *Queue) gone(w *waiter) {
	q.left(w.of, 1)
	w.of.rest()
}

// left counts waiters of an instance that no longer wait.
func (q *Queue) left(in *instance, n int) {
	in.waiting -= n
	q.waiting -= n
	if in.waiting == 0 {
		delete(q.lines, in)
	}
}

// mayRun reports whether the bounds of an instance and its user allow one more in flight.
func (q *Queue) mayRun(in *instance, u *user) bool {
	return in.inFlight < q.limits.PerInstance && u.inFlight < q.limits.PerUser
}

// dispatch gives free slots to whoever is next.
func (q *Queue) dispatch() {
	for q.running < q.limits.Slots && q.waiting > 0 {
		in, u := q.next()
		if u == nil {
			return
		}
		w := u.waiters[0]
		u.waiters = u.waiters[1:]
		q.left(in, 1)
		w.ticket = q.admit(in, u)
		close(w.ready)
	}
}

// next is the waiting user with the smallest pass of the instance with the smallest pass. It looks at
// all of them: there are at most Waiting, and it happens only while the machine is full.
func (q *Queue) next() (*instance, *user) {
	var in *instance
	var first *user
	for candidate := range q.lines {
		if in != nil && candidate.pass >= in.pass {
			continue
		}
		if u := candidate.next(q); u != nil {
			in, first = candidate, u
		}
	}
	return in, first
}

// admit gives a slot and charges what the work is expected to cost.
func (q *Queue) admit(in *instance, u *user) *Ticket {
	now := q.now()
	q.running++
	in.inFlight++
	u.inFlight++
	q.virtual = max(q.virtual, in.pass)
	in.virtual = max(in.virtual, u.pass)
	t := &Ticket{queue: q, in: in, user: u, guess: in.mean, since: now, computing: true}
	t.charge(t.guess)
	in.pressure.admit(now)
	q.pressure.admit(now)
	return t
}

// pushOut makes room by refusing the youngest waiter of the instance that has the most, unless that
// is the one that asks.
func (q *Queue) pushOut(asking *instance) bool {
	longest := asking
	for in := range q.lines {
		if in.waiting > longest.waiting {
			longest = in
		}
	}
	if longest.waiting <= asking.waiting+1 {
		return false
	}
	q.dismiss(longest.loudest(), Runtime)
	return true
}

// pushOutUser is the same among the users of one instance.
func (q *Queue) pushOutUser(in *instance, asking *user) bool {
	loudest := in.loudest()
	if len(loudest.waiters) <= len(asking.waiters)+1 {
		return false
	}
	q.dismiss(loudest, Instance)
	return true
}

// dismiss refuses the youngest waiter of a user.
func (q *Queue) dismiss(u *user, c Cause) {
	w := u.waiters[len(u.waiters)-1]
	u.drop(w)
	w.refusal = q.refuse(w.of, c)
	q.gone(w)
	close(w.ready)
}

// Close refuses everybody who waits and everybody who comes; tickets that are out stay good.
func (q *Queue) Close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	for in := range q.lines {
		for _, u := range in.users {
			for _, w := range u.waiters {
				w.refusal = q.refuse(in, Draining)
				close(w.ready)
			}
			q.left(in, len(u.waiters))
			u.waiters = nil
		}
	}
}

// Load is what a queue has at the moment.
type Load struct{ Running, Waiting, Instances int }

// Load tells.
func (q *Queue) Load() Load {
	q.mu.Lock()
	defer q.mu.Unlock()
	return Load{q.running, q.waiting, len(q.instances)}
}
