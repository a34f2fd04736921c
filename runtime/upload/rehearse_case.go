package upload

import (
	"context"
	"slices"

	"turnkey/internal/fault"
	"turnkey/runtime/source"
	"turnkey/runtime/value"
)

func (e *Engine) recordedConflict(ctx context.Context, id string) (*source.ConflictRecord, error) {
	c, err := e.src.Conflict(ctx, id)
	switch {
	case err != nil:
		return nil, replayFault(source.FailureOf(err))
	case c == nil:
		return nil, fault.New(fault.NotFound, "not_found", "There is no such conflict.")
	}
	return c, nil
}

func (e *Engine) recordedRejection(ctx context.Context, id string) (*source.Rejection, error) {
	r, err := e.src.Rejection(ctx, id)
	switch {
	case err != nil:
		return nil, replayFault(source.FailureOf(err))
	case r == nil:
		return nil, fault.New(fault.NotFound, "not_found", "There is no such rejection.")
	}
	return r, nil
}

// rejectionAgain is the scene of a refused transaction: its replay, over what is stored today.
func (e *Engine) rejectionAgain(r *source.Rejection) (*scene, error) {
	t, err := decodeKept(r.Payload)
	if err != nil {
		return nil, err
	}
	q := e.rehearsed(storedUser(r), r.ClientID)
	q.id = r.RequestID
	q.replay = &replaying{Replay: Replay{ID: r.ID}, from: r.Status, since: map[source.RowName]source.RejectedRow{}}
	for _, row := range r.Rows {
		q.replay.since[source.RowName{TableName: row.TableName, RowID: row.RowID}] = row
	}
	return &scene{q: q, t: t, ids: e.identify(q, t), take: &take{}}, nil
}

// conflictAgain is the scene of the one operation that met a conflict, over what was stored then. A record has the
// columns that the operation was about; the rest of the row is as it is today. If the row is gone, nobody knows
// the rest, so rules are not asked: what is left to judge is the policy and the hook.
//
// What the device's own writes had left in the row is told by the record, too: a column whose base differs from
// what was stored, and which is not among those in conflict, was the device's own.
func (e *Engine) conflictAgain(ctx context.Context, c *source.ConflictRecord) (*scene, error) {
	full, err := readValues(c)
	if err != nil {
		return nil, err
	}
	op := Operation{Op: Op(c.Op), Table: c.TableName, RowID: c.RowID}
	base, err := columnsOf(full.Base)
	if err != nil {
		return nil, unreadableValues(err)
	}
	if len(base) > 0 {
		op.Previous = objectOf(base)
	}
	if op.Op != Delete {
		sent, err := columnsOf(full.Client)
		if err != nil {
			return nil, unreadableValues(err)
		}
		op.Data = objectOf(sent)
	}
	server, err := columnsOf(full.Server)
	if err != nil {
		return nil, unreadableValues(err)
	}
	q := e.rehearsed(userOf(c), c.ClientID)
	q.id, q.arrived = c.RequestID, c.CreatedAt // hooks have the clock of then
	q.replay = &replaying{since: map[source.RowName]source.RejectedRow{}}
	s := &scene{q: q, t: &Transaction{Operations: []Operation{op}}, ids: &identities{holder: c.Owner}, take: &take{left: map[string]source.Print{}}}
	return s, e.asThen(ctx, s, c, server)
}

// asThen puts the columns that a conflict's record has into the row of today.
func (e *Engine) asThen(ctx context.Context, s *scene, c *source.ConflictRecord, server map[string]value.Value) error {
	targets := e.targets(s.t)
	if targets[0].table == nil {
		return nil // the table is not configured any more, and the pipeline says so
	}
	columns, failure := e.columns(ctx, targets)
	if failure != nil {
		return replayFault(failure)
	}
	t, text := targets[0].table, targets[0].text
	a := &attempt{engine: e, plan: e.plan, columns: columns}
	s.take.stand = func(ref source.Ref, stored *value.Object) (*value.Object, bool) {
		if ref.Table != &t.Table || value.FormatID(ref.ID) != text {
			return stored, false
		}
		var doc *value.Object
		if stored == nil {
			s.q.replay.WithoutRules = true
			doc = &value.Object{Members: []value.Member{{Name: t.Key, Value: targets[0].id}}}
		} else {
			doc = stored.Clone()
		}
		for name, sent := range server {
			a.restore(t, doc, name, sent, s.take.left, c.Fields)
		}
		return doc, true
	}
	return nil
}

// restore writes one column as it was stored then. What the configuration cannot type any more stays as it is
// today: the operation's own value of that column is refused then, or ignored.
func (a *attempt) restore(t *table, doc *value.Object, name string, sent value.Value, left map[string]source.Print, conflicting []source.ConflictField) {
	f, no := t.field(name)
	if f == nil || no != nil {
		return
	}
	old, has := at(doc, f.path)
	v, _, no := a.coerce(t, f, sent, old, has)
	if no != nil || !put(doc, f.path, v, a.plan.database) {
		return
	}
	if !slices.ContainsFunc(conflicting, func(c source.ConflictField) bool { return c.Name == name }) {
		left[f.dotted] = printOf(v)
	}
}
