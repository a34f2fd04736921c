package store

import (
	"context"

	"github.com/jackc/pgx/v5"

	"turnkey/controlplane"
	"turnkey/controlplane/store/internal/db"
)

// joint is the transaction that a whole request takes part in. It belongs to one request, which makes
// one call at a time.
type joint struct {
	store   *Store
	opening func(controlplane.Tx) error
	tx      pgx.Tx // nil: nothing has changed yet
	failed  error  // of beginning
}

// jointKey finds the joint in a context.
type jointKey struct{}

func jointOf(ctx context.Context) *joint {
	j, _ := ctx.Value(jointKey{}).(*joint)
	return j
}

// Join implements controlplane.Store.
func (s *Store) Join(ctx context.Context, opening func(controlplane.Tx) error) (context.Context, func(error, func(controlplane.Tx) error) error) {
	j := &joint{store: s, opening: opening}
	end := func(err error, last func(controlplane.Tx) error) error { return j.end(ctx, err, last) }
	return context.WithValue(ctx, jointKey{}, j), end
}

// begin takes a connection and opens the transaction, once.
func (j *joint) begin(ctx context.Context) (pgx.Tx, error) {
	if j.tx != nil || j.failed != nil {
		return j.tx, j.failed
	}
	t, err := j.store.pool.Begin(ctx)
	if err != nil {
		j.failed = translate(err)
		return nil, j.failed
	}
	if err := j.opening(tx{db.New(t)}); err != nil {
		undo(ctx, t)
		j.failed = err
		return nil, err
	}
	j.tx = t
	return t, nil
}

func (j *joint) end(ctx context.Context, err error, last func(controlplane.Tx) error) error {
	if err != nil {
		if j.tx != nil {
			undo(ctx, j.tx)
		}
		return err
	}
	t, err := j.begin(ctx)
	if err != nil {
		return err
	}
	return finish(ctx, t, last(tx{db.New(t)}))
}
