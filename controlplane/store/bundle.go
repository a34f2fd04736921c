package store

import (
	"context"

	"turnkey/controlplane"
	"turnkey/controlplane/store/internal/db"
)

// PutBundle implements controlplane.Tx.
func (t tx) PutBundle(ctx context.Context, b controlplane.StoredBundle) error {
	if err := t.q.LockBundles(ctx); err != nil {
		return translate(err)
	}
	return translate(t.q.PutBundle(ctx, db.PutBundleParams{InstanceID: b.Instance, Revision: b.Revision, Sealed: b.Sealed, IssuedAt: b.IssuedAt}))
}

// GetBundle implements controlplane.Tx.
func (t tx) GetBundle(ctx context.Context, instance string) ([]byte, error) {
	sealed, err := t.q.GetBundle(ctx, instance)
	return sealed, translate(err)
}

// ListBundles implements controlplane.Tx.
func (t tx) ListBundles(ctx context.Context, since int64, n int) ([]controlplane.Publication, error) {
	rows, err := t.q.ListBundles(ctx, db.ListBundlesParams{Since: since, MaxRows: limit(n)})
	return each(rows, func(r db.ListBundlesRow) controlplane.Publication {
		return controlplane.Publication{Instance: r.InstanceID, Revision: r.Revision, Seq: r.Seq}
	}), translate(err)
}

// Listen calls published after each bundle that any replica publishes, until the context or the
// connection ends. Behind a transaction pooler nothing arrives: runtimes then find out by polling.
func (s *Store) Listen(ctx context.Context, published func()) error {
	return s.listen(ctx, "turnkey_bundles", func(string) { published() })
}

// listen calls hear with what is said on a channel, and once with "" when it listens.
func (s *Store) listen(ctx context.Context, channel string, hear func(said string)) error {
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return translate(err)
	}
	// The connection is closed, not returned: it would carry the subscription into other work.
	raw := conn.Hijack()
	defer func() { _ = raw.Close(context.WithoutCancel(ctx)) }()
	if _, err := raw.Exec(ctx, "LISTEN "+channel); err != nil {
		return translate(err)
	}
	hear("") // something may have come before we listened
	for {
		n, err := raw.WaitForNotification(ctx)
		if err != nil {
			return translate(err)
		}
		hear(n.Payload)
	}
}
