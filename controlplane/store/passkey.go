package store

import (
	"context"
	"time"

	"turnkey/controlplane"
	"turnkey/controlplane/store/internal/db"
)

func passkey(r db.Passkey) controlplane.Passkey {
	return controlplane.Passkey{
		ID: r.ID, UserID: r.UserID, CredentialID: r.CredentialID, Name: r.Name, Credential: []byte(r.Credential), CreatedAt: r.CreatedAt, LastUsedAt: r.LastUsedAt,
	}
}

// InsertPasskey implements controlplane.Tx.
func (t tx) InsertPasskey(ctx context.Context, p controlplane.Passkey) error {
	return translate(t.q.InsertPasskey(ctx, db.InsertPasskeyParams{
		ID: p.ID, UserID: p.UserID, CredentialID: p.CredentialID, Name: p.Name, Credential: string(p.Credential), CreatedAt: p.CreatedAt,
	}))
}

// ListPasskeys implements controlplane.Tx.
func (t tx) ListPasskeys(ctx context.Context, userID string) ([]controlplane.Passkey, error) {
	rows, err := t.q.ListPasskeys(ctx, userID)
	return each(rows, passkey), translate(err)
}

// LockPasskey implements controlplane.Tx.
func (t tx) LockPasskey(ctx context.Context, userID, id string) (controlplane.Passkey, error) {
	r, err := t.q.LockPasskey(ctx, db.LockPasskeyParams{UserID: userID, ID: id})
	return passkey(r), translate(err)
}

// FindPasskey implements controlplane.Tx.
func (t tx) FindPasskey(ctx context.Context, credentialID []byte) (controlplane.Passkey, controlplane.User, error) {
	r, err := t.q.FindPasskey(ctx, credentialID)
	return passkey(r.Passkey), user(r.User), translate(err)
}

// UpdatePasskey implements controlplane.Tx.
func (t tx) UpdatePasskey(ctx context.Context, p controlplane.Passkey) error {
	return translate(t.q.UpdatePasskey(ctx, db.UpdatePasskeyParams{ID: p.ID, Name: p.Name, Credential: string(p.Credential), LastUsedAt: p.LastUsedAt}))
}

// DeletePasskey implements controlplane.Tx.
func (t tx) DeletePasskey(ctx context.Context, id string) error {
	return translate(t.q.DeletePasskey(ctx, id))
}

// InsertPasskeyChallenge implements controlplane.Tx.
func (t tx) InsertPasskeyChallenge(ctx context.Context, c controlplane.PasskeyChallenge) error {
	return translate(t.q.InsertPasskeyChallenge(ctx, db.InsertPasskeyChallengeParams{
		ChallengeHash: c.Hash, UserID: c.UserID, Session: string(c.Session), ExpiresAt: c.ExpiresAt,
	}))
}

// UsePasskeyChallenge implements controlplane.Tx.
func (t tx) UsePasskeyChallenge(ctx context.Context, hash []byte) (controlplane.PasskeyChallenge, error) {
	r, err := t.q.UsePasskeyChallenge(ctx, hash)
	return controlplane.PasskeyChallenge{Hash: r.ChallengeHash, UserID: r.UserID, Session: []byte(r.Session), ExpiresAt: r.ExpiresAt}, translate(err)
}

// DeleteDeadPasskeyChallenges implements controlplane.Tx.
func (t tx) DeleteDeadPasskeyChallenges(ctx context.Context, now time.Time) error {
	return translate(t.q.DeleteDeadPasskeyChallenges(ctx, now))
}
