package admission

import (
	"slices"
	"time"
)

// instance is what the queue knows of one instance that asks, or has asked lately.
type instance struct {
	weight   float64
	pass     float64 // seconds of slot time, by weight
	mean     float64 // of what a ticket costs, in seconds
	virtual  float64 // the pass of the last user that was served
	inFlight int
	waiting  int
	standing time.Time // since when somebody has been waiting without a break
	users    map[string]*user
	pressure pressure
}

// user is one user of an instance.
type user struct {
	pass     float64
	inFlight int
	waiters  []*waiter // oldest first
}

// mostIdle bounds how many instances, and users of one instance, are remembered for what they owe;
// above it those without work are forgotten.
const mostIdle = 1000

func (q *Queue) instance(k Key) *instance {
	in := q.instances[k.Instance]
	if in == nil {
		if len(q.instances) >= mostIdle {
			q.forget()
		}
		in = &instance{users: map[string]*user{}}
		q.instances[k.Instance] = in
	}
	if in.weight = k.Weight; in.weight <= 0 {
		in.weight = 1
	}
	if in.idle() {
		in.pass = max(in.pass, q.virtual)
	}
	return in
}

func (in *instance) idle() bool { return in.inFlight == 0 && in.waiting == 0 }

func (in *instance) user(id string) *user {
	u := in.users[id]
	if u == nil {
		if len(in.users) >= mostIdle {
			in.forget()
		}
		u = &user{}
		in.users[id] = u
	}
	if u.idle() {
		u.pass = max(u.pass, in.virtual)
	}
	return u
}

func (u *user) idle() bool { return u.inFlight == 0 && len(u.waiters) == 0 }

func (u *user) drop(w *waiter) {
	if i := slices.Index(u.waiters, w); i >= 0 {
		u.waiters = slices.Delete(u.waiters, i, i+1)
	}
}

// next is the waiting user with the smallest pass whose bounds allow one more, or nil.
func (in *instance) next(q *Queue) *user {
	var first *user
	for _, u := range in.users {
		if len(u.waiters) > 0 && q.mayRun(in, u) && (first == nil || u.pass < first.pass) {
			first = u
		}
	}
	return first
}

// loudest is the user who has the most waiters.
func (in *instance) loudest() *user {
	var most *user
	for _, u := range in.users {
		if most == nil || len(u.waiters) > len(most.waiters) {
			most = u
		}
	}
	return most
}

// forget drops instances without work: first those that owe nothing, and all when that is not enough.
func (q *Queue) forget() {
	for _, all := range []bool{false, true} {
		for key, in := range q.instances {
			if in.idle() && (all || in.pass <= q.virtual) {
				delete(q.instances, key)
			}
		}
		if len(q.instances) < mostIdle {
			return
		}
	}
}

// forget drops users without work.
func (in *instance) forget() {
	for id, u := range in.users {
		if u.idle() {
			delete(in.users, id)
		}
	}
}

// rest ends an instance's time of work: while it has none its users owe each other nothing.
func (in *instance) rest() {
	if in.idle() {
		clear(in.users)
	}
}
