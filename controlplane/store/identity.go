package store

import (
	"context"
	"time"

	"turnkey/controlplane"
	"turnkey/controlplane/store/internal/db"
)

// InsertIdentity implements controlplane.Tx.
func (t tx) InsertIdentity(ctx context.Context, userID string, i controlplane.Identity) error {
	return translate(t.q.InsertIdentity(ctx, db.InsertIdentityParams{
		Issuer: i.Issuer, Subject: i.Subject, UserID: userID, Provider: i.Provider, Email: i.Email, CreatedAt: i.CreatedAt,
	}))
}

// FindIdentity implements controlplane.Tx.
func (t tx) FindIdentity(ctx context.Context, issuer, subject string) (controlplane.User, error) {
	r, err := t.q.FindIdentity(ctx, db.FindIdentityParams{Issuer: issuer, Subject: subject})
	return user(r.User), translate(err)
}

// TouchIdentity implements controlplane.Tx.
func (t tx) TouchIdentity(ctx context.Context, issuer, subject string, at time.Time) error {
	return translate(t.q.TouchIdentity(ctx, db.TouchIdentityParams{Issuer: issuer, Subject: subject, LastUsedAt: at}))
}

// DeleteIdentity implements controlplane.Tx.
func (t tx) DeleteIdentity(ctx context.Context, issuer, subject string) error {
	return translate(t.q.DeleteIdentity(ctx, db.DeleteIdentityParams{Issuer: issuer, Subject: subject}))
}

// ListIdentities implements controlplane.Tx.
func (t tx) ListIdentities(ctx context.Context, userID string) ([]controlplane.Identity, error) {
	rows, err := t.q.ListIdentities(ctx, userID)
	return each(rows, func(r db.Identity) controlplane.Identity {
		return controlplane.Identity{
			Provider: r.Provider, Issuer: r.Issuer, Subject: r.Subject, Email: r.Email, CreatedAt: r.CreatedAt, LastUsedAt: r.LastUsedAt,
		}
	}), translate(err)
}
