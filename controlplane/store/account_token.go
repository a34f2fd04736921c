package store

import (
	"context"
	"time"

	"turnkey/controlplane"
	"turnkey/controlplane/store/internal/db"
)

// InsertAccountToken implements controlplane.Tx.
func (t tx) InsertAccountToken(ctx context.Context, a controlplane.AccountToken) error {
	return translate(t.q.InsertAccountToken(ctx, db.InsertAccountTokenParams{
		TokenHash: a.TokenHash, Kind: a.Kind, UserID: a.UserID, Email: a.Email, CreatedAt: a.CreatedAt, ExpiresAt: a.ExpiresAt,
	}))
}

// FindAccountToken implements controlplane.Tx.
func (t tx) FindAccountToken(ctx context.Context, kind string, tokenHash []byte) (controlplane.AccountToken, error) {
	r, err := t.q.FindAccountToken(ctx, db.FindAccountTokenParams{Kind: kind, TokenHash: tokenHash})
	return controlplane.AccountToken{
		TokenHash: r.TokenHash, Kind: r.Kind, UserID: r.UserID, Email: r.Email, CreatedAt: r.CreatedAt, ExpiresAt: r.ExpiresAt,
	}, translate(err)
}

// DeleteAccountTokens implements controlplane.Tx.
func (t tx) DeleteAccountTokens(ctx context.Context, kind, userID string) error {
	return translate(t.q.DeleteAccountTokens(ctx, db.DeleteAccountTokensParams{Kind: kind, UserID: userID}))
}

// CountAccountTokens implements controlplane.Tx.
func (t tx) CountAccountTokens(ctx context.Context, kind, userID string, since time.Time) (int64, error) {
	n, err := t.q.CountAccountTokens(ctx, db.CountAccountTokensParams{Kind: kind, UserID: userID, Since: since})
	return n, translate(err)
}

// DeleteDeadAccountTokens implements controlplane.Tx.
func (t tx) DeleteDeadAccountTokens(ctx context.Context, now time.Time) error {
	_, err := t.q.DeleteDeadAccountTokens(ctx, now)
	return translate(err)
}
