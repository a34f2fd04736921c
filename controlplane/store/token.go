package store

import (
	"context"
	"time"

	"turnkey/controlplane"
	"turnkey/controlplane/store/internal/db"
)

func token(r db.Token) controlplane.Token {
	return controlplane.Token{
		ID: r.ID, Organization: r.OrganizationID, UserID: r.UserID, Name: r.Name, Role: controlplane.Role(r.Role), Projects: r.Projects,
		Permissions: r.Permissions, TokenHash: r.TokenHash, CreatedAt: r.CreatedAt, ExpiresAt: r.ExpiresAt, LastUsedAt: r.LastUsedAt, RevokedAt: r.RevokedAt,
	}
}

// InsertToken implements controlplane.Tx.
func (t tx) InsertToken(ctx context.Context, k controlplane.Token) error {
	return translate(t.q.InsertToken(ctx, db.InsertTokenParams{
		ID: k.ID, OrganizationID: k.Organization, UserID: k.UserID, Name: k.Name, Role: string(k.Role), Projects: k.Projects,
		Permissions: k.Permissions, TokenHash: k.TokenHash, CreatedAt: k.CreatedAt, ExpiresAt: k.ExpiresAt,
	}))
}

// FindToken implements controlplane.Tx.
func (t tx) FindToken(ctx context.Context, tokenHash []byte) (controlplane.Token, string, controlplane.Grant, error) {
	r, err := t.q.FindToken(ctx, tokenHash)
	return token(r.Token), r.Email, grantOf(r.Token.OrganizationID, r.MemberRole, r.MemberProjects), translate(err)
}

// LockToken implements controlplane.Tx.
func (t tx) LockToken(ctx context.Context, organization, id string) (controlplane.Token, error) {
	r, err := t.q.LockToken(ctx, db.LockTokenParams{OrganizationID: organization, ID: id})
	return token(r), translate(err)
}

// ListTokens implements controlplane.Tx.
func (t tx) ListTokens(ctx context.Context, organization, after string, n int) ([]controlplane.Token, error) {
	rows, err := t.q.ListTokens(ctx, db.ListTokensParams{OrganizationID: organization, After: after, MaxRows: limit(n)})
	return each(rows, token), translate(err)
}

// TouchToken implements controlplane.Tx.
func (t tx) TouchToken(ctx context.Context, id string, at time.Time) error {
	return translate(t.q.TouchToken(ctx, db.TouchTokenParams{ID: id, LastUsedAt: at}))
}

// RevokeToken implements controlplane.Tx.
func (t tx) RevokeToken(ctx context.Context, organization, id string, at time.Time) error {
	return translate(t.q.RevokeToken(ctx, db.RevokeTokenParams{OrganizationID: organization, ID: id, RevokedAt: at}))
}
