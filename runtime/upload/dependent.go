package upload

import (
	"context"

	"turnkey/runtime/source"
	"turnkey/runtime/value"
)

// A write that was refused leaves a gap: the device goes on as if its row existed. What the same client
// then does to that row cannot be applied, and must not be dropped as a write to a row that somebody
// deleted. It follows the refused write into its group, and is released when that is replayed.

// rejectedRows are the rows of this transaction for which rejections wait.
type rejectedRows map[source.RowName][]source.RejectedRow

func (a *attempt) readRejected(ctx context.Context, tx source.Tx) error {
	names := make([]source.RowName, 0, len(a.order))
	for _, r := range a.order {
		names = append(names, r.name)
	}
	list, err := tx.Rejected(ctx, names)
	if err != nil || len(list) == 0 {
		return err
	}
	a.rejected = make(rejectedRows, len(list))
	for _, r := range list {
		k := source.RowName{TableName: r.TableName, RowID: r.RowID}
		if a.replay != nil && r.Rejection == a.replay.ID {
			a.replay.since[k] = r // read with the row itself: no write comes in between unnoticed
		}
		a.rejected[k] = append(a.rejected[k], r)
	}
	return nil
}

// awaited finds the waiting rejection of this client that would have created a row; nil: none. A replay
// waits for none that came after it.
func (a *attempt) awaited(r *row) *source.RejectedRow {
	if !a.plan.hold {
		return nil
	}
	for i, w := range a.rejected[r.name] {
		if w.Creates && w.Owner == a.ids.holder && (a.replay == nil || w.Rejection < a.replay.ID) {
			return &a.rejected[r.name][i]
		}
	}
	return nil
}

// depends refuses an operation on a row that is missing because its creation waits.
func depends(w *source.RejectedRow) *Refusal {
	no := refuse(CodeDepends, "This write changes a row whose creation was refused and is kept as a rejection.").
		hint("Replay or discard the rejection " + w.Group + "; this write follows it.")
	no.group = w.Group
	return no
}

// superseded settles the groups whose creations this transaction made good: the client has sent the
// row again, and with it what it wants the row to be. A group that would have created other rows, too,
// waits on until all of them exist.
func (a *attempt) superseded(ctx context.Context) ([]source.Settlement, error) {
	groups := map[string]bool{}
	var out []source.Settlement
	for _, r := range a.order {
		w := a.awaited(r)
		if w == nil || r.stored != nil || r.now == nil || groups[w.Group] {
			continue
		}
		groups[w.Group] = true
		whole, err := a.whole(ctx, w.Group)
		if err != nil {
			return nil, err
		}
		if !whole {
			continue
		}
		if out, err = a.supersede(ctx, w.Group, out); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// mostSuperseded bounds what one transaction closes; of a larger group the oldest go, the head among them.
const mostSuperseded = 10 * source.MostInGroup

// supersede adds what closes a group.
func (a *attempt) supersede(ctx context.Context, group string, out []source.Settlement) ([]source.Settlement, error) {
	for after, n := "", 0; n < mostSuperseded; n += source.MostInGroup {
		members, err := a.engine.src.Rejections(ctx, source.RejectionFilter{Group: group, Status: source.WaitingStates(), OldestFirst: true, After: after, Limit: source.MostInGroup})
		if err != nil {
			return nil, err
		}
		for _, m := range members {
			out = append(out, source.Settlement{ID: m.ID, From: source.WaitingStates(), To: source.Superseded, At: a.engine.now()})
			after = m.ID
		}
		if len(members) < source.MostInGroup {
			break
		}
	}
	return out, nil
}

// whole reports whether every row that the head of a group would have created exists, counting
// those that this transaction makes.
func (a *attempt) whole(ctx context.Context, group string) (bool, error) {
	head, err := a.engine.src.Rejection(ctx, group)
	if err != nil || head == nil {
		return false, err
	}
	var missing []source.Ref
	for _, w := range head.Rows {
		t := a.plan.tables[w.TableName]
		if !w.Creates || t == nil {
			continue
		}
		id, err := value.ParseID(t.ID, w.RowID)
		if err != nil {
			continue
		}
		if r := a.rows[rowKey{t, value.FormatID(id)}]; r != nil {
			if r.now == nil {
				return false, nil
			}
			continue
		}
		missing = append(missing, source.Ref{Table: &t.Table, ID: id})
	}
	if len(missing) == 0 {
		return true, nil
	}
	tx, err := a.engine.begin(ctx, source.Session{UserID: a.user.ID, Claims: a.user.Claims})
	if err != nil {
		return false, err
	}
	defer tx.Rollback(ctx)
	rows, _, err := tx.Read(ctx, missing, nil)
	if f := source.FailureOf(err); f != nil {
		if f.Class == source.Refused { // an id that no row can have
			return false, nil
		}
		return false, err
	}
	for _, r := range rows {
		if r.Doc == nil {
			return false, nil
		}
	}
	return true, nil
}
