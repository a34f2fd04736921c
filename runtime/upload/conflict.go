package upload

import (
	"slices"

	"turnkey/internal/fault"
	"turnkey/runtime/bundle"
	"turnkey/runtime/conflict"
	"turnkey/runtime/rule"
	"turnkey/runtime/source"
	"turnkey/runtime/value"
)

// weighed are the columns of one update, ready for a policy: changes[i] belongs to fields[i]. An attempt
// uses the same one for every operation.
type weighed struct {
	fields  []*field
	changes []conflict.Change
	// forced are the changes that somebody has decided, by index; nil: none.
	forced []bool
}

// weigh types the data and the previous values of an update against the row. The column of a version
// is weighed even when the data lacks it.
func (a *attempt) weigh(op *Operation, r *row) (*weighed, *Refusal) {
	previous := op.Previous
	if op.Op != Patch { // a PUT of a row that exists says nothing of what the device saw
		previous = nil
	}
	w := &a.weighed
	w.fields, w.changes, w.forced = w.fields[:0], w.changes[:0], nil
	for _, m := range members(op.Data) {
		f, no := a.column(r.table, m)
		if no != nil {
			return nil, no
		}
		if f == nil || a.replay.newer(r.name, f) {
			continue
		}
		old, has := at(r.now, f.path)
		v, _, no := a.coerce(r.table, f, m.Value, old, has)
		if no != nil {
			return nil, a.ofHook(no)
		}
		c := conflict.Change{Field: &f.policy, Server: old, Client: v, Missing: !has}
		if !a.addedByHook(r.table, f) {
			c.Base, c.HasBase = a.base(r.table, f, previous, old, has)
		}
		w.fields, w.changes = append(w.fields, f), append(w.changes, c)
	}
	a.weighVersion(w, r, previous)
	return w, a.replay.force(a, r, w)
}

func (a *attempt) weighVersion(w *weighed, r *row, previous *value.Object) {
	name := r.table.policy.OnConflict.Field
	f := r.table.fields[name]
	if r.table.policy.OnConflict.Policy != bundle.RowVersion || f == nil {
		return
	}
	for i := range w.fields {
		if w.fields[i] == f {
			return
		}
	}
	old, has := at(r.now, f.path)
	c := conflict.Change{Field: &f.policy, Server: old, Absent: true}
	c.Base, c.HasBase = a.base(r.table, f, previous, old, has)
	w.fields, w.changes = append(w.fields, f), append(w.changes, c)
}

// base types what the device saw. What cannot be typed stays as it was sent, and differs from
// everything that is stored.
func (a *attempt) base(t *table, f *field, previous *value.Object, stored value.Value, has bool) (value.Value, bool) {
	sent, known := previous.Get(f.name)
	if !known {
		return nil, false
	}
	if v, _, no := a.coerce(t, f, sent, stored, has); no == nil {
		return v, true
	}
	return sent, true
}

func (w *weighed) decide(t *table) conflict.Decision {
	d := conflict.Row(t.policy, w.changes)
	if w.forced == nil || d.Refused != nil {
		return d
	}
	d.Conflicts = slices.DeleteFunc(d.Conflicts, func(i int) bool { return w.forced[i] })
	for i, forced := range w.forced {
		if c := &w.changes[i]; forced {
			d.Fields[i] = conflict.Resolved{Value: c.Client, Changed: c.Missing || !value.Equal(c.Client, c.Server)}
		}
	}
	return d
}

// loses reports that a deletion is dropped because somebody changed the row since its device saw it.
func (a *attempt) loses(op *Operation, r *row) bool {
	w := &a.weighed
	w.fields, w.changes, w.forced = w.fields[:0], w.changes[:0], nil
	for _, m := range members(op.Previous) {
		f, no := a.column(r.table, m)
		if f == nil || no != nil {
			continue // nothing of the row is known by that name
		}
		old, has := at(r.now, f.path)
		c := conflict.Change{Field: &f.policy, Server: old}
		c.Base, c.HasBase = a.base(r.table, f, op.Previous, old, has)
		w.fields, w.changes = append(w.fields, f), append(w.changes, c)
	}
	if !a.know(r, w) {
		return true // not yet: first what this client's own writes left
	}
	d := conflict.Delete(r.table.policy, w.changes)
	if d.Dropped {
		a.droppedDelete(op, r, w, d)
	}
	return d.Dropped
}

// leaveOpen refuses an update in conflict. Under policy record the transaction goes on as if the device had its
// way, so that the case has all of its conflicts, and is refused at its end.
func (a *attempt) leaveOpen(op *Operation, r *row, w *weighed, no *conflict.Refusal) *Refusal {
	if no.Code != conflict.CodeRecorded {
		return conflictRefusal(no)
	}
	if a.undecided == nil || a.at < a.undecided.Operation { // hooks are asked about some later than about others
		a.undecided = conflictRefusal(no).at(a.at, op)
	}
	return a.store(r, w, w.wanted(), final)
}

// refused is the verdict of a refusal. Conflicts are part of a case only if the transaction waits for
// somebody to decide them; those that were decided are void.
func (a *attempt) refused(no *Refusal) verdict {
	v := verdict{no: no}
	if no == nil {
		return v
	}
	for i := range a.counts {
		c := &a.counts[i].Conflicts
		c.Client, c.Server, c.Merged = 0, 0, 0
		if !no.is(conflict.CodeRecorded) {
			c.Recorded = 0
		}
	}
	v.counts = a.counts
	if a.request.rehearsal {
		no.conflicts = a.recorded
		return v
	}
	if no.is(conflict.CodeRecorded) {
		no.conflicts = slices.DeleteFunc(a.recorded, func(c source.ConflictRecord) bool { return c.Status != source.ConflictOpen })
	}
	return v
}

// overruled reports whether something else becomes of the row than the device wanted.
func (w *weighed) overruled(d conflict.Decision) bool {
	if d.Refused != nil {
		return true
	}
	for i := range w.changes {
		c, f := &w.changes[i], &d.Fields[i]
		if c.Absent && f.Changed || !c.Absent && !value.Equal(f.Value, c.Client) {
			return true
		}
	}
	return false
}

// wanted is what the device's own values would do.
func (w *weighed) wanted() []conflict.Resolved {
	out := make([]conflict.Resolved, len(w.changes))
	for i := range w.changes {
		c := &w.changes[i]
		out[i] = conflict.Resolved{Value: c.Client, Changed: !c.Absent && (c.Missing || !value.Equal(c.Client, c.Server))}
	}
	return out
}

// purpose of building a row: to ask the rule about what a device wanted, or to keep it.
type purpose bool

const (
	wish  purpose = false
	final purpose = true
)

// store makes the row of the decided values, and lets guards, limits and the rule judge it.
func (a *attempt) store(r *row, w *weighed, decided []conflict.Resolved, p purpose) *Refusal {
	next := r.now.Clone()
	var changed []string
	for i, d := range decided {
		f, c := w.fields[i], &w.changes[i]
		if !d.Changed {
			continue
		}
		if p == final {
			if no := f.guard.Permits(f.name, c.Server, d.Value); no != nil {
				return conflictRefusal(no).hint(guardHint(r.table.Name, no))
			}
		}
		if !put(next, f.path, d.Value, a.plan.database) {
			return blocked(f)
		}
		changed = append(changed, f.path[0])
		if p == final {
			r.touch(f.path[0])
		}
		if len(f.path) > 1 {
			changed = append(changed, f.dotted)
		}
	}
	if len(changed) > 0 && p == final {
		if no := checkDocument(next); no != nil {
			return no
		}
	}
	if no := a.authorize(r.table.update, "update", r.table, rule.Input{User: a.user, Old: r.now, New: next, Changed: changed}); no != nil {
		return no
	}
	if p == final {
		r.now = next
	}
	return nil
}

// guardHint names the setting that a guard comes from.
func guardHint(table string, no *conflict.Refusal) string {
	if no.Code == conflict.CodeTransition {
		return "tables." + table + ".fields." + no.Field + ".transitions lists what may follow each value."
	}
	return "tables." + table + ".fields." + no.Field + ".immutable says so."
}

func conflictRefusal(no *conflict.Refusal) *Refusal {
	out := refuse(no.Code, no.Message).hint(no.Hint)
	if no.Field != "" {
		out.Message = "Column " + quote(no.Field) + ": " + no.Message
		out.Details = map[string]string{"field": no.Field}
	}
	return out
}

// carriesOut refuses policies that this pipeline does not carry out: a bundle that names one comes from
// a control plane that knows more, and to serve it as last_write would lose writes.
func carriesOut(name string, t bundle.Table) error {
	known := true
	switch t.Deletes {
	case "", bundle.DeletesWin, bundle.DeletesTombstone, bundle.DeletesLose:
	default:
		known = false
	}
	switch t.OnConflict.Policy {
	case "", bundle.RowLastWrite, bundle.RowMerge, bundle.RowReject, bundle.RowRecord, bundle.RowVersion, bundle.RowTimestamp, bundle.RowHook:
	default:
		known = false
	}
	for _, f := range t.Fields {
		switch f.Merge.Policy {
		case "", bundle.MergeLastWrite, bundle.MergeFirstWrite, bundle.MergeServer, bundle.MergeMax, bundle.MergeMin, bundle.MergeCounter,
			bundle.MergeSet, bundle.MergeAppend, bundle.MergeText, bundle.MergeJSON, bundle.MergeTimestamp, bundle.MergeHook:
		default:
			known = false
		}
	}
	if known {
		return nil
	}
	return fault.New(fault.Invalid, "bundle_policy", "The table "+name+" has a conflict policy that this runtime does not carry out.")
}
