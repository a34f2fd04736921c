package conflicttest

import (
	"math/rand/v2"
	"strconv"
	"time"

	"turnkey/runtime/bundle"
	"turnkey/runtime/conflict"
	"turnkey/runtime/value"
)

// RowFields are those of whole rows: the rows of the schedules have two members of text, each with a time of its own, a version that
// every edit counts, and the time of the last edit.
var RowFields = map[string]*conflict.Field{
	"a":    {Name: "a", Merge: bundle.Merge{Policy: bundle.MergeTimestamp, Field: "a_at"}},
	"b":    {Name: "b", Merge: bundle.Merge{Policy: bundle.MergeTimestamp, Field: "b_at"}},
	"a_at": {Name: "a_at", Merge: bundle.Merge{Policy: bundle.MergeMax}},
	"b_at": {Name: "b_at", Merge: bundle.Merge{Policy: bundle.MergeMax}},
	"v":    {Name: "v", Merge: bundle.Merge{Policy: bundle.MergeMax}, Type: bundle.TypeInt64},
	"at":   {Name: "at", Merge: bundle.Merge{Policy: bundle.MergeMax}},
}

func policy(p bundle.RowPolicy) *conflict.Policy {
	field := map[bundle.RowPolicy]string{bundle.RowVersion: "v", bundle.RowTimestamp: "at"}[p]
	return &conflict.Policy{OnConflict: bundle.OnConflict{Policy: p, Field: field}}
}

func firstRow() *value.Object {
	t := time.UnixMilli(0).UTC()
	return object("a", "0", "b", "0", "a_at", t, "b_at", t, "v", int64(0), "at", t)
}

// rowEdited changes one member or both. The clocks of the devices are far apart, and no two writes
// have the same time.
func rowEdited(r *rand.Rand, _, n int, local value.Value) value.Value {
	out := local.(*value.Object).Clone()
	t := time.UnixMilli(int64(r.IntN(50)*1000 + n)).UTC()
	which := 1 + r.IntN(3)
	for bit, name := range []string{"a", "b"} {
		if which>>bit&1 == 1 {
			out.Set(name, strconv.Itoa(n))
			out.Set(name+"_at", t)
		}
	}
	v, _ := out.Get("v")
	out.Set("v", v.(int64)+1)
	out.Set("at", t)
	return out
}

// edited gives the members that a write changed.
func edited(w Write) map[string]value.Value {
	out := map[string]value.Value{}
	for _, m := range w.Next.(*value.Object).Members {
		if before, _ := w.Before.(*value.Object).Get(m.Name); before != m.Value {
			out[m.Name] = m.Value
		}
	}
	return out
}

func apply(row *value.Object, w Write) {
	for name, v := range edited(w) {
		row.Set(name, v)
	}
}

func timeOf(v value.Value, name string) time.Time {
	t, _ := v.(*value.Object).Get(name)
	return t.(time.Time)
}

// lastByMember: each member's last edit to arrive.
type lastByMember struct{ row *value.Object }

func (m *lastByMember) Delivered(w Write) { apply(m.row, w) }
func (m *lastByMember) Want() value.Value { return m.row }

// unlessMoved: a write counts as a whole if every member that it changes holds the value that it saw.
// Values are unique, but for the version, which two devices may count alike: equal is no conflict.
type unlessMoved struct{ row *value.Object }

func (m *unlessMoved) Delivered(w Write) {
	for name, v := range edited(w) {
		saw, _ := w.Before.(*value.Object).Get(name)
		if is, _ := m.row.Get(name); is != saw && is != v {
			return
		}
	}
	apply(m.row, w)
}
func (m *unlessMoved) Want() value.Value { return m.row }

// locked: a write counts if it saw the version that is stored, and counts it by one.
type locked struct {
	row     *value.Object
	version int64
}

func (m *locked) Delivered(w Write) {
	if saw, _ := w.Before.(*value.Object).Get("v"); saw != m.version {
		return
	}
	apply(m.row, w)
	m.version++
	m.row.Set("v", m.version)
}
func (m *locked) Want() value.Value { return m.row }

// byTime: a write counts if none that is younger has arrived.
type byTime struct {
	row      *value.Object
	youngest time.Time
}

func (m *byTime) Delivered(w Write) {
	if t := timeOf(w.Next, "at"); t.After(m.youngest) {
		m.youngest = t
		apply(m.row, w)
	}
}
func (m *byTime) Want() value.Value { return m.row }

// membersByTime: of all writes to a member, in whatever order, the youngest; of times and the version
// the greatest.
type membersByTime struct {
	row    *value.Object
	writes map[string]Write
}

func (m *membersByTime) Delivered(w Write) {
	for name, v := range edited(w) {
		switch was, _ := m.row.Get(name); name {
		case "a", "b":
			if have, ok := m.writes[name]; !ok || timeOf(w.Next, name+"_at").After(timeOf(have.Next, name+"_at")) {
				m.writes[name] = w
			}
		case "v":
			m.row.Set(name, max(was.(int64), v.(int64)))
		default:
			if v.(time.Time).After(was.(time.Time)) {
				m.row.Set(name, v)
			}
		}
	}
}

func (m *membersByTime) Want() value.Value {
	for name, w := range m.writes {
		v, _ := w.Next.(*value.Object).Get(name)
		m.row.Set(name, v)
	}
	return m.row
}
