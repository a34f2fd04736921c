package dashboardapi

import (
	"context"
	"encoding/json"
	"time"

	"turnkey/controlplane"
	"turnkey/internal/fault"
	"turnkey/runtime/source"
)

// rejection is a refused write as lists show it.
type rejection struct {
	ID           string     `json:"id"`
	Status       string     `json:"status" enum:"open,held,replayed,discarded,superseded"`
	UserID       string     `json:"user_id"`
	ClientID     string     `json:"client_id"`
	Table        string     `json:"table"`
	RowID        string     `json:"row_id"`
	ErrorCode    string     `json:"error_code"`
	Message      string     `json:"message"`
	Hint         string     `json:"hint"`
	Group        string     `json:"group" doc:"The rejection that must be settled first; its own id when it stands for itself"`
	Deployment   int        `json:"deployment"`
	Operation    int        `json:"operation" doc:"The operation to blame; -1: the whole transaction"`
	RequestID    string     `json:"request_id"`
	PayloadBytes int        `json:"payload_bytes"`
	Attempts     int        `json:"attempts" doc:"Replays that failed"`
	CreatedAt    time.Time  `json:"created_at"`
	SettledAt    *time.Time `json:"settled_at,omitempty"`
	SettledBy    string     `json:"settled_by,omitempty"`
}

func shapeRejection(r source.Rejection) rejection {
	out := rejection{
		ID: r.ID, Status: string(r.Status), UserID: r.UserID, ClientID: r.ClientID, Table: r.TableName, RowID: r.RowID, ErrorCode: r.ErrorCode,
		Message: r.Message, Hint: r.Hint, Group: r.Group, Deployment: r.Deployment, Operation: r.Operation, RequestID: r.RequestID,
		PayloadBytes: r.PayloadBytes, Attempts: r.Attempts, CreatedAt: r.CreatedAt, SettledBy: r.SettledBy,
	}
	if !r.SettledAt.IsZero() {
		out.SettledAt = &r.SettledAt
	}
	return out
}

type rejectionsInput struct {
	InstancePage
	WriteFilter
	Status     []string `query:"status,explode" enum:"open,held,replayed,discarded,superseded" doc:"Only these"`
	ErrorCode  string   `query:"error_code" maxLength:"100"`
	Deployment int      `query:"deployment" minimum:"0" doc:"Refused by this deployment"`
	Group      string   `query:"group" maxLength:"100" doc:"A rejection and what waits for it"`
}

func (a *api) listRejections(ctx context.Context, in *rejectionsInput) (*pageOutput[rejection], error) {
	p, err := in.open(ctx, a)
	if err != nil {
		return nil, err
	}
	f := source.RejectionFilter{
		Status: statesOf[source.RejectionStatus](in.Status), UserID: in.UserID, ClientID: in.ClientID, TableName: in.Table, RowID: in.RowID, ErrorCode: in.ErrorCode, Deployment: in.Deployment,
		Group: in.Group, From: in.From, To: in.To, OldestFirst: in.oldestFirst(),
	}
	list, next, err := a.cfg.Plane.Rejections.List(ctx, actorOf(ctx), placeOf(ctx).Instance, f, p)
	if err != nil {
		return nil, err
	}
	return paged(ctx, a, list, next, shapeRejection), nil
}

// RejectionPath is the path of one rejection.
type RejectionPath struct {
	InstancePath
	Rejection string `path:"rejection"`
}

type rejectionOutput struct {
	Body struct {
		Rejection
		Transaction json.RawMessage      `json:"transaction,omitempty" doc:"The client transaction as it was received, when it is JSON"`
		Payload     []byte               `json:"payload" doc:"The same, byte for byte"`
		Claims      json.RawMessage      `json:"claims,omitempty" doc:"Of the user who sent it; a replay runs with them"`
		Provider    string               `json:"provider"`
		Client      json.RawMessage      `json:"client,omitempty" doc:"The device's own report"`
		Detail      string               `json:"detail,omitempty" doc:"What the database said"`
		Rows        []source.RejectedRow `json:"rows" nullable:"false" doc:"The rows that it would write"`
	}
}

func (a *api) getRejection(ctx context.Context, in *RejectionPath) (*rejectionOutput, error) {
	r, err := a.cfg.Plane.Rejections.Get(ctx, actorOf(ctx), placeOf(ctx).Instance, in.Rejection)
	if err != nil {
		return nil, err
	}
	out := &rejectionOutput{}
	out.Body.Rejection = shapeRejection(r)
	out.Body.Payload, out.Body.Provider, out.Body.Detail = r.Payload, r.Provider, r.Detail
	out.Body.Transaction, out.Body.Claims, out.Body.Client = asJSON(r.Payload), asJSON(r.Claims), asJSON(r.Client)
	out.Body.Rows = append([]source.RejectedRow{}, r.Rows...)
	return out, nil
}

// asJSON passes JSON on, and nothing that is none.
func asJSON(raw []byte) json.RawMessage {
	if !json.Valid(raw) {
		return nil
	}
	return raw
}

type outcomesOutput struct {
	Body struct {
		Outcomes []source.Outcome `json:"outcomes" nullable:"false" doc:"The rejection's own first, then of those that waited for it"`
		More     bool             `json:"more,omitempty" doc:"The time was up before everything was done: call again"`
	}
}

func outcomes(list []source.Outcome, err error) (*outcomesOutput, error) {
	out := &outcomesOutput{}
	out.Body.Outcomes = append([]source.Outcome{}, list...)
	return out, err
}

type replayInput struct {
	RejectionPath
	Body *struct { // a pointer: the body may be absent
		Transaction json.RawMessage `json:"transaction,omitempty" doc:"The transaction, edited; absent: as it was received"`
	}
}

func (in *replayInput) edit() controlplane.ReplayEdit {
	if in.Body == nil {
		return controlplane.ReplayEdit{}
	}
	return controlplane.ReplayEdit{Transaction: in.Body.Transaction}
}

func (a *api) replayRejection(ctx context.Context, in *replayInput) (*outcomesOutput, error) {
	return outcomes(a.cfg.Plane.Rejections.Replay(ctx, actorOf(ctx), placeOf(ctx).Instance, in.Rejection, in.edit()))
}

// forceRejection is replayRejection whatever the allow rules say. It is a route of its own because it asks
// for another permission.
func (a *api) forceRejection(ctx context.Context, in *replayInput) (*outcomesOutput, error) {
	edit := in.edit()
	edit.WithoutRules = true
	return outcomes(a.cfg.Plane.Rejections.Replay(ctx, actorOf(ctx), placeOf(ctx).Instance, in.Rejection, edit))
}

func (a *api) discardRejection(ctx context.Context, in *RejectionPath) (*outcomesOutput, error) {
	return outcomes(a.cfg.Plane.Rejections.Discard(ctx, actorOf(ctx), placeOf(ctx).Instance, in.Rejection))
}

type manyInput struct {
	InstancePath
	Body struct {
		IDs []string `json:"ids" minItems:"1" maxItems:"100" doc:"Rejections, in the order to take them"`
	}
}

// each does one thing to many rejections; one that fails does not keep the others from being done, and one that went
// along with the head of its group is done. What is not possible now may be one rejection's own trouble, as that of a hook, or
// everybody's: when it is so twice in a row, the rest is not tried.
func (a *api) each(in *manyInput, do func(id string) ([]source.Outcome, error)) (*outcomesOutput, error) {
	var all []source.Outcome
	settled := map[string]bool{}
	var down error // of those just before
	over, done := false, false
	for _, id := range in.Body.IDs {
		if settled[id] {
			continue
		}
		var list []source.Outcome
		err := down
		if !over {
			list, err = do(id)
		}
		switch f := fault.Of(err); {
		case err == nil:
			down, done = nil, true
		case f.Kind == fault.Unavailable:
			over, down = down != nil, err
		case f.Kind != fault.NotFound && f.Kind != fault.Conflict && f.Kind != fault.Invalid:
			return nil, err
		default:
			down = nil
		}
		if f := fault.Of(err); f != nil {
			list = []source.Outcome{{ID: id, ErrorCode: f.Code, Message: f.Message, Hint: f.Hint}}
		}
		for _, o := range list {
			settled[o.ID] = o.Status != "" && !o.Status.Waiting()
		}
		all = append(all, list...)
	}
	if down != nil && !done {
		return nil, down
	}
	return outcomes(all, nil)
}

func (a *api) replayRejections(ctx context.Context, in *manyInput) (*outcomesOutput, error) {
	return a.each(in, func(id string) ([]source.Outcome, error) {
		return a.cfg.Plane.Rejections.Replay(ctx, actorOf(ctx), placeOf(ctx).Instance, id, controlplane.ReplayEdit{})
	})
}

func (a *api) discardRejections(ctx context.Context, in *manyInput) (*outcomesOutput, error) {
	return a.each(in, func(id string) ([]source.Outcome, error) {
		return a.cfg.Plane.Rejections.Discard(ctx, actorOf(ctx), placeOf(ctx).Instance, id)
	})
}

func (a *api) replayDeployment(ctx context.Context, in *DeploymentPath) (*outcomesOutput, error) {
	n, err := in.number()
	if err != nil {
		return nil, err
	}
	done, err := a.cfg.Plane.Rejections.ReplayDeployment(ctx, actorOf(ctx), placeOf(ctx).Instance, n)
	if err != nil {
		return nil, err
	}
	out, err := outcomes(done.Outcomes, nil)
	out.Body.More = done.More
	return out, err
}
