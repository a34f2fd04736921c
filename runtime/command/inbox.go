package command

import (
	"context"

	"turnkey/runtime/source"
)

// The commands that count what waits for somebody.
const (
	// InboxCount takes nothing and answers an InboxCounts.
	InboxCount Name = "inbox_count"
	// DeliveryCount takes nothing and answers the numbers of deliveries by state.
	DeliveryCount Name = "delivery_count"
)

// MostCounted is as far as is counted, for each state: more is only told to be more. So a list of millions costs no more
// than one of a hundred.
const MostCounted = 100

// InboxCounts are the numbers of records that wait for somebody, by state.
type InboxCounts struct {
	Conflicts  map[source.ConflictStatus]int  `json:"conflicts"`
	Rejections map[source.RejectionStatus]int `json:"rejections"`
}

func countInbox(ctx context.Context, l Live) (out InboxCounts, err error) {
	out.Conflicts, err = countBy(source.ResolvableStates(), func(s source.ConflictStatus) (int, error) {
		list, err := l.Conflicts(ctx, source.ConflictFilter{Status: []source.ConflictStatus{s}, Limit: MostCounted})
		return len(list), err
	})
	if err != nil {
		return out, err
	}
	out.Rejections, err = countBy(source.WaitingStates(), func(s source.RejectionStatus) (int, error) {
		list, err := l.Rejections(ctx, source.RejectionFilter{Status: []source.RejectionStatus{s}, Limit: MostCounted})
		return len(list), err
	})
	return out, err
}

func countDeliveries(ctx context.Context, o source.Outbox) (map[source.DeliveryStatus]int, error) {
	return countBy([]source.DeliveryStatus{source.Pending, source.Dead}, func(s source.DeliveryStatus) (int, error) {
		list, err := o.Deliveries(ctx, source.DeliveryFilter{Status: []source.DeliveryStatus{s}, Limit: MostCounted})
		return len(list), noneYet(err)
	})
}

func countBy[S comparable](states []S, count func(S) (int, error)) (map[S]int, error) {
	out := make(map[S]int, len(states))
	for _, s := range states {
		n, err := count(s)
		if err != nil {
			return nil, sourceFault(err)
		}
		out[s] = n
	}
	return out, nil
}
