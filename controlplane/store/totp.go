package store

import (
	"context"

	"turnkey/controlplane"
	"turnkey/controlplane/store/internal/db"
)

// PutTOTP implements controlplane.Tx.
func (t tx) PutTOTP(ctx context.Context, o controlplane.TOTP) error {
	return translate(t.q.PutTOTP(ctx, db.PutTOTPParams{UserID: o.UserID, Sealed: o.Sealed, CreatedAt: o.CreatedAt}))
}

// GetTOTP implements controlplane.Tx.
func (t tx) GetTOTP(ctx context.Context, userID string) (controlplane.TOTP, error) {
	r, err := t.q.GetTOTP(ctx, userID)
	return controlplane.TOTP{
		UserID: r.UserID, Sealed: r.Sealed, CreatedAt: r.CreatedAt, ConfirmedAt: r.ConfirmedAt, LastStep: r.LastStep,
		Failures: int(r.Failures), BlockedUntil: r.BlockedUntil, RecoveryCodes: int(r.RecoveryCodes),
	}, translate(err)
}

// LockTOTP implements controlplane.Tx.
func (t tx) LockTOTP(ctx context.Context, userID string) (controlplane.TOTP, error) {
	r, err := t.q.LockTOTP(ctx, userID)
	return controlplane.TOTP{
		UserID: r.UserID, Sealed: r.Sealed, CreatedAt: r.CreatedAt, ConfirmedAt: r.ConfirmedAt, LastStep: r.LastStep,
		Failures: int(r.Failures), BlockedUntil: r.BlockedUntil,
	}, translate(err)
}

// UpdateTOTP implements controlplane.Tx.
func (t tx) UpdateTOTP(ctx context.Context, o controlplane.TOTP) error {
	return translate(t.q.UpdateTOTP(ctx, db.UpdateTOTPParams{
		UserID: o.UserID, ConfirmedAt: o.ConfirmedAt, LastStep: o.LastStep, Failures: int32(o.Failures), BlockedUntil: o.BlockedUntil,
	}))
}

// DeleteTOTP implements controlplane.Tx.
func (t tx) DeleteTOTP(ctx context.Context, userID string) error {
	return translate(t.q.DeleteTOTP(ctx, userID))
}

// PutRecoveryCodes implements controlplane.Tx.
func (t tx) PutRecoveryCodes(ctx context.Context, userID string, hashes [][]byte) error {
	if err := t.q.DeleteRecoveryCodes(ctx, userID); err != nil {
		return translate(err)
	}
	for _, hash := range hashes {
		if err := t.q.InsertRecoveryCode(ctx, db.InsertRecoveryCodeParams{UserID: userID, CodeHash: hash}); err != nil {
			return translate(err)
		}
	}
	return nil
}

// UseRecoveryCode implements controlplane.Tx.
func (t tx) UseRecoveryCode(ctx context.Context, userID string, hash []byte) (bool, error) {
	n, err := t.q.UseRecoveryCode(ctx, db.UseRecoveryCodeParams{UserID: userID, CodeHash: hash})
	return n > 0, translate(err)
}
