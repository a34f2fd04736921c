package conflict_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"turnkey/runtime/conflict"
	"turnkey/runtime/conflict/conflicttest"
	"turnkey/runtime/value"
)

// Each schedule is a seed; a failure names it, and onlySeed repeats it.
const (
	schedules = 100_000
	onlySeed  = 0 // 0: all
)

// pure plays the part of the server with nothing but the policy.
type pure struct {
	*conflicttest.Subject
	stored value.Value
}

func (p *pure) Stored() value.Value { return p.stored }

func (p *pure) Deliver(w conflicttest.Write) (took bool) {
	if p.Row != nil {
		return p.deliverRow(w)
	}
	c := conflict.Change{Field: &conflict.Field{Name: "f", Merge: p.Field, Type: p.Typed}, Server: p.stored, Client: w.Next, Base: w.Before, HasBase: true}
	d := conflict.Row(merge, []conflict.Change{c})
	if d.Refused != nil {
		panic(fmt.Sprintf("refused: %+v", d.Refused))
	}
	p.stored = d.Fields[0].Value
	return value.Equal(p.stored, w.Next)
}

// deliverRow sends the members that the device changed, as the SDK does.
func (p *pure) deliverRow(w conflicttest.Write) (took bool) {
	stored, before, next := p.stored.(*value.Object), w.Before.(*value.Object), w.Next.(*value.Object)
	changes := make([]conflict.Change, 0, len(next.Members))
	for _, m := range next.Members {
		base, _ := before.Get(m.Name)
		if base == m.Value {
			continue
		}
		server, _ := stored.Get(m.Name)
		changes = append(changes, conflict.Change{Field: conflicttest.RowFields[m.Name], Server: server, Client: m.Value, Base: base, HasBase: true})
	}
	d := conflict.Row(*p.Row, changes)
	if d.Refused != nil {
		return false
	}
	out := stored.Clone()
	took = true
	for i, f := range d.Fields {
		out.Set(changes[i].Field.Name, f.Value)
		took = took && f.Outcome != conflict.KeptServer
	}
	p.stored = out
	return took
}

func TestSchedules(t *testing.T) {
	count := schedules
	if testing.Short() {
		count /= 20
	}
	for _, s := range conflicttest.Subjects {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			source := rand.NewPCG(0, 0)
			r := rand.New(source)
			for seed := 1; seed <= count; seed++ {
				if onlySeed != 0 && seed != onlySeed {
					continue
				}
				source.Seed(uint64(seed), 1)
				got, want := s.Run(r, &pure{&s, s.Initial})
				if !s.Same(got, want) {
					t.Fatalf("seed %d: stored %s, the model says %s", seed, value.AppendJSON(nil, got), value.AppendJSON(nil, want))
				}
			}
		})
	}
}
