// Package conflicttest has the reference models of the conflict policies, and the schedules that a policy must
// survive: the pure functions are held against them in package conflict, the whole write pipeline on real
// databases in package upload. It must not know either, and is imported by tests only.
//
// A schedule is a history of four devices that edit one row offline: each edits what it last saw, its
// writes reach the server in its own order, and between devices in any order; now and then a device
// whose queue is empty syncs. At the end the stored row is what the policy's reference model says.
package conflicttest

import (
	"math/rand/v2"

	"turnkey/runtime/bundle"
	"turnkey/runtime/conflict"
	"turnkey/runtime/value"
)

// Devices take part in a schedule.
const Devices = 4

// Write is one operation in a queue.
type Write struct {
	ID           int // 1, 2, ... in the order of editing
	Seen         int // the write whose value the device saw; 0: the initial one
	Device       int
	Before, Next value.Value
}

// Model is the reference for one policy: it hears of every delivered write, in order of delivery, and
// says in the end what must be stored. It knows what devices meant, which the policy must work out.
type Model interface {
	Delivered(w Write)
	Want() value.Value
}

// Server is what a schedule is played against.
type Server interface {
	// Deliver hands a write over. took says that its value is what is stored now.
	Deliver(w Write) (took bool)
	// Stored is the value of today, to sync with.
	Stored() value.Value
}

// Subject is a policy under test.
type Subject struct {
	Name    string
	Field   bundle.Merge
	Typed   bundle.TypeName
	Initial value.Value
	// Edit makes a device's new value; n is unique in the schedule.
	Edit  func(r *rand.Rand, device, n int, local value.Value) value.Value
	Model func() Model
	// Row is set for policies of a whole row, whose values are objects; Field is then empty.
	Row *conflict.Policy
	// Equal compares the end states; nil: value.Equal.
	Equal func(got, want value.Value) bool
}

// Same compares the end states.
func (s *Subject) Same(got, want value.Value) bool {
	if s.Equal == nil {
		return value.Equal(got, want)
	}
	return s.Equal(got, want)
}

// replica is one device.
type replica struct {
	local value.Value
	seen  int
	queue []Write
}

// Run plays one schedule and gives what is stored, and what should be.
func (s *Subject) Run(r *rand.Rand, server Server) (got, want value.Value) {
	current := 0
	var all [Devices]replica
	for i := range all {
		all[i].local = s.Initial
	}
	m := s.Model()
	id := 0
	deliver := func(d *replica) {
		w := d.queue[0]
		d.queue = d.queue[1:]
		if server.Deliver(w) {
			current = w.ID
		}
		m.Delivered(w)
	}
	for range 5 + r.IntN(6) {
		i := r.IntN(Devices)
		d := &all[i]
		switch step := r.IntN(5); {
		case step < 2:
			id++
			w := Write{ID: id, Seen: d.seen, Device: i, Before: d.local, Next: s.Edit(r, i, id, d.local)}
			d.queue, d.local, d.seen = append(d.queue, w), w.Next, id
		case len(d.queue) > 0:
			deliver(d)
		default:
			d.local, d.seen = server.Stored(), current // a checkpoint applies only to an empty queue
		}
	}
	for {
		var waiting []*replica
		for i := range all {
			if len(all[i].queue) > 0 {
				waiting = append(waiting, &all[i])
			}
		}
		if len(waiting) == 0 {
			return server.Stored(), m.Want()
		}
		deliver(waiting[r.IntN(len(waiting))])
	}
}

func object(pairs ...any) *value.Object {
	o := &value.Object{}
	for i := 0; i < len(pairs); i += 2 {
		o.Set(pairs[i].(string), pairs[i+1])
	}
	return o
}
