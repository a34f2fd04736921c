package upload

import (
	"context"
	"crypto/sha256"
	"maps"

	"turnkey/runtime/bundle"
	"turnkey/runtime/conflict"
	"turnkey/runtime/source"
	"turnkey/runtime/value"
)

// What is noted about rows (tombstones, and what this client's merges left) is read only when an
// operation turns out to need it: when it creates a row that may have been deleted, or its base differs
// from what is stored. The operation then says so, before it has changed anything, and is applied again
// with the marks at hand. A write that meets nothing of this reads and writes nothing more.

// CodeDeleted refuses to create a row again that somebody has deleted.
const CodeDeleted = "ROW_DELETED"

// carryOut applies the i-th operation, with marks where it wants them.
func (a *attempt) carryOut(ctx context.Context, tx source.Tx, i int) (*Refusal, error) {
	a.at = i
	if a.hooks != nil && a.hooks.said[i].start(a, i) {
		return nil, nil
	}
	no := a.apply(a.operation(i), a.rowOf[i])
	if !a.wantsMarks {
		return no, nil
	}
	names := make([]source.RowName, 0, len(a.order))
	for _, r := range a.order {
		names = append(names, r.name)
	}
	list, err := tx.Marks(ctx, a.ids.holder, names)
	if err != nil {
		return nil, err
	}
	a.wantsMarks, a.marks = false, make(map[source.RowName]source.Mark, len(list))
	for _, m := range list {
		a.marks[source.RowName{TableName: m.TableName, RowID: m.RowID}] = m
	}
	return a.apply(a.operation(i), a.rowOf[i]), nil
}

// marked reports that marks are at hand, and else asks for them.
func (a *attempt) marked() bool {
	a.wantsMarks = a.marks == nil
	return !a.wantsMarks
}

// isKnown reports that the client said who it is. All stock clients of a user are one holder: what one of them left is
// not another's own.
func (a *attempt) isKnown() bool { return a.request.upload.ClientID != "" }

// buried refuses to create a row that has a tombstone. A device that deleted the row itself knows of the
// deletion, so its creation is none of the late ones; nor is one in the transaction of the deletion.
func (a *attempt) buried(r *row) *Refusal {
	stone := a.marks[r.name].Deleted
	if stone == nil || a.isKnown() && stone.Owner == a.ids.holder || a.replay != nil && a.replay.WithoutRules {
		return nil
	}
	return refuse(CodeDeleted, "The row was deleted, and this table does not let deleted rows come back.").
		hint("Create the row under another id, or have an administrator force this write; tombstones.ttl sets for how long.")
}

// tombstones are those of the rows that the transaction deletes.
func (a *attempt) tombstones() (out []source.Tombstone) {
	for _, r := range a.order {
		if r.stored == nil || r.now != nil || r.table.policy.Deletes != bundle.DeletesTombstone {
			continue
		}
		stone := source.Tombstone{TableName: r.name.TableName, RowID: r.name.RowID, At: a.engine.now(), UserID: a.user.ID}
		if !r.orphan {
			stone.Owner, stone.ClientID = a.ids.holder, storable(a.request.upload.ClientID)
		}
		out = append(out, stone)
	}
	return append(out, a.byCode.tombstones(a.order, a.user.ID, a.engine.now())...)
}

// leavesTraces: only where a policy or a hook makes values of its own can the device's next base differ from what
// its last write left. Under last_write nothing comes of that.
func leavesTraces(t *table) bool {
	switch t.policy.OnConflict.Policy {
	case bundle.RowMerge, bundle.RowVersion, bundle.RowHook:
		return true
	case "", bundle.RowLastWrite:
		return t.hooks.before && t.policy.Deletes == bundle.DeletesLose
	}
	return t.hooks.before
}

// know marks the changes whose stored value this client's own write left there; false asks for marks.
func (a *attempt) know(r *row, w *weighed) bool {
	if !leavesTraces(r.table) {
		return true
	}
	for i := range w.changes {
		c := &w.changes[i]
		if !c.Diverged() {
			continue
		}
		if r.left == nil {
			if a.isKnown() && !a.marked() {
				return false
			}
			if r.left = maps.Clone(a.marks[r.name].Left); r.left == nil {
				r.left = map[string]source.Print{}
			}
		}
		print, left := r.left[w.fields[i].dotted]
		c.Own = left && print == printOf(c.Server)
	}
	return true
}

// leave remembers the values that a policy made and that the device does not know of.
func (a *attempt) leave(r *row, w *weighed, decided []conflict.Resolved) {
	if !leavesTraces(r.table) || a.replay.forced(a.at) { // what somebody decided is not the client's own
		return
	}
	for i := range decided {
		c, d := &w.changes[i], &decided[i]
		if !d.Changed || !c.HasBase || !c.Absent && value.Equal(d.Value, a.sentTo(r.table, w.fields[i], c.Client)) {
			continue
		}
		if r.left == nil { // a version that the device does not count: its base is of today
			r.left = map[string]source.Print{}
		}
		r.left[w.fields[i].dotted], r.leaves = printOf(d.Value), true
	}
}

// sentTo is what the device itself wrote to a column; client is what its hook made of it.
func (a *attempt) sentTo(t *table, f *field, client value.Value) value.Value {
	if s := a.of(t); s != nil && s.op != nil {
		client, _ = at(s.sent, f.path)
	}
	return client
}

// leaveCreated remembers what a hook made of values that the device sent with a new row.
func (a *attempt) leaveCreated(r *row, doc *value.Object) {
	s := a.of(r.table)
	if s == nil || s.op == nil || !leavesTraces(r.table) {
		return
	}
	for _, m := range members(a.ops[a.at].Data) {
		f, no := a.column(r.table, m)
		if f == nil || no != nil {
			continue
		}
		sent, _ := at(s.sent, f.path)
		if stored, has := at(doc, f.path); has && !value.Equal(stored, sent) {
			if r.left == nil {
				r.left = map[string]source.Print{}
			}
			r.left[f.dotted], r.leaves = printOf(stored), true
		}
	}
}

func printOf(v value.Value) source.Print { return half(sha256.Sum256([]byte(conflict.Key(v)))) }

func (a *attempt) traces() (out []source.Trace) {
	if a.request == nil || !a.isKnown() {
		return nil
	}
	for _, r := range a.order {
		if r.leaves && r.now != nil {
			out = append(out, source.Trace{Owner: a.ids.holder, TableName: r.name.TableName, RowID: r.name.RowID, Left: r.left, At: a.engine.now()})
		}
	}
	return out
}
