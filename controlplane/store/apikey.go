package store

import (
	"context"
	"time"

	"turnkey/controlplane"
	"turnkey/controlplane/store/internal/db"
	"turnkey/internal/fault"
)

func apiKey(r db.ApiKey) controlplane.APIKey {
	return controlplane.APIKey{
		ID: r.ID, Instance: r.InstanceID, Name: r.Name, Hash: r.Hash, Hint: r.Hint, CreatedAt: r.CreatedAt, CreatedBy: r.CreatedBy, ExpiresAt: r.ExpiresAt,
	}
}

// InsertAPIKey implements controlplane.Tx.
func (t tx) InsertAPIKey(ctx context.Context, k controlplane.APIKey) error {
	return translate(t.q.InsertAPIKey(ctx, db.InsertAPIKeyParams{
		ID: k.ID, InstanceID: k.Instance, Name: k.Name, Hash: k.Hash, Hint: k.Hint, CreatedAt: k.CreatedAt, CreatedBy: k.CreatedBy, ExpiresAt: k.ExpiresAt,
	}))
}

// ListAPIKeys implements controlplane.Tx.
func (t tx) ListAPIKeys(ctx context.Context, instance string) ([]controlplane.APIKey, error) {
	rows, err := t.q.ListAPIKeys(ctx, instance)
	return each(rows, apiKey), translate(err)
}

// DeleteAPIKey implements controlplane.Tx.
func (t tx) DeleteAPIKey(ctx context.Context, instance, id string, at time.Time) error {
	n, err := t.q.DeleteAPIKey(ctx, db.DeleteAPIKeyParams{InstanceID: instance, ID: id, DeletedAt: at})
	if err == nil && n == 0 {
		return fault.New(fault.NotFound, "not_found", "There is no such API key.")
	}
	return translate(err)
}
