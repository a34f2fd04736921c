package check

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"turnkey/runtime/torture/history"
)

// Hook says what the hook of a table does, so that it can be seen whether it did.
type Hook struct {
	Table string
	// Adds is what it adds to n of every write.
	Adds int64
	// Tag and the operation's own make the tag of what it writes: a row of Ledger for each change, named by the operation's tag,
	// and one more in the device's row of Tallies.
	Tag, Ledger, Tallies string
}

// writes reports a row that the hook wrote.
func (h *Hook) writes(table string) bool {
	return table != "" && (table == h.Ledger || table == h.Tallies)
}

// hooks: what a hook writes is committed with the change that it was called for, once, or not at all; what it
// refuses is refused, and nothing else is.
func hooks(x *Index) []Violation {
	h := &x.settings.Hook
	if h.Table == "" {
		return nil
	}
	lines := map[string][]string{} // of the ledger, by the operation's tag: the commits
	for _, c := range x.Changes {
		if tag, ok := strings.CutPrefix(c.Row.Tag, h.Tag); ok && c.Table == h.Ledger {
			lines[tag] = append(lines[tag], c.Commit)
		}
	}
	var out []Violation
	for _, o := range x.order {
		if o.Table == h.Table {
			out = append(out, x.deed(o, lines[o.Tag])...)
		}
	}
	return append(append(out, x.refusedByHook()...), x.tallies(lines)...)
}

// deed holds one operation to its line in the ledger.
func (x *Index) deed(o *op, lines []string) (out []Violation) {
	h := &x.settings.Hook
	if o.Doomed && (o.ok || len(o.effects) > 0) {
		out = append(out, violation("an operation was applied that its hook refuses", o.Tag))
	}
	if len(lines) != len(o.effects) {
		return append(out, violation(fmt.Sprintf("%d changes by an operation, and %d lines of its hook", len(o.effects), len(lines)), o.Tag))
	}
	for i, at := range o.effects {
		c := &x.Changes[at]
		if c.Commit != lines[i] {
			out = append(out, violation("a hook's write was committed in "+lines[i]+", and the change that it belongs to in "+c.Commit, o.Tag))
		}
		if n, ok := o.Data["n"].(int64); ok && c.Row.N != n+h.Adds {
			out = append(out, violation(fmt.Sprintf("a hook should have made %d of %d; it is %d", n+h.Adds, n, c.Row.N), o.Tag))
		}
	}
	return out
}

// refusedByHook finds operations that were refused though nothing is wrong with them, nor with any that they were
// ever sent with: after a loss of power a device gives a number to two transactions, and they travel as one.
func (x *Index) refusedByHook() (out []Violation) {
	guilty, beside := map[string]bool{}, map[string]bool{}
	for _, o := range x.order {
		guilty[o.tx] = guilty[o.tx] || o.Doomed
	}
	for _, e := range x.Events {
		if e.Kind == history.Send && slices.ContainsFunc(e.Tags, func(tag string) bool { return x.ops[tag] != nil && x.ops[tag].Doomed }) {
			for _, tag := range e.Tags {
				beside[tag] = true
			}
		}
	}
	for _, e := range x.Events {
		if e.Kind != history.Rejected || e.Note == dependent {
			continue
		}
		for _, tag := range e.Tags {
			if o := x.ops[tag]; o != nil && o.Table == x.settings.Hook.Table && !guilty[o.tx] && !beside[tag] {
				out = append(out, violation("an operation was refused that nothing is wrong with: "+e.Note, tag))
			}
		}
	}
	return out
}

// dependent is the code of an operation that was refused because an earlier one on the same row was.
const dependent = "DEPENDS_ON_REJECTED"

// tallies count the lines of each device.
func (x *Index) tallies(lines map[string][]string) (out []Violation) {
	h := &x.settings.Hook
	want := map[string]int64{}
	for tag, of := range lines {
		device, _, _ := strings.Cut(tag, "#")
		want[device] += int64(len(of))
	}
	for _, device := range slices.Sorted(maps.Keys(want)) {
		key := history.Key(h.Tallies, device)
		if n := x.Rows[key].N; n != want[device] {
			out = append(out, rowViolation(key, fmt.Sprintf("hooks counted %d changes of %s; there are %d", n, device, want[device])))
		}
	}
	return out
}
