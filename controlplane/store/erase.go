package store

import (
	"context"
	"crypto/sha256"
	"time"

	"turnkey/controlplane"
	"turnkey/controlplane/store/internal/db"
)

// DeleteUserLogs implements controlplane.Tx.
func (t tx) DeleteUserLogs(ctx context.Context, instance, user string) (int64, error) {
	n, err := t.q.DeleteUserLogs(ctx, db.DeleteUserLogsParams{InstanceID: instance, UserID: user})
	return n, translate(err)
}

// PutErasure implements controlplane.Tx.
func (t tx) PutErasure(ctx context.Context, e controlplane.Erasure) error {
	return translate(t.q.PutErasure(ctx, db.PutErasureParams{InstanceID: e.Instance, UserHash: e.UserHash[:], ErasedAt: e.At}))
}

// ListErasures implements controlplane.Tx.
func (t tx) ListErasures(ctx context.Context, instances []string) ([]controlplane.Erasure, error) {
	rows, err := t.q.ListErasures(ctx, instances)
	return each(rows, func(r db.LogErasure) controlplane.Erasure {
		e := controlplane.Erasure{Instance: r.InstanceID, At: r.ErasedAt}
		if len(r.UserHash) == sha256.Size {
			e.UserHash = [sha256.Size]byte(r.UserHash)
		}
		return e
	}), translate(err)
}

// DeleteOldErasures implements controlplane.Tx.
func (t tx) DeleteOldErasures(ctx context.Context, before time.Time) error {
	return translate(t.q.DeleteOldErasures(ctx, before))
}
