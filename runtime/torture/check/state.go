package check

import (
	"fmt"
	"slices"
	"strings"

	"turnkey/runtime/torture/history"
)

// convergence: the rows at the end are what the log of changes leads to, and every device that read
// after the end sees them.
func convergence(x *Index) []Violation {
	var out []Violation
	state := map[string]string{}
	for key, row := range x.Seeds {
		state[key] = row.Tag
	}
	for _, c := range x.Changes {
		key := history.Key(c.Table, c.ID)
		if c.Verb == "delete" {
			delete(state, key)
		} else {
			state[key] = c.Row.Tag
		}
	}
	for key, tag := range state {
		if row, here := x.Rows[key]; !here || row.Tag != tag {
			out = append(out, rowViolation(key, fmt.Sprintf("%s ends as %q; the last change made it %q", key, row.Tag, tag), tag, row.Tag))
		}
	}
	for key, row := range x.Rows {
		if _, known := state[key]; !known {
			out = append(out, rowViolation(key, fmt.Sprintf("%s is there at the end, but its last change deleted it", key), row.Tag))
		}
	}
	for _, e := range x.Events {
		if e.Kind != history.Read || e.Note != "final" {
			continue
		}
		for key, tag := range e.Seen {
			if row := x.Rows[key]; row.Tag != tag {
				out = append(out, rowViolation(key, fmt.Sprintf("%s sees %s as %q at the end; it is %q", e.Device, key, tag, row.Tag), tag, row.Tag))
			}
		}
	}
	slices.SortFunc(out, func(a, b Violation) int { return strings.Compare(a.What, b.What) })
	return out
}

// tombstones: a deleted row returns only by a PUT that had not been applied before, and a row whose
// one writer deleted it stays away.
func tombstones(x *Index) []Violation {
	var out []Violation
	used := map[string]bool{}
	for _, c := range x.Changes {
		if c.Verb == "delete" {
			continue
		}
		o := x.ops[c.Row.Tag]
		if o != nil && c.Verb == "insert" && (o.Verb != "PUT" || used[o.Tag]) {
			how := "a late " + o.Verb
			if used[o.Tag] {
				how = "a repeated " + o.Verb
			}
			out = append(out, rowViolation(history.Key(c.Table, c.ID), how+" brought back "+history.Key(c.Table, c.ID), o.Tag))
		}
		used[c.Row.Tag] = true
	}
	return append(out, stayedAway(x)...)
}

// stayedAway looks at rows that a single device wrote and that it never forgot about: the outcome of
// the last operation decides.
func stayedAway(x *Index) []Violation {
	type story struct {
		device string
		last   *op
		clear  bool
	}
	touched := map[string]bool{} // by somebody who is no device
	for _, c := range x.Changes {
		if foreign(c.Row.Tag) {
			touched[history.Key(c.Table, c.ID)] = true
		}
	}
	rows := map[string]*story{}
	for _, o := range x.order {
		key := history.Key(o.Table, o.ID)
		s := rows[key]
		if s == nil {
			s = &story{device: o.device, clear: true}
			rows[key] = s
		}
		s.clear = s.clear && s.device == o.device && !o.dropped
		s.last = o
	}
	var out []Violation
	for key, s := range rows {
		row, here := x.Rows[key]
		switch {
		case !s.clear || !s.last.ok || touched[key]:
		case s.last.Verb == "DELETE" && here:
			out = append(out, rowViolation(key, key+" was deleted for good and is there at the end", s.last.Tag, row.Tag))
		case s.last.Verb == "PUT" && row.Tag != s.last.Tag:
			out = append(out, rowViolation(key, fmt.Sprintf("%s ends as %q, which is not its only writer's last word", key, row.Tag), s.last.Tag, row.Tag))
		}
	}
	slices.SortFunc(out, func(a, b Violation) int { return strings.Compare(a.What, b.What) })
	return out
}
