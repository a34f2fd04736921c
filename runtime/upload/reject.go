package upload

import (
	"context"
	"encoding/json"

	"turnkey/internal/crash"
	"turnkey/runtime/source"
	"turnkey/runtime/value"
)

// reject keeps a refused transaction for good and lets the queue move on. Where the configuration
// leaves the decision to the app, nothing is kept: the app still has the write.
//
// The transaction that refused wrote nothing; this one writes the rejection and the fatal receipts
// under the keys that an applied copy would have taken. Whichever commits first wins, and the other
// reads its outcome.
func (e *Engine) reject(ctx context.Context, q *request, t *Transaction, ids *identities, no *Refusal) result {
	if e.clientHandles(q, no) {
		return fatalResult(no, true)
	}
	rejection := e.rejection(q, t, ids, no)
	for i := range no.conflicts {
		no.conflicts[i].Rejection = rejection.ID
	}
	told := fatalResult(no, false)
	told.RejectionID = rejection.ID
	for n := 1; ; n++ {
		v, err := e.keep(ctx, q, t, ids, rejection, no.conflicts, told)
		if err == nil {
			return v
		}
		f := source.FailureOf(err)
		if f.Class != source.Conflict && f.Class != source.Unknown || !e.again(ctx, q, n) {
			return e.later(q, f)
		}
	}
}

// keep is one try to store a rejection. It gives what the client is told.
func (e *Engine) keep(ctx context.Context, q *request, t *Transaction, ids *identities, rejection *source.Rejection, conflicts []source.ConflictRecord, told result) (result, error) {
	tx, err := e.begin(ctx, source.Session{UserID: q.user.ID, Claims: q.user.Claims})
	if err != nil {
		return result{}, err
	}
	defer tx.Rollback(ctx)
	_, history, err := tx.Read(ctx, nil, ids.claim())
	if err != nil {
		return result{}, err
	}
	m := ids.recall(&history, len(t.Operations), e.now())
	if ids.strength != unknown && m.fresh == 0 {
		return retold(m.worst), nil
	}
	if ids.strength == unknown { // an earlier try may have committed without our hearing of it
		kept, err := e.src.Rejection(ctx, rejection.ID)
		if err != nil || kept != nil {
			return told, err
		}
	}
	crash.At(crash.Refusing)
	defer e.recents.forget(ids) // it has other receipts than those that an applied one leaves
	err = tx.Apply(ctx, nil, &source.Finish{Receipts: ids.receipts(m, e.now(), toldResult(told)), Rejection: rejection, Conflicts: conflicts})
	if err != nil {
		return result{}, err
	}
	e.deps.Log.Info("write refused", "instance", e.instance, "request_id", q.id, "rejection", rejection.ID,
		"code", rejection.ErrorCode, "table", rejection.TableName, "message", rejection.Message)
	if rejection.Status == source.Held {
		e.standAlone(ctx, rejection)
	}
	return told, nil
}

// standAlone opens a rejection that waits for one which was settled between the decision to wait and its
// commit: nobody would release it. When this fails it can still be replayed or discarded by its id.
func (e *Engine) standAlone(ctx context.Context, r *source.Rejection) {
	head, err := e.src.Rejection(ctx, r.Group)
	if err == nil && head != nil && !head.Status.Waiting() {
		err = e.src.Settle(ctx, []source.Settlement{{
			ID: r.ID, From: []source.RejectionStatus{source.Held}, To: source.Open, At: e.now(), Group: r.ID, Operation: r.Operation,
			ErrorCode: r.ErrorCode, Message: r.Message, Hint: "The rejection " + r.Group + " was " + string(head.Status) + " meanwhile: replay or discard this one.",
		}})
	}
	if err != nil {
		e.deps.Log.Warn("it is not known whether a held rejection still waits for another", "instance", e.instance, "rejection", r.ID, "group", r.Group, "error", err)
	}
}

func (e *Engine) clientHandles(q *request, no *Refusal) bool {
	if q.upload.Form != Transactions {
		return false // older clients know no results: they could never decide
	}
	t := e.plan.tables[no.Table]
	return t != nil && t.handling[no.Code]
}

func (e *Engine) rejection(q *request, t *Transaction, ids *identities, no *Refusal) *source.Rejection {
	table, id := no.Table, no.RowID
	if no.Operation < 0 && len(t.Operations) > 0 {
		table, id = t.Operations[0].Table, t.Operations[0].RowID
	}
	r := &source.Rejection{
		ID: e.deps.NewID(), UserID: q.user.ID, TableName: storable(table), RowID: storable(id),
		ErrorCode: no.Code, Message: no.Message, Hint: no.Hint, Status: source.Open, CreatedAt: e.now(),
		Owner: ids.holder, ClientID: storable(q.upload.ClientID), RequestID: q.id, Deployment: e.deployment, Operation: no.Operation,
		Detail: storable(no.Detail), Provider: q.user.Provider, Client: q.upload.Client, Payload: t.Raw, PayloadBytes: len(t.Raw),
		Rows: e.rejectedRows(t),
	}
	r.Group = r.ID
	if no.group != "" {
		r.Group, r.Status = no.group, source.Held
	}
	if claims, err := json.Marshal(q.user.Claims); err == nil { // they came from JSON
		r.Claims = claims
	}
	return r
}

// rejectedRows are the rows that a refused transaction would have written. A PUT may have been meant to
// create its row; if the row is there all the same, nothing is held back.
func (e *Engine) rejectedRows(t *Transaction) []source.RejectedRow {
	at := make(map[source.RowName]int, len(t.Operations))
	var out []source.RejectedRow
	for i := range t.Operations {
		op := &t.Operations[i]
		k := source.RowName{TableName: op.Table}
		if to := e.target(op); to.id != nil {
			k.RowID = value.FormatID(to.id) // one spelling for each row
		}
		if k.RowID == "" || k.RowID != storable(k.RowID) {
			continue // nothing that was refused like this can have a row
		}
		n, ok := at[k]
		if !ok {
			n = len(out)
			at[k] = n
			out = append(out, source.RejectedRow{TableName: k.TableName, RowID: k.RowID})
		}
		out[n].Creates = out[n].Creates || op.Op == Put
	}
	return out
}
