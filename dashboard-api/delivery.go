package dashboardapi

import (
	"context"
	"encoding/json"
	"time"

	"turnkey/internal/fault"
	"turnkey/runtime/source"
)

// delivery is something that an instance sends out, as lists show it.
type delivery struct {
	ID           string          `json:"id" doc:"Never changes: receivers get it as webhook-id with every attempt"`
	Kind         string          `json:"kind" enum:"webhook,after_commit"`
	Outbox       string          `json:"outbox" doc:"The outbox's name; afterCommit for calls of hooks"`
	Status       string          `json:"status" enum:"pending,delivered,dead,discarded"`
	UserID       string          `json:"user_id"`
	Table        string          `json:"table,omitempty" doc:"Of the operation that it is because of"`
	RowID        string          `json:"row_id,omitempty"`
	RequestID    string          `json:"request_id"`
	Deployment   int             `json:"deployment"`
	PayloadBytes int             `json:"payload_bytes"`
	Attempts     int             `json:"attempts" doc:"That were begun since it was enqueued or delivered again"`
	UnderWay     bool            `json:"under_way" doc:"An attempt is being made, or was when its runtime died"`
	DueAt        *time.Time      `json:"due_at,omitempty" doc:"When the next attempt is made; while one is under way, when it is given up"`
	Last         *source.Attempt `json:"last,omitempty" doc:"How the last attempt ended, with the beginning of the answer or of the hook's log"`
	CreatedAt    time.Time       `json:"created_at"`
	SettledAt    *time.Time      `json:"settled_at,omitempty"`
	SettledBy    string          `json:"settled_by,omitempty" doc:"Who discarded it"`
}

func shapeDelivery(d source.Delivery) delivery {
	out := delivery{
		ID: d.ID, Kind: string(d.Kind), Outbox: d.Lane, Status: string(d.Status), UserID: d.UserID, Table: d.TableName, RowID: d.RowID, RequestID: d.RequestID,
		Deployment: d.Deployment, PayloadBytes: d.PayloadBytes, Attempts: d.Attempts, UnderWay: d.Leased, Last: d.Last, CreatedAt: d.CreatedAt, SettledBy: d.SettledBy,
	}
	if !d.DueAt.IsZero() {
		out.DueAt = &d.DueAt
	}
	if !d.SettledAt.IsZero() {
		out.SettledAt = &d.SettledAt
	}
	return out
}

type deliveriesInput struct {
	InstancePage
	Status []string `query:"status,explode" enum:"pending,delivered,dead,discarded" doc:"Only these"`
	Outbox string   `query:"outbox" maxLength:"100" doc:"Of this outbox; afterCommit for calls of hooks"`
	Kind   string   `query:"kind" enum:"webhook,after_commit"`
	UserID string   `query:"user_id" maxLength:"1024"`
}

func (a *api) listDeliveries(ctx context.Context, in *deliveriesInput) (*pageOutput[delivery], error) {
	p, err := in.open(ctx, a)
	if err != nil {
		return nil, err
	}
	f := source.DeliveryFilter{Status: statesOf[source.DeliveryStatus](in.Status), Lane: in.Outbox, Kind: source.DeliveryKind(in.Kind), UserID: in.UserID}
	list, next, err := a.cfg.Plane.Deliveries.List(ctx, actorOf(ctx), placeOf(ctx).Instance, f, p)
	if err != nil {
		return nil, err
	}
	return paged(ctx, a, list, next, shapeDelivery), nil
}

// DeliveryPath is the path of one delivery.
type DeliveryPath struct {
	InstancePath
	Delivery string `path:"delivery" maxLength:"100"`
}

type deliveryOutput struct {
	Body struct {
		Delivery
		Content json.RawMessage `json:"content,omitempty" doc:"The payload, when it is JSON"`
		Payload []byte          `json:"payload" doc:"The same, byte for byte"`
	}
}

func (a *api) getDelivery(ctx context.Context, in *DeliveryPath) (*deliveryOutput, error) {
	d, err := a.cfg.Plane.Deliveries.Get(ctx, actorOf(ctx), placeOf(ctx).Instance, in.Delivery)
	if err != nil {
		return nil, err
	}
	out := &deliveryOutput{}
	out.Body.Delivery, out.Body.Payload, out.Body.Content = shapeDelivery(d), d.Payload, asJSON(d.Payload)
	return out, nil
}

type movedOutput struct{ Body delivery }

func moved(d source.Delivery, err error) (*movedOutput, error) {
	return &movedOutput{shapeDelivery(d)}, err
}

func (a *api) redeliver(ctx context.Context, in *DeliveryPath) (*movedOutput, error) {
	return moved(a.cfg.Plane.Deliveries.Redeliver(ctx, actorOf(ctx), placeOf(ctx).Instance, in.Delivery))
}

func (a *api) discardDelivery(ctx context.Context, in *DeliveryPath) (*movedOutput, error) {
	return moved(a.cfg.Plane.Deliveries.Discard(ctx, actorOf(ctx), placeOf(ctx).Instance, in.Delivery))
}

// deliveryOutcome is what became of one of many.
type deliveryOutcome struct {
	ID        string `json:"id"`
	Status    string `json:"status,omitempty" enum:"pending,delivered,dead,discarded" doc:"Afterwards; absent when nothing was done"`
	ErrorCode string `json:"error_code,omitempty"`
	Message   string `json:"message,omitempty"`
	Hint      string `json:"hint,omitempty"`
}

type deliveriesOutput struct {
	Body struct {
		Outcomes []deliveryOutcome `json:"outcomes" nullable:"false"`
	}
}

// eachDelivery does one thing to many deliveries; one that fails does not keep the others from being done.
func (a *api) eachDelivery(ctx context.Context, in *manyInput, do func(context.Context, *DeliveryPath) (*movedOutput, error)) (*deliveriesOutput, error) {
	out := &deliveriesOutput{}
	for _, id := range in.Body.IDs {
		one := deliveryOutcome{ID: id}
		done, err := do(ctx, &DeliveryPath{InstancePath: in.InstancePath, Delivery: id})
		if f := fault.Of(err); err != nil && f.Kind != fault.NotFound && f.Kind != fault.Conflict {
			return nil, err
		} else if err != nil {
			one.ErrorCode, one.Message, one.Hint = f.Code, f.Message, f.Hint
		} else {
			one.Status = done.Body.Status
		}
		out.Body.Outcomes = append(out.Body.Outcomes, one)
	}
	return out, nil
}

func (a *api) redeliverMany(ctx context.Context, in *manyInput) (*deliveriesOutput, error) {
	return a.eachDelivery(ctx, in, a.redeliver)
}

func (a *api) discardDeliveries(ctx context.Context, in *manyInput) (*deliveriesOutput, error) {
	return a.eachDelivery(ctx, in, a.discardDelivery)
}
