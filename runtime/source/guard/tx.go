package guard

import (
	"context"

	"turnkey/runtime/source"
)

// tx is a guarded transaction.
type tx struct {
	source.Tx
	guard *Guard
}

// Read implements source.Tx.
func (t *tx) Read(ctx context.Context, refs []source.Ref) (rows []source.Row, err error) {
	err = t.guard.call(ctx, func(ctx context.Context) error {
		rows, err = t.Tx.Read(ctx, refs)
		return err
	})
	return rows, err
}

// Apply implements source.Tx.
func (t *tx) Apply(ctx context.Context, changes []source.Change, commit bool) error {
	return t.guard.call(ctx, func(ctx context.Context) error { return t.Tx.Apply(ctx, changes, commit) })
}

// Rollback implements source.Tx. It is let through whatever the breaker says: it gives a connection
// back.
func (t *tx) Rollback(ctx context.Context) {
	defer t.guard.opt.Wait(ctx)()
	ctx, cancel := context.WithTimeout(ctx, t.guard.opt.Call)
	defer cancel()
	t.Tx.Rollback(ctx)
}
