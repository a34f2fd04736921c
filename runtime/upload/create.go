package upload

import (
	"context"

	"turnkey/internal/crash"
	"turnkey/runtime/bundle"
	"turnkey/runtime/source"
)

// Most PUTs are of rows that a device has just made. A transaction of nothing else needs no reading:
// if the create rule allows every row and none of them exists, inserting them is all there is to do,
// and the source can tell in the same breath whether one exists. Whenever anything is otherwise, the
// ordinary way starts from the beginning and decides.

// guessesAfterMiss is how many transactions of a table go the ordinary way after a wrong guess:
// clients that PUT rows which exist should not pay for it each time.
const guessesAfterMiss = 32

// create tries the shortcut. created means that the transaction is done.
func (e *Engine) create(ctx context.Context, q *request, t *Transaction, ids *identities, targets []target, columns map[*table]map[string]bundle.Type) (created bool, _ *source.Failure) {
	creator, ok := e.src.(source.Creator)
	if !ok || q.replay != nil || !newRows(t, targets) || ids.repeats() || targets[0].table.policy.Deletes == bundle.DeletesTombstone {
		return false, nil
	}
	tab := targets[0].table
	if tab.guesses.Add(-1) >= 0 {
		return false, nil
	}
	a := &attempt{engine: e, plan: e.plan, user: q.user, ops: t.Operations, targets: targets, columns: columns}
	changes := make([]source.Change, len(t.Operations))
	for i := range t.Operations {
		r := &row{table: tab, id: targets[i].id}
		if a.create(&t.Operations[i], r) != nil {
			return false, nil // it may be an update, which another rule judges
		}
		changes[i] = *r.change(nil, i)
	}
	crash.At(crash.Decided)
	created, err := creator.Create(ctx, source.Session{UserID: q.user.ID, Claims: q.user.Claims}, changes, ids.receipts(nil, e.now(), nil))
	switch {
	case err != nil:
		if f := source.FailureOf(err); f.Class != source.Unknown {
			return false, f
		}
		return false, nil // it may be there already: the ordinary way reads it and finds nothing to do
	case !created:
		tab.guesses.Store(guessesAfterMiss)
		return false, nil
	}
	tab.guesses.Store(0)
	e.recovered()
	return true, nil
}

// newRows reports a transaction of PUTs of different rows of one table.
func newRows(t *Transaction, targets []target) bool {
	seen := make(map[string]bool, len(targets))
	for i := range targets {
		if t.Operations[i].Op != Put || targets[i].no != nil || targets[i].table != targets[0].table || seen[t.Operations[i].RowID] {
			return false
		}
		seen[t.Operations[i].RowID] = true
	}
	return true
}
