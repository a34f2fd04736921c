package conflict

import (
	"math"

	"turnkey/runtime/bundle"
	"turnkey/runtime/value"
)

// Row decides an update of an existing row. Every column of the operation's data is a change, also
// those whose value is stored already: two devices that both counted from 5 to 6 made 7 of it.
func Row(p Policy, changes []Change) Decision {
	switch p.OnConflict.Policy {
	case bundle.RowVersion:
		return versioned(p.OnConflict.Field, changes)
	case bundle.RowTimestamp:
		return stamped(p.OnConflict.Field, changes)
	case bundle.RowMerge:
		return merged(changes)
	}
	d := lastWrite(changes)
	if len(d.Conflicts) == 0 {
		return d
	}
	switch p.OnConflict.Policy {
	case bundle.RowReject:
		return Decision{Conflicts: d.Conflicts, Refused: refuseConflict(changes[d.Conflicts[0]].Field.Name)}
	case bundle.RowRecord:
		no := refuseConflict(changes[d.Conflicts[0]].Field.Name)
		no.Code, no.Hint = CodeRecorded, "The conflict is kept until somebody decides it."
		return Decision{Conflicts: d.Conflicts, Refused: no}
	case bundle.RowHook:
		d.Hook = true
	}
	return d
}

// Outcome is how a refused operation's conflicts are counted.
func (no *Refusal) Outcome() Outcome {
	if no.Code == CodeRecorded {
		return Recorded
	}
	return Rejected
}

func refuseConflict(column string) *Refusal {
	return &Refusal{
		Code: CodeConflict, Field: column, Message: "The row was changed by somebody else since this device saw it.",
		Hint: "Read the row again after the next sync, and repeat the change if it still makes sense.",
	}
}

// lastWrite takes the client's values and notes where they conflict.
func lastWrite(changes []Change) Decision {
	d := Decision{Fields: make([]Resolved, len(changes))}
	for i := range changes {
		c := &changes[i]
		if !c.edited() {
			d.Fields[i] = c.keep(false)
			continue
		}
		conflicts := c.conflicts()
		d.Fields[i] = c.take(c.Client, conflicts)
		if conflicts {
			d.Conflicts = append(d.Conflicts, i)
		}
	}
	return d
}

// merged lets each field's policy decide.
func merged(changes []Change) Decision {
	d := Decision{Fields: make([]Resolved, len(changes))}
	for i := range changes {
		c := &changes[i]
		r, no := c.merge(changes)
		if no != nil {
			return Decision{Refused: no}
		}
		if c.Own { // nobody else's value was there to conflict with
			r.Outcome = ""
		}
		d.Fields[i] = r
		d.Hook = d.Hook || r.Hook
		if r.Outcome != "" {
			d.Conflicts = append(d.Conflicts, i)
		}
	}
	return d
}

// find gives the change of a column, or nil.
func find(changes []Change, column string) *Change {
	for i := range changes {
		if changes[i].Field.Name == column {
			return &changes[i]
		}
	}
	return nil
}

// versioned is the optimistic lock. The device has seen version n if its base says n, or, where it
// sends no base, if it sends n+1: it counts the version itself (version = version + 1). The write is
// refused unless n is what is stored; if it goes ahead, n+1 is stored.
func versioned(column string, changes []Change) Decision {
	d := lastWrite(changes)
	lock, differs := -1, false
	for i := range changes {
		if changes[i].Field.Name == column {
			lock = i
			continue
		}
		differs = differs || d.Fields[i].Changed
	}
	if lock >= 0 {
		d.Fields[lock] = changes[lock].keep(false)
	}
	if !differs {
		// A repeated write, or one that only counts: there is nothing to lose, so nothing to protect.
		d.Conflicts = nil
		return d
	}
	var seen, stored int64
	known := false
	if lock >= 0 {
		seen, known = seenVersion(&changes[lock])
		stored = wholeNumber(changes[lock].Server)
	}
	if !known {
		return Decision{Refused: &Refusal{
			Code: CodeConflict, Field: column, Message: "The write does not say which version of the row it changes.",
			Hint: "Count the version with every change (SET version = version + 1), or track previous values for the table.",
		}}
	}
	if seen != stored && !changes[lock].Own {
		return Decision{Conflicts: []int{lock}, Refused: refuseConflict(column)}
	}
	if stored == math.MaxInt64 {
		no := overflow("The version cannot be counted any further.")
		no.Field = column
		return Decision{Refused: no}
	}
	d.Fields[lock] = Resolved{Value: likeVersion(&changes[lock], stored+1), Changed: true}
	d.Conflicts = nil
	return d
}

// seenVersion is the version that the device had before its write.
func seenVersion(c *Change) (int64, bool) {
	if c.HasBase {
		return wholeNumber(c.Base), true
	}
	if c.Absent || c.Client == nil {
		return 0, false
	}
	return wholeNumber(c.Client) - 1, true
}

// wholeNumber reads a version; null, and what is none, is 0.
func wholeNumber(v value.Value) int64 {
	n, ok := numberOf(v)
	if !ok {
		return 0
	}
	i, _ := n.integer()
	return i
}

// likeVersion types the next version as the field is declared, else as the stored one is.
func likeVersion(c *Change, next int64) value.Value {
	_, narrow := c.Server.(int32)
	if narrow = narrow && c.Field.Type == "" || c.Field.Type == bundle.TypeInt32; narrow && next <= math.MaxInt32 {
		return int32(next)
	}
	return next
}

// stamped lets the write with the younger client time have the whole row. Equal times, and writes
// without one, are taken as they come.
func stamped(column string, changes []Change) Decision {
	stamp := find(changes, column)
	if stamp == nil || stamp.Absent {
		d := lastWrite(changes)
		for i := range d.Fields {
			d.Fields[i].NoBase = true
		}
		return d
	}
	d := Decision{Fields: make([]Resolved, len(changes))}
	older := before(stamp.Client, stamp.Server)
	for i := range changes {
		c := &changes[i]
		switch {
		case !c.edited():
			d.Fields[i] = c.keep(false)
		case older:
			d.Fields[i] = c.keep(!c.same(c.Client, c.Server))
		default:
			d.Fields[i] = c.take(c.Client, c.conflicts())
		}
		if d.Fields[i].Outcome != "" {
			d.Conflicts = append(d.Conflicts, i)
		}
	}
	return d
}

// before reports whether the client's time is earlier than the stored one. What is no time is earlier
// than all times.
func before(client, stored value.Value) bool {
	then, ok := instant(stored)
	if !ok {
		return false
	}
	now, ok := instant(client)
	return !ok || now.Before(then)
}
