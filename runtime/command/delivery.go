package command

import (
	"context"
	"time"

	"turnkey/internal/fault"
	"turnkey/runtime/source"
)

// The commands about an instance's outbox.
const (
	// DeliveryList takes a source.DeliveryFilter and answers []source.Delivery.
	DeliveryList Name = "delivery_list"
	// DeliveryGet takes an id and answers a source.Delivery.
	DeliveryGet Name = "delivery_get"
	// DeliveryRedeliver takes an id and answers the source.Delivery as it is then: pending, and due.
	DeliveryRedeliver Name = "delivery_redeliver"
	// DeliveryDiscard takes an id and answers the source.Delivery as it is then.
	DeliveryDiscard Name = "delivery_discard"
	// DeliveryErase takes a user's id and answers the number of deliveries that are gone.
	DeliveryErase Name = "delivery_erase"
)

// ForDeliveries are the commands that work on outboxes. use finds one by its instance and keeps it alive
// while do runs; enqueued is told of an instance that has something to deliver now.
func ForDeliveries(use func(ctx context.Context, instance string, do func(source.Outbox) error) error, enqueued func(instance string), now func() time.Time) map[Name]Do {
	return map[Name]Do{
		DeliveryList: on(use, func(ctx context.Context, o source.Outbox, f source.DeliveryFilter, _ Command) (any, error) {
			list, err := o.Deliveries(ctx, f)
			return list, sourceFault(noneYet(err))
		}),
		DeliveryGet: on(use, func(ctx context.Context, o source.Outbox, id string, _ Command) (any, error) {
			return getDelivery(ctx, o, id)
		}),
		DeliveryRedeliver: on(use, func(ctx context.Context, o source.Outbox, id string, c Command) (any, error) {
			d, err := move(ctx, o, source.DeliveryMove{ID: id, To: source.Pending, By: c.Actor.UserID, At: now()})
			if err == nil {
				enqueued(c.Instance)
			}
			return d, err
		}),
		DeliveryDiscard: on(use, func(ctx context.Context, o source.Outbox, id string, c Command) (any, error) {
			return move(ctx, o, source.DeliveryMove{ID: id, To: source.Dropped, By: c.Actor.UserID, At: now()})
		}),
		DeliveryErase: on(use, func(ctx context.Context, o source.Outbox, user string, _ Command) (any, error) {
			n, err := o.EraseDeliveries(ctx, user)
			return n, sourceFault(noneYet(err))
		}),
		DeliveryCount: on(use, func(ctx context.Context, o source.Outbox, _ any, _ Command) (any, error) {
			return countDeliveries(ctx, o)
		}),
	}
}

// noneYet forgives a source that was last prepared before there were outboxes: nothing is in it.
func noneYet(err error) error {
	if f := source.FailureOf(err); f != nil && f.Code == "SOURCE_NOT_PREPARED" {
		return nil
	}
	return err
}

func getDelivery(ctx context.Context, o source.Outbox, id string) (*source.Delivery, error) {
	d, err := o.Delivery(ctx, id)
	if err = noneYet(err); err != nil {
		return nil, sourceFault(err)
	}
	if d == nil {
		return nil, fault.New(fault.NotFound, "not_found", "There is no such delivery.")
	}
	return d, nil
}

// move decides about a delivery and gives it as it is then, without its payload.
func move(ctx context.Context, o source.Outbox, m source.DeliveryMove) (*source.Delivery, error) {
	if _, err := getDelivery(ctx, o, m.ID); err != nil {
		return nil, err
	}
	moved, err := o.MoveDelivery(ctx, m)
	if err != nil {
		return nil, sourceFault(err)
	}
	d, err := getDelivery(ctx, o, m.ID)
	switch {
	case err != nil:
		return nil, err
	case !moved && m.To == source.Pending:
		return nil, fault.New(fault.Conflict, "delivery_under_way", "This delivery is being attempted right now.").WithHint("Look again in a minute.")
	case !moved:
		return nil, fault.New(fault.Conflict, "delivery_settled", "This delivery is "+string(d.Status)+" already.")
	}
	d.Payload = nil
	return d, nil
}
