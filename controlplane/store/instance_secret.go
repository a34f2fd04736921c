package store

import (
	"context"
	"strings"

	"turnkey/controlplane"
	"turnkey/controlplane/store/internal/db"
)

func secret(r db.Secret) controlplane.Secret {
	return controlplane.Secret{
		Instance: r.InstanceID, Name: r.Name, Version: r.Version, Sealed: r.Sealed, Digest: r.Digest, UpdatedAt: r.UpdatedAt, UpdatedBy: r.UpdatedBy,
	}
}

// ListSecrets implements controlplane.Tx.
func (t tx) ListSecrets(ctx context.Context, instance string) ([]controlplane.Secret, error) {
	rows, err := t.q.ListSecrets(ctx, instance)
	return each(rows, secret), translate(err)
}

// GetSecret implements controlplane.Tx.
func (t tx) GetSecret(ctx context.Context, instance, name string) (controlplane.Secret, error) {
	r, err := t.q.GetSecret(ctx, db.GetSecretParams{InstanceID: instance, Name: name})
	return secret(r), translate(err)
}

// PutSecret implements controlplane.Tx.
func (t tx) PutSecret(ctx context.Context, s controlplane.Secret) error {
	return translate(t.q.PutSecret(ctx, db.PutSecretParams{
		InstanceID: s.Instance, Name: s.Name, Version: s.Version, Sealed: s.Sealed, Digest: s.Digest, UpdatedAt: s.UpdatedAt, UpdatedBy: s.UpdatedBy,
	}))
}

// DeleteSecret implements controlplane.Tx.
func (t tx) DeleteSecret(ctx context.Context, instance, name string) error {
	return translate(t.q.DeleteSecret(ctx, db.DeleteSecretParams{InstanceID: instance, Name: name}))
}

// DeleteSecrets implements controlplane.Tx.
func (t tx) DeleteSecrets(ctx context.Context, instance string) error {
	return translate(t.q.DeleteSecrets(ctx, instance))
}

// ScanSealed implements controlplane.Tx.
func (t tx) ScanSealed(ctx context.Context, after string, n int) ([]controlplane.SealedRow, error) {
	rows, err := t.q.ScanSealed(ctx, db.ScanSealedParams{After: after, MaxRows: limit(n)})
	return each(rows, func(r db.ScanSealedRow) controlplane.SealedRow {
		return controlplane.SealedRow{Label: r.Label, Sealed: r.Sealed}
	}), translate(err)
}

// ReplaceSealed implements controlplane.Tx.
func (t tx) ReplaceSealed(ctx context.Context, row controlplane.SealedRow, sealed []byte) (bool, error) {
	var n int64
	var err error
	switch kind, _, _ := strings.Cut(row.Label, "/"); kind {
	case "secret":
		n, err = t.q.ReplaceSealedSecret(ctx, db.ReplaceSealedSecretParams{Label: row.Label, Sealed: sealed, Before: row.Sealed})
	case "mail":
		n, err = t.q.ReplaceSealedMail(ctx, db.ReplaceSealedMailParams{Label: row.Label, Sealed: sealed, Before: row.Sealed})
	case "totp":
		n, err = t.q.ReplaceSealedTOTP(ctx, db.ReplaceSealedTOTPParams{Label: row.Label, Sealed: sealed, Before: row.Sealed})
	case "alert-channel":
		n, err = t.q.ReplaceSealedChannel(ctx, db.ReplaceSealedChannelParams{Label: row.Label, Sealed: sealed, Before: row.Sealed})
	case "telemetry-export":
		n, err = t.q.ReplaceSealedExport(ctx, db.ReplaceSealedExportParams{Label: row.Label, Sealed: sealed, Before: row.Sealed})
	default:
		n, err = t.q.ReplaceSealedKey(ctx, db.ReplaceSealedKeyParams{Label: row.Label, Sealed: sealed, Before: row.Sealed})
	}
	return n > 0, translate(err)
}
