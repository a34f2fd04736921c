package guard_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"turnkey/runtime/source"
)

func (f *fake) NextDelivery(ctx context.Context, _ []string) (string, time.Time, error) {
	return "crm", time.Unix(1, 0), f.ask(ctx)
}

func (f *fake) ClaimDeliveries(ctx context.Context, _ source.LaneClaim) ([]source.Delivery, error) {
	return make([]source.Delivery, 1), f.ask(ctx)
}

func (f *fake) ReportDelivery(ctx context.Context, _ source.DeliveryReport) (bool, error) {
	return true, f.ask(ctx)
}

func (f *fake) Deliveries(ctx context.Context, _ source.DeliveryFilter) ([]source.Delivery, error) {
	return make([]source.Delivery, 1), f.ask(ctx)
}

func (f *fake) Delivery(ctx context.Context, id string) (*source.Delivery, error) {
	return &source.Delivery{ID: id}, f.ask(ctx)
}

func (f *fake) MoveDelivery(ctx context.Context, _ source.DeliveryMove) (bool, error) {
	return true, f.ask(ctx)
}

func (f *fake) EraseDeliveries(ctx context.Context, _ string) (int, error) { return 1, f.ask(ctx) }

// Each call about deliveries counts, has its time limit, and is refused while the source is suspended.
func TestCallsAboutDeliveriesAreGuarded(t *testing.T) {
	for name, do := range map[string]func(ctx context.Context, o source.Outbox) (bool, error){
		"next": func(ctx context.Context, o source.Outbox) (bool, error) {
			lane, at, err := o.NextDelivery(ctx, nil)
			return lane == "crm" && !at.IsZero(), err
		},
		"claim": func(ctx context.Context, o source.Outbox) (bool, error) {
			list, err := o.ClaimDeliveries(ctx, source.LaneClaim{})
			return len(list) == 1, err
		},
		"report": func(ctx context.Context, o source.Outbox) (bool, error) {
			return o.ReportDelivery(ctx, source.DeliveryReport{})
		},
		"list": func(ctx context.Context, o source.Outbox) (bool, error) {
			list, err := o.Deliveries(ctx, source.DeliveryFilter{})
			return len(list) == 1, err
		},
		"get": func(ctx context.Context, o source.Outbox) (bool, error) {
			d, err := o.Delivery(ctx, "dlv_1")
			return d != nil, err
		},
		"move": func(ctx context.Context, o source.Outbox) (bool, error) {
			return o.MoveDelivery(ctx, source.DeliveryMove{})
		},
		"erase": func(ctx context.Context, o source.Outbox) (bool, error) {
			n, err := o.EraseDeliveries(ctx, "u1")
			return n == 1, err
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{}
				g := newGuard(t, f)
				f.will(answers)
				if ok, err := do(t.Context(), g); !ok || err != nil {
					t.Errorf("%v %v", ok, err)
				}
				f.will(blackHole)
				for range 3 {
					began := time.Now()
					if _, err := do(t.Context(), g); code(err) != "source_timeout" || time.Since(began) != call {
						t.Errorf("after %s: %v", time.Since(began), err)
					}
				}
				before := f.calls.Load()
				if _, err := do(t.Context(), g); code(err) != "source_suspended" || f.calls.Load() != before {
					t.Errorf("while suspended: %v", err)
				}
			})
		})
	}
}
