package conflict_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"turnkey/runtime/bundle"
	"turnkey/runtime/conflict"
	"turnkey/runtime/value"
)

// A schedule is a history of four devices that edit one row offline: each edits what it last saw, its
// writes reach the server in its own order, and between devices in any order; now and then a device
// whose queue is empty syncs. At the end the stored row is what the policy's reference model says.
//
// Each schedule is a seed; a failure names it, and onlySeed repeats it.
const (
	schedules = 100_000
	devices   = 4
	onlySeed  = 0 // 0: all
)

// write is one operation in a queue.
type write struct {
	id           int // 1, 2, ... in the order of editing
	seen         int // the write whose value the device saw; 0: the initial one
	device       int
	before, next value.Value
}

// model is the reference for one policy: it hears of every delivered write, in order of delivery, and
// says in the end what must be stored. It knows what devices meant, which the policy must work out.
type model interface {
	delivered(w write)
	want() value.Value
}

// subject is a policy under test.
type subject struct {
	name    string
	field   bundle.Merge
	typed   bundle.TypeName
	initial value.Value
	// edit makes a device's new value; n is unique in the schedule.
	edit  func(r *rand.Rand, device, n int, local value.Value) value.Value
	model func() model
	// row is set for policies of a whole row, whose values are objects; field is then empty.
	row *conflict.Policy
	// equal compares the end states; nil: value.Equal.
	equal func(got, want value.Value) bool
}

// replica is one device.
type replica struct {
	local value.Value
	seen  int
	queue []write
}

// run plays one schedule and gives what is stored, and what should be.
func (s *subject) run(r *rand.Rand) (got, want value.Value) {
	stored, current := s.initial, 0
	var all [devices]replica
	for i := range all {
		all[i].local = s.initial
	}
	m := s.model()
	id := 0
	deliver := func(d *replica) {
		w := d.queue[0]
		d.queue = d.queue[1:]
		next, took := s.resolve(stored, w)
		if stored = next; took {
			current = w.id
		}
		m.delivered(w)
	}
	for range 5 + r.IntN(6) {
		i := r.IntN(devices)
		d := &all[i]
		switch step := r.IntN(5); {
		case step < 2:
			id++
			w := write{id: id, seen: d.seen, device: i, before: d.local, next: s.edit(r, i, id, d.local)}
			d.queue, d.local, d.seen = append(d.queue, w), w.next, id
		case len(d.queue) > 0:
			deliver(d)
		default:
			d.local, d.seen = stored, current // a checkpoint applies only to an empty queue
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
			return stored, m.want()
		}
		deliver(waiting[r.IntN(len(waiting))])
	}
}

// resolve gives the new stored value, and whether the write was taken.
func (s *subject) resolve(stored value.Value, w write) (value.Value, bool) {
	if s.row != nil {
		return s.resolveRow(stored.(*value.Object), w)
	}
	c := conflict.Change{Field: &conflict.Field{Name: "f", Merge: s.field, Type: s.typed}, Server: stored, Client: w.next, Base: w.before, HasBase: true}
	d := conflict.Row(merge, []conflict.Change{c})
	if d.Refused != nil {
		panic(fmt.Sprintf("refused: %+v", d.Refused))
	}
	return d.Fields[0].Value, value.Equal(d.Fields[0].Value, w.next)
}

// resolveRow sends the members that the device changed, as the SDK does.
func (s *subject) resolveRow(stored *value.Object, w write) (value.Value, bool) {
	before, next := w.before.(*value.Object), w.next.(*value.Object)
	changes := make([]conflict.Change, 0, len(next.Members))
	for _, m := range next.Members {
		base, _ := before.Get(m.Name)
		if base == m.Value {
			continue
		}
		server, _ := stored.Get(m.Name)
		changes = append(changes, conflict.Change{Field: rowFields[m.Name], Server: server, Client: m.Value, Base: base, HasBase: true})
	}
	d := conflict.Row(*s.row, changes)
	if d.Refused != nil {
		return stored, false
	}
	out, took := stored.Clone(), true
	for i, f := range d.Fields {
		out.Set(changes[i].Field.Name, f.Value)
		took = took && f.Outcome != conflict.KeptServer
	}
	return out, took
}

func TestSchedules(t *testing.T) {
	count := schedules
	if testing.Short() {
		count /= 20
	}
	for _, s := range subjects {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			source := rand.NewPCG(0, 0)
			r := rand.New(source)
			for seed := 1; seed <= count; seed++ {
				if onlySeed != 0 && seed != onlySeed {
					continue
				}
				source.Seed(uint64(seed), 1)
				got, want := s.run(r)
				equal := s.equal
				if equal == nil {
					equal = value.Equal
				}
				if !equal(got, want) {
					t.Fatalf("seed %d: stored %s, the model says %s", seed, value.AppendJSON(nil, got), value.AppendJSON(nil, want))
				}
			}
		})
	}
}
