package conflict_test

import (
	"math/rand/v2"
	"sort"
	"strconv"
	"strings"

	"turnkey/runtime/bundle"
	"turnkey/runtime/conflict"
	"turnkey/runtime/value"
)

var subjects = []subject{
	{name: "last_write", initial: "0", edit: unique, model: func() model { return &lastToArrive{"0"} }},
	{name: "first_write", field: bundle.Merge{Policy: bundle.MergeFirstWrite}, initial: "0", edit: unique, model: func() model { return &compareAndSet{value: "0"} }},
	{name: "server", field: bundle.Merge{Policy: bundle.MergeServer}, initial: "0", edit: unique, model: func() model { return &compareAndSet{value: "0"} }},
	{name: "max", field: bundle.Merge{Policy: bundle.MergeMax}, initial: int64(0), edit: anyNumber, model: func() model { return &extreme{sign: 1} }},
	{name: "min", field: bundle.Merge{Policy: bundle.MergeMin}, initial: int64(0), edit: anyNumber, model: func() model { return &extreme{sign: -1} }},
	{name: "counter int64", field: bundle.Merge{Policy: bundle.MergeCounter}, typed: bundle.TypeInt64, initial: int64(100), edit: moved, model: func() model { return &sum{total: 100} }},
	{name: "counter int32", field: bundle.Merge{Policy: bundle.MergeCounter}, typed: bundle.TypeInt32, initial: int32(100),
		edit:  func(r *rand.Rand, d, n int, local value.Value) value.Value { return local.(int32) + int32(r.IntN(9)-4) },
		model: func() model { return &sum{total: 100} }, equal: sameNumber},
	{name: "counter double", field: bundle.Merge{Policy: bundle.MergeCounter}, typed: bundle.TypeDouble, initial: 100.0,
		// Eighths, so that the model's sum is exact, too.
		edit: func(r *rand.Rand, d, n int, local value.Value) value.Value {
			return local.(float64) + float64(r.IntN(9)-4)/8
		},
		model: func() model { return &sum{total: 800, parts: 8} }, equal: sameNumber},
	{name: "counter decimal", field: bundle.Merge{Policy: bundle.MergeCounter}, typed: bundle.TypeDecimal, initial: value.Decimal("100.00"),
		edit: func(r *rand.Rand, d, n int, local value.Value) value.Value {
			return cents(centsOf(local) + int64(r.IntN(900)-450))
		},
		model: func() model { return &sum{total: 10000, parts: 100} }, equal: func(got, want value.Value) bool { return float64(centsOf(got))/100 == want }},
	{name: "set", field: bundle.Merge{Policy: bundle.MergeSet}, initial: value.Array{"a", "b"}, edit: toggled, model: func() model { return &bag{in: map[string]bool{"a": true, "b": true}} }, equal: sameElements},
	{name: "append", field: bundle.Merge{Policy: bundle.MergeAppend}, initial: value.Array{"a"}, edit: appended, model: func() model { return &log{value.Array{"a"}} }},
	{name: "json", field: bundle.Merge{Policy: bundle.MergeJSON}, initial: object("a", "0", "b", "0", "in", object("c", "0")), edit: memberEdited, model: newMemberwise, equal: sameMembers},
	{name: "text", field: bundle.Merge{Policy: bundle.MergeText}, initial: "one 0\ntwo 0\nthree 0\nfour 0\n", edit: ownLine, model: func() model { return &ownLines{"one 0", "two 0", "three 0", "four 0"} }},

	{name: "rows: last_write", row: &conflict.Policy{}, initial: firstRow(), edit: rowEdited, model: func() model { return &lastByMember{firstRow()} }, equal: sameMembers},
	{name: "rows: reject", row: policy(bundle.RowReject), initial: firstRow(), edit: rowEdited, model: func() model { return &unlessMoved{row: firstRow()} }, equal: sameMembers},
	{name: "rows: version", row: policy(bundle.RowVersion), initial: firstRow(), edit: rowEdited, model: func() model { return &locked{row: firstRow()} }, equal: sameMembers},
	{name: "rows: timestamp", row: policy(bundle.RowTimestamp), initial: firstRow(), edit: rowEdited, model: func() model { return &byTime{row: firstRow()} }, equal: sameMembers},
	{name: "rows: merge by time", row: &merge, initial: firstRow(), edit: rowEdited, model: func() model { return &membersByTime{row: firstRow(), writes: map[string]write{}} }, equal: sameMembers},
}

func unique(_ *rand.Rand, _, n int, _ value.Value) value.Value { return strconv.Itoa(n) }

func anyNumber(r *rand.Rand, _, _ int, _ value.Value) value.Value { return int64(r.IntN(40) - 20) }

func moved(r *rand.Rand, _, _ int, local value.Value) value.Value {
	return local.(int64) + int64(r.IntN(9)-4)
}

// lastToArrive: the last delivered write.
type lastToArrive struct{ value value.Value }

func (m *lastToArrive) delivered(w write) { m.value = w.next }
func (m *lastToArrive) want() value.Value { return m.value }

// compareAndSet: a write counts if what it saw is what is there.
type compareAndSet struct {
	current int
	value   value.Value
}

func (m *compareAndSet) delivered(w write) {
	if w.seen == m.current {
		m.current, m.value = w.id, w.next
	}
}
func (m *compareAndSet) want() value.Value { return m.value }

// extreme: the greatest or least of all that was ever written, in whatever order.
type extreme struct {
	sign, value int64
}

func (m *extreme) delivered(w write) { m.value = m.sign * max(m.sign*m.value, m.sign*w.next.(int64)) }
func (m *extreme) want() value.Value { return m.value }

// sum: the initial value and every difference that a device made, in parts of one.
type sum struct {
	total, parts int64
}

func (m *sum) delivered(w write) {
	switch next := w.next.(type) {
	case int64:
		m.total += next - w.before.(int64)
	case int32:
		m.total += int64(next - w.before.(int32))
	case float64:
		m.total += int64((next - w.before.(float64)) * float64(m.parts))
	case value.Decimal:
		m.total += centsOf(next) - centsOf(w.before)
	}
}

func (m *sum) want() value.Value {
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

func (m *bag) delivered(w write) {
	was, is := count(w.before), count(w.next)
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

func (m *bag) want() value.Value {
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

func (m *log) delivered(w write) {
	m.list = append(m.list, w.next.(value.Array)[len(w.before.(value.Array)):]...)
}
func (m *log) want() value.Value { return m.list }

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

func newMemberwise() model {
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

func (m *memberwise) delivered(w write) {
	was, is := flat(w.before), flat(w.next)
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

func (m *memberwise) want() value.Value {
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
type ownLines [devices]string

func (m *ownLines) delivered(w write) { m[w.device] = strings.Split(w.next.(string), "\n")[w.device] }
func (m *ownLines) want() value.Value { return strings.Join(m[:], "\n") + "\n" }

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
