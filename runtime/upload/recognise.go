package upload

import (
	"sync"
	"time"
)

// Repeats says how far an instance can tell a write that is sent again from a new one, for the weakest
// of the devices that wrote lately. With Turnkey's connector nothing is to be said: repeats are
// recognised by client, operation id and content for as long as receipts are kept.
type Repeats struct {
	Recognised string    `json:"recognised"` // Day or Never
	Message    string    `json:"message"`
	Hint       string    `json:"hint"`
	Since      time.Time `json:"since"` // the first such write, without a day's pause since
	Last       time.Time `json:"last"`
}

// What Repeats.Recognised says.
const (
	// Day: by transaction and content, for weakFor.
	Day = "24h"
	// Never: a repeat is taken for a new write.
	Never = "never"
)

// repeats remembers writes of devices that leave us less than a client and operation ids. They are
// forgotten weakFor after the last one: until then it could come again.
type repeats struct {
	mu            sync.Mutex
	weak, unknown span
}

type span struct{ since, last time.Time }

func (s *span) add(now time.Time) {
	if !s.current(now) {
		s.since = now
	}
	s.last = now
}

func (s *span) current(now time.Time) bool { return !s.last.IsZero() && now.Sub(s.last) < weakFor }

// note remembers a transaction; the strong ones cost nothing.
func (r *repeats) note(t *Transaction, by strength, now time.Time) {
	if by == strong || t.Refused != nil || len(t.Operations) == 0 { // what was not read to its end says nothing of its device
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if by == weak {
		r.weak.add(now)
	} else {
		r.unknown.add(now)
	}
}

// Repeats gives the weaker guarantee that devices have now; nil when all that wrote in the last 24
// hours have the strong one. It begins anew with each revision of the instance.
func (e *Engine) Repeats() *Repeats {
	const hint = "Use Turnkey's connector (@turnkey/powersync-connector), or send client.id with each upload and op_id with each entry."
	now := e.deps.Now()
	r := &e.repeats
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.unknown.current(now):
		return &Repeats{Never, "Devices write without transaction ids and operation ids: when an answer is lost, their write is applied again.", hint, r.unknown.since, r.unknown.last}
	case r.weak.current(now):
		return &Repeats{Day, "Devices write without client id or operation ids: their repeats are recognised by transaction and content, for 24 hours.", hint, r.weak.since, r.weak.last}
	}
	return nil
}
