package conflicttest

import (
	"math/rand/v2"
	"sort"
	"strconv"
	"strings"

	"turnkey/runtime/bundle"
	"turnkey/runtime/conflict"
	"turnkey/runtime/value"
)

// Subjects are the policies, each with its reference model.
var Subjects = []Subject{
	{Name: "last_write", Initial: "0", Edit: unique, Model: func() Model { return &lastToArrive{"0"} }},
	{Name: "first_write", Field: bundle.Merge{Policy: bundle.MergeFirstWrite}, Initial: "0", Edit: unique, Model: func() Model { return &compareAndSet{value: "0"} }},
	{Name: "server", Field: bundle.Merge{Policy: bundle.MergeServer}, Initial: "0", Edit: unique, Model: func() Model { return &compareAndSet{value: "0"} }},
	{Name: "max", Field: bundle.Merge{Policy: bundle.MergeMax}, Initial: int64(0), Edit: anyNumber, Model: func() Model { return &extreme{sign: 1} }},
	{Name: "min", Field: bundle.Merge{Policy: bundle.MergeMin}, Initial: int64(0), Edit: anyNumber, Model: func() Model { return &extreme{sign: -1} }},
	{Name: "counter int64", Field: bundle.Merge{Policy: bundle.MergeCounter}, Typed: bundle.TypeInt64, Initial: int64(100), Edit: moved, Model: func() Model { return &sum{total: 100} }},
	{Name: "counter int32", Field: bundle.Merge{Policy: bundle.MergeCounter}, Typed: bundle.TypeInt32, Initial: int32(100),
		Edit:  func(r *rand.Rand, d, n int, local value.Value) value.Value { return local.(int32) + int32(r.IntN(9)-4) },
		Model: func() Model { return &sum{total: 100} }, Equal: sameNumber},
	{Name: "counter double", Field: bundle.Merge{Policy: bundle.MergeCounter}, Typed: bundle.TypeDouble, Initial: 100.0,
		// Eighths, so that the model's sum is exact, too.
		Edit: func(r *rand.Rand, d, n int, local value.Value) value.Value {
			return local.(float64) + float64(r.IntN(9)-4)/8
		},
		Model: func() Model { return &sum{total: 800, parts: 8} }, Equal: sameNumber},
	{Name: "counter decimal", Field: bundle.Merge{Policy: bundle.MergeCounter}, Typed: bundle.TypeDecimal, Initial: value.Decimal("100.00"),
		Edit: func(r *rand.Rand, d, n int, local value.Value) value.Value {
			return cents(centsOf(local) + int64(r.IntN(900)-450))
		},
		Model: func() Model { return &sum{total: 10000, parts: 100} }, Equal: func(got, want value.Value) bool { return float64(centsOf(got))/100 == want }},
	{Name: "set", Field: bundle.Merge{Policy: bundle.MergeSet}, Initial: value.Array{"a", "b"}, Edit: toggled, Model: func() Model { return &bag{in: map[string]bool{"a": true, "b": true}} }, Equal: sameElements},
	{Name: "append", Field: bundle.Merge{Policy: bundle.MergeAppend}, Initial: value.Array{"a"}, Edit: appended, Model: func() Model { return &log{value.Array{"a"}} }},
	{Name: "json", Field: bundle.Merge{Policy: bundle.MergeJSON}, Initial: object("a", "0", "b", "0", "in", object("c", "0")), Edit: memberEdited, Model: newMemberwise, Equal: sameMembers},
	{Name: "text", Field: bundle.Merge{Policy: bundle.MergeText}, Initial: "one 0\ntwo 0\nthree 0\nfour 0\n", Edit: ownLine, Model: func() Model { return &ownLines{"one 0", "two 0", "three 0", "four 0"} }},

	{Name: "rows: last_write", Row: &conflict.Policy{}, Initial: firstRow(), Edit: rowEdited, Model: func() Model { return &lastByMember{firstRow()} }, Equal: sameMembers},
	{Name: "rows: reject", Row: policy(bundle.RowReject), Initial: firstRow(), Edit: rowEdited, Model: func() Model { return &unlessMoved{row: firstRow()} }, Equal: sameMembers},
	{Name: "rows: record", Row: policy(bundle.RowRecord), Initial: firstRow(), Edit: rowEdited, Model: func() Model { return &unlessMoved{row: firstRow()} }, Equal: sameMembers},
	{Name: "rows: version", Row: policy(bundle.RowVersion), Initial: firstRow(), Edit: rowEdited, Model: func() Model { return &locked{row: firstRow()} }, Equal: sameMembers},
	{Name: "rows: timestamp", Row: policy(bundle.RowTimestamp), Initial: firstRow(), Edit: rowEdited, Model: func() Model { return &byTime{row: firstRow()} }, Equal: sameMembers},
	{Name: "rows: merge by time", Row: policy(bundle.RowMerge), Initial: firstRow(), Edit: rowEdited, Model: func() Model { return &membersByTime{row: firstRow(), writes: map[string]Write{}} }, Equal: sameMembers},
}

func unique(_ *rand.Rand, _, n int, _ value.Value) value.Value { return strconv.Itoa(n) }

func anyNumber(r *rand.Rand, _, _ int, _ value.Value) value.Value { return int64(r.IntN(40) - 20) }

func moved(r *rand.Rand, _, _ int, local value.Value) value.Value {
	return local.(int64) + int64(r.IntN(9)-4)
}

// lastToArrive: the last delivered write.
type lastToArrive struct{ value value.Value }

func (m *lastToArrive) Delivered(w Write) { m.value = w.Next }
func (m *lastToArrive) Want() value.Value { return m.value }

// compareAndSet: a write counts if what it saw is what is there.
type compareAndSet struct {
	current int
	value   value.Value
}

func (m *compareAndSet) Delivered(w Write) {
	if w.Seen == m.current {
		m.current, m.value = w.ID, w.Next
	}
}
func (m *compareAndSet) Want() value.Value { return m.value }

// extreme: the greatest or least of all that was ever written, in whatever order.
type extreme struct {
	sign, value int64
}

func (m *extreme) Delivered(w Write) { m.value = m.sign * max(m.sign*m.value, m.sign*w.Next.(int64)) }
func (m *extreme) Want() value.Value { return m.value }

// sum: the initial value and every difference that a device made, in parts of one.
type sum struct {
	total, parts int64
}

func (m *sum) Delivered(w Write) {
	switch next := w.Next.(type) {
	case int64:
		m.total += next - w.Before.(int64)
	case int32:
		m.total += int64(next - w.Before.(int32))
	case float64:
		m.total += int64((next - w.Before.(float64)) * float64(m.parts))
	case value.Decimal:
		m.total += centsOf(next) - centsOf(w.Before)
	}
}

func (m *sum) Want() value.Value {
	if m.parts == 0 {
		return m.total
	}
	return float64(m.total) / float64(m.parts)
}

func sameNumber(got, want value.Value) bool {
	if n, ok := got.(int32); ok {
		return int64(n) == want
	}
	return got == want
}

func centsOf(v value.Value) int64 {
	n, err := strconv.ParseInt(strings.Replace(string(v.(value.Decimal)), ".", "", 1), 10, 64)
	if err != nil {
		panic(err)
	}
	return n
}

func cents(n int64) value.Value {
	sign := ""
	if n < 0 {
		sign, n = "-", -n
	}
	rest := strconv.FormatInt(n%100+100, 10)[1:]
	return value.Decimal(sign + strconv.FormatInt(n/100, 10) + "." + rest)
}

// bag: each write's adds and removes, in order of arrival.
type bag struct{ in map[string]bool }

func (m *bag) Delivered(w Write) {
	was, is := count(w.Before), count(w.Next)
	for e := range was {
		if is[e] == 0 {
			delete(m.in, e)
		}
	}
	for e := range is {
		if was[e] == 0 {
			m.in[e] = true
		}
	}
}

func (m *bag) Want() value.Value {
	var out value.Array
	for e := range m.in {
		out = append(out, e)
	}
	return out
}

func count(v value.Value) map[string]int {
	out := map[string]int{}
	for _, e := range v.(value.Array) {
		out[e.(string)]++
	}
	return out
}

func sameElements(got, want value.Value) bool {
	sorted := func(v value.Value) string {
		var all []string
		for _, e := range v.(value.Array) {
			all = append(all, e.(string))
		}
		sort.Strings(all)
		return strings.Join(all, ",")
	}
	return sorted(got) == sorted(want)
}

// toggled adds or removes up to two of six elements.
func toggled(r *rand.Rand, _, _ int, local value.Value) value.Value {
	out := append(value.Array{}, local.(value.Array)...)
	for range 1 + r.IntN(2) {
		e := string(rune('a' + r.IntN(6)))
		at := -1
		for i := range out {
			if out[i] == e {
				at = i
			}
		}
		if at >= 0 {
			out = append(out[:at], out[at+1:]...)
		} else {
			out = append(out, e)
		}
	}
	return out
}

// log: everything that was appended, by arrival.
type log struct{ list value.Array }

func (m *log) Delivered(w Write) {
	m.list = append(m.list, w.Next.(value.Array)[len(w.Before.(value.Array)):]...)
}
func (m *log) Want() value.Value { return m.list }

// appended adds one or two elements, equal ones of other devices among them.
func appended(r *rand.Rand, _, _ int, local value.Value) value.Value {
	out := append(value.Array{}, local.(value.Array)...)
	for range 1 + r.IntN(2) {
		out = append(out, string(rune('a'+r.IntN(4))))
	}
	return out
}

// memberwise: each member is a field of its own; its last edit to arrive, removals included.
type memberwise struct{ in map[string]value.Value }

func newMemberwise() Model {
	return &memberwise{map[string]value.Value{"a": "0", "b": "0", "in.c": "0"}}
}

func flat(v value.Value) map[string]value.Value {
	out := map[string]value.Value{}
	for _, m := range v.(*value.Object).Members {
		if inner, ok := m.Value.(*value.Object); ok {
			for _, i := range inner.Members {
				out[m.Name+"."+i.Name] = i.Value
			}
			continue
		}
		out[m.Name] = m.Value
	}
	return out
}

func (m *memberwise) Delivered(w Write) {
	was, is := flat(w.Before), flat(w.Next)
	for name := range was {
		if _, there := is[name]; !there {
			delete(m.in, name)
		}
	}
	for name, v := range is {
		if was[name] != v {
			m.in[name] = v
		}
	}
}

func (m *memberwise) Want() value.Value {
	o := &value.Object{}
	for name, v := range m.in {
		o.Set(name, v)
	}
	return o
}

func sameMembers(got, want value.Value) bool {
	a, b := flat(got), flat(want)
	for name, v := range a {
		if b[name] != v {
			return false
		}
	}
	return len(a) == len(b)
}

// memberEdited writes or removes a member, at the top or inside.
func memberEdited(r *rand.Rand, _, n int, local value.Value) value.Value {
	out := local.(*value.Object).Clone()
	at := out
	name := string(rune('a' + r.IntN(3)))
	if r.IntN(2) == 0 {
		inner, _ := out.Get("in")
		at = inner.(*value.Object).Clone()
		out.Set("in", at)
	}
	if _, there := at.Get(name); there && r.IntN(3) == 0 {
		at.Delete(name)
		return out
	}
	at.Set(name, strconv.Itoa(n))
	return out
}

// ownLines: each device edits a line of its own, and finds its last edit there.
type ownLines [Devices]string

func (m *ownLines) Delivered(w Write) { m[w.Device] = strings.Split(w.Next.(string), "\n")[w.Device] }
func (m *ownLines) Want() value.Value { return strings.Join(m[:], "\n") + "\n" }

func ownLine(r *rand.Rand, device, n int, local value.Value) value.Value {
	lines := strings.Split(local.(string), "\n")
	if r.IntN(2) == 0 {
		name, _, _ := strings.Cut(lines[device], " ")
		lines[device] = name + " " + strconv.Itoa(n)
	} else {
		lines[device] += " " + strconv.Itoa(n)
	}
	return strings.Join(lines, "\n")
}
