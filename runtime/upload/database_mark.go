package upload

import (
	"slices"
	"time"

	"turnkey/runtime/bundle"
	"turnkey/runtime/source"
)

// byCode is what the writes of ctx.db leave beside the rows. They go with the commit.
type byCode struct {
	notes  []source.Note // by row
	graves []source.RowName
}

// note says what was written to a row, for rejections that wait for it.
func (b *byCode) note(name source.RowName, written []string, deleted bool) {
	for i := range b.notes {
		if n := &b.notes[i]; n.TableName == name.TableName && n.RowID == name.RowID {
			n.Written, n.Deleted = append(n.Written, written...), n.Deleted || deleted
			return
		}
	}
	b.notes = append(b.notes, source.Note{TableName: name.TableName, RowID: name.RowID, Written: written, Deleted: deleted})
}

// bury remembers a deleted row, and forgets one that is there again.
func (b *byCode) bury(t *table, name source.RowName, deleted bool) {
	b.graves = slices.DeleteFunc(b.graves, func(n source.RowName) bool { return n == name })
	if deleted && t.policy.Deletes == bundle.DeletesTombstone {
		b.graves = append(b.graves, name)
	}
}

// tombstones are those of rows that only the code deleted. Rows of the transaction have theirs from there.
func (b *byCode) tombstones(order []*row, userID string, at time.Time) (out []source.Tombstone) {
	for _, name := range b.graves {
		if !slices.ContainsFunc(order, func(r *row) bool { return r.name == name }) {
			out = append(out, source.Tombstone{TableName: name.TableName, RowID: name.RowID, At: at, UserID: userID})
		}
	}
	return out
}

// allNotes are the operations' and the code's, one for a row. While no rejection waits nobody reads them; what a
// replay's hooks write in its old place is no news to what came after it.
func (a *attempt) allNotes() []source.Note {
	if !a.waits {
		return nil
	}
	if a.replay != nil && a.replay.LeaveNewer {
		return a.notes()
	}
	for _, n := range a.notes() {
		a.byCode.note(source.RowName{TableName: n.TableName, RowID: n.RowID}, n.Written, n.Deleted)
	}
	return a.byCode.notes
}
