package guard

import (
	"context"
	"time"

	"turnkey/runtime/source"
)

// NextDelivery implements source.Outbox.
func (g *Guard) NextDelivery(ctx context.Context, not []string) (lane string, due time.Time, err error) {
	err = g.call(ctx, func(ctx context.Context) error {
		lane, due, err = g.Source.NextDelivery(ctx, not)
		return err
	})
	return lane, due, err
}

// ClaimDeliveries implements source.Outbox.
func (g *Guard) ClaimDeliveries(ctx context.Context, c source.LaneClaim) (list []source.Delivery, err error) {
	err = g.call(ctx, func(ctx context.Context) error {
		list, err = g.Source.ClaimDeliveries(ctx, c)
		return err
	})
	return list, err
}

// ReportDelivery implements source.Outbox.
func (g *Guard) ReportDelivery(ctx context.Context, r source.DeliveryReport) (held bool, err error) {
	err = g.call(ctx, func(ctx context.Context) error {
		held, err = g.Source.ReportDelivery(ctx, r)
		return err
	})
	return held, err
}

// Deliveries implements source.Outbox.
func (g *Guard) Deliveries(ctx context.Context, f source.DeliveryFilter) (list []source.Delivery, err error) {
	err = g.call(ctx, func(ctx context.Context) error {
		list, err = g.Source.Deliveries(ctx, f)
		return err
	})
	return list, err
}

// Delivery implements source.Outbox.
func (g *Guard) Delivery(ctx context.Context, id string) (d *source.Delivery, err error) {
	err = g.call(ctx, func(ctx context.Context) error {
		d, err = g.Source.Delivery(ctx, id)
		return err
	})
	return d, err
}

// MoveDelivery implements source.Outbox.
func (g *Guard) MoveDelivery(ctx context.Context, m source.DeliveryMove) (moved bool, err error) {
	err = g.call(ctx, func(ctx context.Context) error {
		moved, err = g.Source.MoveDelivery(ctx, m)
		return err
	})
	return moved, err
}

// EraseDeliveries implements source.Outbox.
func (g *Guard) EraseDeliveries(ctx context.Context, userID string) (n int, err error) {
	err = g.call(ctx, func(ctx context.Context) error {
		n, err = g.Source.EraseDeliveries(ctx, userID)
		return err
	})
	return n, err
}

// SweepDeliveries implements source.Outbox. Like a sweep, it takes as long as its context allows.
func (g *Guard) SweepDeliveries(ctx context.Context, settled, made time.Time) (int, error) {
	return g.Source.SweepDeliveries(ctx, settled, made)
}
