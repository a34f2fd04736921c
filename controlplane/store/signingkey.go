package store

import (
	"context"

	"turnkey/controlplane"
	"turnkey/controlplane/store/internal/db"
	"turnkey/runtime/bundle"
)

func signingKey(r db.SigningKey) controlplane.SigningKey {
	return controlplane.SigningKey{
		ID: r.ID, Instance: r.InstanceID, Algorithm: bundle.Algorithm(r.Algorithm), Sealed: r.Sealed, CreatedAt: r.CreatedAt,
		PublishAt: r.PublishAt, SignFrom: r.SignFrom, RetireAt: r.RetireAt, RevokedAt: r.RevokedAt,
	}
}

// InsertSigningKey implements controlplane.Tx.
func (t tx) InsertSigningKey(ctx context.Context, k controlplane.SigningKey) error {
	return translate(t.q.InsertSigningKey(ctx, db.InsertSigningKeyParams{
		ID: k.ID, InstanceID: k.Instance, Algorithm: string(k.Algorithm), Sealed: k.Sealed, CreatedAt: k.CreatedAt,
		PublishAt: k.PublishAt, SignFrom: k.SignFrom, RetireAt: k.RetireAt,
	}))
}

// ListSigningKeys implements controlplane.Tx.
func (t tx) ListSigningKeys(ctx context.Context, instance string) ([]controlplane.SigningKey, error) {
	rows, err := t.q.ListSigningKeys(ctx, instance)
	return each(rows, signingKey), translate(err)
}

// UpdateSigningKey implements controlplane.Tx.
func (t tx) UpdateSigningKey(ctx context.Context, k controlplane.SigningKey) error {
	return translate(t.q.UpdateSigningKey(ctx, db.UpdateSigningKeyParams{
		ID: k.ID, InstanceID: k.Instance, SignFrom: k.SignFrom, RetireAt: k.RetireAt, RevokedAt: k.RevokedAt,
	}))
}

// DeleteSigningKeys implements controlplane.Tx.
func (t tx) DeleteSigningKeys(ctx context.Context, instance string) error {
	return translate(t.q.DeleteSigningKeys(ctx, instance))
}
