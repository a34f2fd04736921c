package upload

import (
	"slices"
	"strings"

	"turnkey/runtime/bundle"
	"turnkey/runtime/source"
)

// A rejection that is replayed late takes its old place in the order of arrival: what came after it
// stands. Writes that are accepted while it waits leave notes on it, and the replay reads them in the
// transaction that locks the rows. doc.go says what that can and cannot restore.

// Notes that are no paths, and cannot be: names have no such characters.
const (
	putWhole      = "*" // a PUT, beside its fields
	deletedBefore = "-" // a deletion that was replayed into the place before; the row was left for who comes after
)

// note remembers what an accepted operation says about a row for which rejections wait, also where the
// row has it already or is missing: what it says is newer than they are.
func (a *attempt) note(op *Operation, r *row) {
	if len(a.rejected[r.name]) == 0 || a.replay != nil && a.replay.LeaveNewer {
		return // what is replayed in its old place is no news to what came after it
	}
	if op.Op == Delete {
		r.deleted = r.deleted || r.now == nil // or it lost
		return
	}
	if r.now == nil {
		return // a PATCH of a missing row says nothing
	}
	if op.Op == Put {
		r.written = append(r.written, putWhole)
	}
	for _, m := range members(op.Data) {
		if f, _ := a.column(r.table, m); f != nil {
			r.written = append(r.written, f.dotted)
		}
	}
}

// notes are for the commit.
func (a *attempt) notes() []source.Note {
	var out []source.Note
	for _, r := range a.order {
		if len(r.written) > 0 || r.deleted {
			out = append(out, source.Note{TableName: r.name.TableName, RowID: r.name.RowID, Written: r.written, Deleted: r.deleted})
		}
	}
	return out
}

// newer reports that a field was written since the rejection, and that the replay must leave it. Only
// where the last write wins: other policies merge a late write as they merge any.
func (r *replaying) newer(name source.RowName, f *field) bool {
	if r == nil || !r.LeaveNewer {
		return false
	}
	switch f.policy.Merge.Policy {
	case "", bundle.MergeLastWrite:
		return r.noted(name, f.dotted)
	}
	return false
}

// noted reports that a path, something inside it or what it is inside of was written since.
func (r *replaying) noted(name source.RowName, dotted string) bool {
	for _, path := range r.since[name].Written {
		if overlap(path, dotted) {
			return true
		}
	}
	return false
}

func overlap(a, b string) bool {
	return a == b || strings.HasPrefix(a, b+".") || strings.HasPrefix(b, a+".")
}

// gone reports that a row was deleted since the rejection. The replay then leaves it as it is, also if
// somebody has made it anew: the new row owes nothing to what was before the deletion.
func (r *replaying) gone(name source.RowName) bool {
	return r != nil && r.LeaveNewer && r.since[name].Deleted
}

// late carries out an operation of a replay on a row that was deleted or made anew since; done is false where the ordinary way is right.
func (a *attempt) late(op *Operation, r *row) (done bool, no *Refusal) {
	switch {
	case a.replay.gone(r.name):
		return true, nil
	case a.replay == nil || !a.replay.LeaveNewer || r.now == nil:
		return false, nil
	}
	since := a.replay.since[r.name].Written
	switch {
	case op.Op == Delete && slices.Contains(since, putWhole):
		if no := a.mayDelete(r); no != nil {
			return true, no
		}
		if a.awaitsBefore(r.table) {
			return true, a.askBefore(op, r, nil)
		}
		a.outdate(op, r)
		return true, nil
	case op.Op == Delete && len(since) > 0 && a.returns(r):
		if no := a.mayDelete(r); no != nil {
			return true, no
		}
		if a.awaitsBefore(r.table) {
			return true, a.askBefore(op, r, nil)
		}
		r.written = append(r.written, deletedBefore)
		return true, nil
	case op.Op == Put && slices.Contains(since, deletedBefore):
		if no := a.update(op, r); no != nil || a.wantsMarks || a.asking() {
			return true, no
		}
		a.outdate(op, r)
		return true, nil
	}
	return false, nil
}

// returns reports that a rejection after this one will make the row again. What was written since is
// newer than both, so the row has to stay until then.
func (a *attempt) returns(r *row) bool {
	return slices.ContainsFunc(a.rejected[r.name], func(w source.RejectedRow) bool { return w.Creates && w.Rejection > a.replay.ID })
}

// outdate takes from a row what a deletion in its old place would have taken, and leaves what op and
// everything since have written. Columns that clients cannot write stay as they are.
func (a *attempt) outdate(op *Operation, r *row) {
	next := r.now.Clone()
	for _, path := range a.writable(r) {
		if !a.replay.noted(r.name, path[0]) && !a.writes(op, r.table, path[0]) {
			path = path[:1] // nothing is left of an object whose members are all older
		}
		dotted := strings.Join(path, ".")
		if old, _ := at(next, path); old == nil || a.replay.noted(r.name, dotted) || a.writes(op, r.table, dotted) {
			continue
		}
		if put(next, path, nil, a.plan.database) { // a null says as much as an absence
			r.touch(path[0])
		}
	}
	r.now = next
}

// writes reports that an operation writes a path, something inside it or what it is inside of.
func (a *attempt) writes(op *Operation, t *table, dotted string) bool {
	for _, m := range members(op.Data) {
		if f, _ := a.column(t, m); f != nil && overlap(f.dotted, dotted) {
			return true
		}
	}
	return false
}

// writable are the paths of a row that clients may write.
func (a *attempt) writable(r *row) (paths [][]string) {
	for _, f := range r.table.fields {
		if !f.ignored {
			paths = append(paths, f.path)
		}
	}
	if !r.table.keepUnknown {
		return paths
	}
	known := map[string]bool{r.table.Key: true}
	for _, f := range r.table.fields {
		known[f.path[0]] = true
	}
	for _, m := range r.now.Members {
		if !known[m.Name] {
			paths = append(paths, []string{m.Name})
		}
	}
	return paths
}
