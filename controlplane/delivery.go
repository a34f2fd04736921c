package controlplane

import (
	"context"

	"turnkey/runtime/command"
	"turnkey/runtime/source"
)

// Deliveries is the service of what instances send out: webhooks and calls of afterCommit hooks. They lie
// in customers' databases: every call is an order to a runtime.
type Deliveries struct{ *core }

// List gives an instance's deliveries, newest first, without payloads.
func (s *Deliveries) List(ctx context.Context, actor Actor, instance string, f source.DeliveryFilter, page Page) (list []source.Delivery, next string, err error) {
	f.After, f.Limit = page.After, page.size()+1
	if err := s.ask(ctx, actor, instance, command.DeliveryList, f, &list); err != nil {
		return nil, "", err
	}
	list, next = cut(page, list, func(d source.Delivery) string { return d.ID })
	return list, next, nil
}

// Get gives one with its payload.
func (s *Deliveries) Get(ctx context.Context, actor Actor, instance, id string) (d source.Delivery, err error) {
	return d, s.ask(ctx, actor, instance, command.DeliveryGet, id, &d)
}

// Redeliver makes one due now, with all attempts ahead of it, whatever became of it before.
func (s *Deliveries) Redeliver(ctx context.Context, actor Actor, instance, id string) (d source.Delivery, err error) {
	return s.move(ctx, actor, instance, id, command.DeliveryRedeliver, DeliveryRedelivered)
}

// Discard gives up one that was not delivered.
func (s *Deliveries) Discard(ctx context.Context, actor Actor, instance, id string) (d source.Delivery, err error) {
	return s.move(ctx, actor, instance, id, command.DeliveryDiscard, DeliveryDiscarded)
}

func (s *Deliveries) move(ctx context.Context, actor Actor, instance, id string, name command.Name, kind EventKind) (d source.Delivery, err error) {
	if err := s.ask(ctx, actor, instance, name, id, &d); err != nil {
		return d, err
	}
	return d, s.tell(ctx, actor, instance, Event{Kind: kind, Target: id, Changes: Changes{"status": {To: d.Status}, "lane": {To: d.Lane}}})
}
