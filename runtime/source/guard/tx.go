package guard

import (
	"context"

	"turnkey/runtime/bundle"
	"turnkey/runtime/source"
)

// tx is a guarded transaction.
type tx struct {
	source.Tx
	guard     *Guard
	committed bool
}

// Read implements source.Tx.
func (t *tx) Read(ctx context.Context, refs []source.Ref, claim *source.Claim) (rows []source.Row, known source.History, err error) {
	err = t.guard.call(ctx, func(ctx context.Context) error {
		rows, known, err = t.Tx.Read(ctx, refs, claim)
		return err
	})
	return rows, known, err
}

// ReadAll implements source.Tx.
func (t *tx) ReadAll(ctx context.Context, refs []source.Ref, claims []*source.Claim) (rows []source.Row, known []source.History, err error) {
	err = t.guard.call(ctx, func(ctx context.Context) error {
		rows, known, err = t.Tx.ReadAll(ctx, refs, claims)
		return err
	})
	return rows, known, err
}

// Rejected implements source.Tx.
func (t *tx) Rejected(ctx context.Context, rows []source.RowName) (list []source.RejectedRow, err error) {
	err = t.guard.call(ctx, func(ctx context.Context) error {
		list, err = t.Tx.Rejected(ctx, rows)
		return err
	})
	return list, err
}

// Find implements source.Tx.
func (t *tx) Find(ctx context.Context, q *source.Query) (rows []source.Row, fits bool, err error) {
	err = t.guard.call(ctx, func(ctx context.Context) error {
		rows, fits, err = t.Tx.Find(ctx, q)
		return err
	})
	return rows, fits, err
}

// Describe implements source.Tx.
func (t *tx) Describe(ctx context.Context, table *source.Table) (columns map[string]bundle.Type, alone bool, err error) {
	err = t.guard.call(ctx, func(ctx context.Context) error {
		columns, alone, err = t.Tx.Describe(ctx, table)
		return err
	})
	return columns, alone, err
}

// Count implements source.Tx.
func (t *tx) Count(ctx context.Context, q *source.Query) (n int64, err error) {
	err = t.guard.call(ctx, func(ctx context.Context) error {
		n, err = t.Tx.Count(ctx, q)
		return err
	})
	return n, err
}

// Apply implements source.Tx.
func (t *tx) Apply(ctx context.Context, changes []source.Change, finish *source.Finish) error {
	err := t.guard.call(ctx, func(ctx context.Context) error { return t.Tx.Apply(ctx, changes, finish) })
	t.committed = finish != nil && err == nil
	if t.committed && len(finish.Deliveries) > 0 && t.guard.opt.Enqueued != nil {
		t.guard.opt.Enqueued()
	}
	return err
}

// Rollback implements source.Tx. It is let through whatever the breaker says: it gives a connection
// back. After a commit nothing is left to give back.
func (t *tx) Rollback(ctx context.Context) {
	if t.committed {
		return
	}
	defer t.guard.opt.Wait(ctx)()
	ctx, cancel := context.WithTimeout(ctx, t.guard.opt.Call)
	defer cancel()
	t.Tx.Rollback(ctx)
}
