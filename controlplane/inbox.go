package controlplane

import (
	"context"

	"turnkey/runtime/command"
	"turnkey/runtime/source"
)

// Inboxes is the service that counts what waits for somebody.
type Inboxes struct{ *core }

// InboxCounts are numbers of records by state, each counted up to command.MostCounted.
type InboxCounts struct {
	command.InboxCounts
	Deliveries map[source.DeliveryStatus]int
}

// Count asks the runtimes of an instance.
func (s *Inboxes) Count(ctx context.Context, actor Actor, instance string) (out InboxCounts, err error) {
	if err := s.ask(ctx, actor, instance, command.InboxCount, nil, &out.InboxCounts); err != nil {
		return out, err
	}
	return out, s.ask(ctx, actor, instance, command.DeliveryCount, nil, &out.Deliveries)
}
