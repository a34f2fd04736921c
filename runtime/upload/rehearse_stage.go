package upload

import (
	"context"
	"time"

	"turnkey/runtime/bundle"
	"turnkey/runtime/source"
	"turnkey/runtime/value"
)

// stage is a source on which nothing comes to stay. Whatever the pipeline decides, now or in later versions of
// it, a transaction of a stage cannot commit, and outside of transactions there is nothing but reading. Each way of
// writing is named here, so that a new one does not compile before somebody has thought of it.
type stage struct {
	real source.Source
}

// errStaged is a defect: the pipeline wanted to write past its transaction.
func errStaged() error {
	return &source.Failure{Class: source.Misconfigured, Code: "rehearsal_writes", Message: "A rehearsal cannot write.", Change: -1}
}

// Begin implements source.Source.
func (s stage) Begin(ctx context.Context, as source.Session) (source.Tx, error) {
	tx, err := s.real.Begin(ctx, as)
	if err != nil {
		return nil, err
	}
	return &stagedTx{Tx: tx, take: takeOf(ctx)}, nil
}

// Columns implements source.Source.
func (s stage) Columns(ctx context.Context, t *source.Table) (map[string]bundle.Type, error) {
	return s.real.Columns(ctx, t)
}

// Alone implements source.Source.
func (s stage) Alone(context.Context, *source.Table) (bool, error) { return true, nil }

// Lookup implements source.Source.
func (s stage) Lookup(ctx context.Context, collection string, match map[string]value.Value, take string) (value.Value, bool, error) {
	return s.real.Lookup(ctx, collection, match, take)
}

// Mode implements source.Source.
func (s stage) Mode() source.Mode { return s.real.Mode() }

// Rejections implements source.Inbox.
func (s stage) Rejections(ctx context.Context, f source.RejectionFilter) ([]source.Rejection, error) {
	return s.real.Rejections(ctx, f)
}

// Rejection implements source.Inbox.
func (s stage) Rejection(ctx context.Context, id string) (*source.Rejection, error) {
	return s.real.Rejection(ctx, id)
}

// Conflicts implements source.Archive.
func (s stage) Conflicts(ctx context.Context, f source.ConflictFilter) ([]source.ConflictRecord, error) {
	return s.real.Conflicts(ctx, f)
}

// Conflict implements source.Archive.
func (s stage) Conflict(ctx context.Context, id string) (*source.ConflictRecord, error) {
	return s.real.Conflict(ctx, id)
}

// Delivery and the others below write, or have no place in a rehearsal.
func (s stage) Delivery(context.Context, string) (*source.Delivery, error) { return nil, errStaged() }

// Deliveries implements source.Outbox.
func (s stage) Deliveries(context.Context, source.DeliveryFilter) ([]source.Delivery, error) {
	return nil, errStaged()
}

// NextDelivery implements source.Outbox.
func (s stage) NextDelivery(context.Context, []string) (string, time.Time, error) {
	return "", time.Time{}, errStaged()
}

// ClaimDeliveries implements source.Outbox.
func (s stage) ClaimDeliveries(context.Context, source.LaneClaim) ([]source.Delivery, error) {
	return nil, errStaged()
}

// ReportDelivery implements source.Outbox.
func (s stage) ReportDelivery(context.Context, source.DeliveryReport) (bool, error) {
	return false, errStaged()
}

// MoveDelivery implements source.Outbox.
func (s stage) MoveDelivery(context.Context, source.DeliveryMove) (bool, error) {
	return false, errStaged()
}

// EraseDeliveries implements source.Outbox.
func (s stage) EraseDeliveries(context.Context, string) (int, error) { return 0, errStaged() }

// SweepDeliveries implements source.Outbox.
func (s stage) SweepDeliveries(context.Context, time.Time, time.Time) (int, error) {
	return 0, errStaged()
}

// Settle implements source.Inbox.
func (s stage) Settle(context.Context, []source.Settlement) error { return errStaged() }

// Erase implements source.Inbox.
func (s stage) Erase(context.Context, string) (int, error) { return 0, errStaged() }

// CloseConflicts implements source.Archive.
func (s stage) CloseConflicts(context.Context, []source.Closing) error { return errStaged() }

// Sweep implements source.Sweeper.
func (s stage) Sweep(context.Context, time.Time, source.Retention) (source.Swept, error) {
	return source.Swept{}, errStaged()
}

// Prepare implements source.Source.
func (s stage) Prepare(context.Context) error { return errStaged() }

// Test implements source.Source.
func (s stage) Test(context.Context) (*source.TestReport, error) { return nil, errStaged() }

// Inspect implements source.Source.
func (s stage) Inspect(context.Context) (*source.Inspection, error) { return nil, errStaged() }

// Close implements source.Source. The source is its owner's.
func (s stage) Close() error { return nil }

var _ source.Source = stage{}
