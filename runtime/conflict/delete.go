package conflict

import "turnkey/runtime/bundle"

// Delete decides the deletion of an existing row. The changes are the columns of the operation's
// previous values: base and server. Deletes win, except where they lose and the row has changed
// since: then Dropped is true, the row stays, and Conflicts says in which columns. A delete without
// previous values passes.
func Delete(p Policy, changes []Change) (d Deletion) {
	if p.Deletes != bundle.DeletesLose {
		d.Tombstone = p.Deletes == bundle.DeletesTombstone
		return d
	}
	d.NoBase = true
	for i := range changes {
		d.NoBase = d.NoBase && !changes[i].HasBase
		if changes[i].diverged() && !changes[i].Own {
			d.Dropped = true
			d.Conflicts = append(d.Conflicts, i)
		}
	}
	return d
}

// Deletion is the decision about a delete.
type Deletion struct {
	Dropped   bool // the row stays; the conflict is recorded with the outcome KeptServer
	Tombstone bool // remember the deletion, so that a late create does not bring the row back
	NoBase    bool // deletes lose, and there was nothing to tell by
	Conflicts []int
}
