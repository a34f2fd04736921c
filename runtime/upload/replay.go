package upload

import (
	"bytes"
	"context"
	"encoding/json"
	"time"

	"turnkey/internal/fault"
	"turnkey/runtime/rule"
	"turnkey/runtime/source"
)

// Replay is an order to apply a kept rejection after all.
type Replay struct {
	ID string `json:"id"`
	// Payload is the edited transaction; nil: as it was kept.
	Payload []byte `json:"payload,omitempty"`
	// By is who ordered it.
	By string `json:"by"`
	// WithoutRules applies it whatever the allow rules say.
	WithoutRules bool `json:"without_rules,omitempty"`
	// LeaveNewer leaves alone fields that were written, and rows that were deleted, since the rejection.
	LeaveNewer bool `json:"leave_newer,omitempty"`

	decided *decisions // about its conflicts; nil: the policy decides
}

// replaying is what an attempt knows of the rejection that it replays.
type replaying struct {
	Replay
	from  source.RejectionStatus
	since map[source.RowName]source.RejectedRow
}

// settlements are what a replay's commit does to its rejection; the resolution of a conflict that was
// decided has none.
func (r *replaying) settlements(now time.Time) []source.Settlement {
	if r.ID == "" {
		return nil
	}
	return []source.Settlement{{ID: r.ID, From: []source.RejectionStatus{r.from}, To: source.Replayed, By: r.By, At: now}}
}

// codeRejectionMoved is a source's word for a rejection that somebody else has settled.
const codeRejectionMoved = "rejection_moved"

// Replay applies a rejection through the same pipeline as any upload, as the user who sent it, and then
// what its group holds back, in order. The first of the results is the rejection's own. It is applied
// exactly once: the commit that applies it also settles it. An error means that nothing is decided.
func (e *Engine) Replay(ctx context.Context, order Replay) ([]source.Outcome, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	r, err := e.src.Rejection(ctx, order.ID)
	switch {
	case err != nil:
		return nil, replayFault(source.FailureOf(err))
	case r == nil:
		return nil, fault.New(fault.NotFound, "not_found", "There is no such rejection.")
	case r.Status == source.Held:
		return e.replayHeld(ctx, r, order)
	case r.Status != source.Open:
		return e.goOn(ctx, r, order)
	}
	first, err := e.replay(ctx, r, order)
	if err != nil || first.Status != source.Replayed {
		return []source.Outcome{first}, err
	}
	rest, err := e.release(ctx, r.ID, order)
	return append([]source.Outcome{first}, rest...), err
}

// goOn releases what a replay left behind that did not come to its end: its runtime was killed, or its
// time was up. A rejection with nothing behind it is settled, and stays so.
func (e *Engine) goOn(ctx context.Context, r *source.Rejection, order Replay) ([]source.Outcome, error) {
	if r.Status == source.Replayed {
		if rest, err := e.release(ctx, r.ID, order); err != nil || len(rest) > 0 {
			return append([]source.Outcome{{ID: r.ID, Status: r.Status}}, rest...), err
		}
	}
	return nil, settledFault(r.Status)
}

// replayHeld takes a rejection that waits for another: only when that was replayed, and then with all
// that was left behind, in order. Its own outcome is the first.
func (e *Engine) replayHeld(ctx context.Context, r *source.Rejection, order Replay) ([]source.Outcome, error) {
	head, err := e.src.Rejection(ctx, r.Group)
	if err != nil {
		return nil, replayFault(source.FailureOf(err))
	}
	if head != nil && head.Status != source.Replayed {
		no := fault.New(fault.Conflict, "rejection_held", "This rejection waits for another one.")
		if head.Status.Waiting() {
			return nil, no.WithHint("Replay or discard " + r.Group + " first; this one follows it.")
		}
		return nil, no.WithHint("That one, " + r.Group + ", was " + string(head.Status) + ": discard this one, too.")
	}
	out, err := e.release(ctx, r.Group, order)
	for i := range out {
		if out[i].ID == r.ID {
			own := out[i]
			copy(out[1:], out[:i])
			out[0] = own
			return out, err
		}
	}
	if err == nil { // somebody else settled it meanwhile
		err = settledFault("")
	}
	return nil, err
}

// release replays what a settled rejection held back. One that fails stands for itself from then on,
// and what depends on it waits for it.
func (e *Engine) release(ctx context.Context, group string, order Replay) (out []source.Outcome, err error) {
	for after := ""; ; { // until nothing is left, also of what arrives meanwhile
		list, err := e.src.Rejections(ctx, source.RejectionFilter{
			Group: group, Status: []source.RejectionStatus{source.Held}, OldestFirst: true, Limit: source.MostInGroup, After: after,
		})
		if err != nil {
			return out, replayFault(source.FailureOf(err))
		}
		if len(list) == 0 {
			return out, nil
		}
		after = list[len(list)-1].ID
		done, err := e.releaseEach(ctx, list, order)
		if out = append(out, done...); err != nil {
			return out, err
		}
	}
}

func (e *Engine) releaseEach(ctx context.Context, list []source.Rejection, order Replay) ([]source.Outcome, error) {
	var out []source.Outcome
	for i := range list {
		r, err := e.src.Rejection(ctx, list[i].ID)
		if err != nil {
			return out, replayFault(source.FailureOf(err))
		}
		if r == nil || r.Status != source.Held {
			continue // somebody else settled it
		}
		next := order
		if next.ID != r.ID { // an edit is of the one that was asked for
			next.ID, next.Payload, next.decided = r.ID, nil, nil
		}
		done, err := e.replay(ctx, r, next)
		if err != nil {
			return out, err
		}
		out = append(out, done)
	}
	return out, nil
}

// replay brings one rejection to its end.
func (e *Engine) replay(ctx context.Context, r *source.Rejection, order Replay) (source.Outcome, error) {
	payload := r.Payload
	if order.Payload != nil {
		payload = order.Payload
	}
	t, err := decodeKept(payload)
	if err == nil && order.Payload != nil {
		err = checkEdited(t)
	}
	if err != nil {
		return source.Outcome{}, err
	}
	q := &request{
		upload: &Upload{Form: Transactions, ClientID: r.ClientID}, user: storedUser(r), id: r.RequestID, arrived: e.deps.Now(),
		replay: &replaying{Replay: order, from: r.Status, since: map[source.RowName]source.RejectedRow{}},
	}
	for _, row := range r.Rows {
		q.replay.since[source.RowName{TableName: row.TableName, RowID: row.RowID}] = row
	}
	v, failure := e.settle(ctx, q, t, e.identify(q, t))
	switch {
	case failure != nil && (failure.Code == codeRejectionMoved || failure.Code == source.CodeConflictMoved):
		return source.Outcome{}, settledFault("")
	case failure != nil:
		return source.Outcome{}, replayFault(failure)
	case v.held != nil:
		return source.Outcome{}, heldFault(&v)
	case v.no != nil && v.no.is(codeMoved):
		return source.Outcome{}, movedFault(v.no)
	case v.no != nil:
		return e.refusedAgain(ctx, r, order, v.no)
	}
	return source.Outcome{ID: r.ID, Status: source.Replayed}, nil
}

// refusedAgain keeps the newest reason with the rejection.
func (e *Engine) refusedAgain(ctx context.Context, r *source.Rejection, order Replay, no *Refusal) (source.Outcome, error) {
	s := source.Settlement{
		ID: r.ID, From: []source.RejectionStatus{r.Status}, To: source.Open, By: order.By, At: e.now(), Failed: true,
		ErrorCode: no.Code, Message: no.Message, Hint: no.Hint, Detail: storable(no.Detail), Operation: no.Operation, Group: r.ID,
	}
	if no.group != "" && no.group != r.ID {
		s.To, s.Group = source.Held, no.group
	}
	if err := e.reopen(ctx, s, no.conflicts); err != nil {
		return source.Outcome{}, replayFault(source.FailureOf(err))
	}
	return source.Outcome{ID: r.ID, Status: s.To, ErrorCode: no.Code, Message: no.Message, Hint: no.Hint}, nil
}

func storedUser(r *source.Rejection) rule.User {
	u := rule.User{ID: r.UserID, Provider: r.Provider}
	if len(r.Claims) > 0 {
		_ = json.Unmarshal(r.Claims, &u.Claims) // we wrote them; without, rules deny
	}
	return u
}

// decodeKept reads a transaction as rejections keep it: an object with crud, a list of entries, or a
// single entry.
func decodeKept(payload []byte) (*Transaction, error) {
	payload = bytes.TrimSpace(payload)
	t, err := walk(payload, (*decoder).kept)
	if err != nil {
		return nil, unreadable(err)
	}
	return t, nil
}

func (d *decoder) kept() (*Transaction, error) {
	t := Transaction{Raw: d.body}
	var err error
	switch d.dec.PeekKind() {
	case '[':
		if err = d.entries(&t); err == nil && len(t.Operations) > 0 {
			t.ID, t.HasID = t.Operations[0].transactionID()
		}
	case '{':
		if !hasCrud(d.body) {
			t.Operations = []Operation{entry(d.body)}
			break
		}
		t, err = d.transaction(&Upload{})
	default:
		err = notUpload("A transaction is an object with crud, a list of entries, or one entry.")
	}
	return &t, err
}

// hasCrud tells a transaction from an operation, whose data may have anything.
func hasCrud(object []byte) (has bool) {
	_, _ = walk(object, func(d *decoder) (any, error) { // an error is found again
		return nil, d.object(func(name string) error {
			has = has || name == "crud"
			return d.skip()
		})
	})
	return has
}

// checkEdited tells the editor at once what no pipeline could read.
func checkEdited(t *Transaction) error {
	if len(t.Operations) == 0 && t.Refused == nil { // it would count as applied, with nothing done and the rejection still open
		return fault.New(fault.Invalid, "payload_invalid", "The transaction has no operations.").
			WithHint("Send the entries that you want to be applied; to give the write up, discard the rejection.")
	}
	if t.Refused != nil {
		return unreadable(fault.New(fault.Invalid, "payload_invalid", t.Refused.Message))
	}
	for i := range t.Operations {
		if no := t.Operations[i].Refused; no != nil {
			return fault.Newf(fault.Invalid, "payload_invalid", "Operation %d cannot be read: %s", i, no.Message).WithHint(no.Hint)
		}
	}
	return nil
}

func unreadable(err error) error {
	return fault.Wrap(err, fault.Invalid, "payload_invalid", "The transaction cannot be read.").
		WithHint("Send it as it was kept: {\"crud\": [...]}, with the entries that you want to be applied.")
}

func settledFault(s source.RejectionStatus) error {
	message := "This rejection is settled already."
	if s != "" {
		message = "This rejection was " + string(s) + " already."
	}
	return fault.New(fault.Conflict, "rejection_settled", message)
}

func replayFault(f *source.Failure) error {
	return fault.Wrap(f, fault.Unavailable, f.Code, f.Message).WithHint(f.Hint)
}
