package guard

import (
	"context"

	"turnkey/runtime/source"
)

// Conflicts implements source.Archive.
func (g *Guard) Conflicts(ctx context.Context, f source.ConflictFilter) (list []source.ConflictRecord, err error) {
	err = g.call(ctx, func(ctx context.Context) error {
		list, err = g.Source.Conflicts(ctx, f)
		return err
	})
	return list, err
}

// Conflict implements source.Archive.
func (g *Guard) Conflict(ctx context.Context, id string) (c *source.ConflictRecord, err error) {
	err = g.call(ctx, func(ctx context.Context) error {
		c, err = g.Source.Conflict(ctx, id)
		return err
	})
	return c, err
}

// CloseConflicts implements source.Archive.
func (g *Guard) CloseConflicts(ctx context.Context, list []source.Closing) error {
	return g.call(ctx, func(ctx context.Context) error { return g.Source.CloseConflicts(ctx, list) })
}

// Marks implements source.Tx.
func (t *tx) Marks(ctx context.Context, owner source.Owner, rows []source.RowName) (list []source.Mark, err error) {
	err = t.guard.call(ctx, func(ctx context.Context) error {
		list, err = t.Tx.Marks(ctx, owner, rows)
		return err
	})
	return list, err
}
