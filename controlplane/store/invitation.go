package store

import (
	"context"
	"time"

	"turnkey/controlplane"
	"turnkey/controlplane/store/internal/db"
)

func invitation(r db.Invitation) controlplane.Invitation {
	return controlplane.Invitation{
		ID: r.ID, Organization: r.OrganizationID, Email: r.Email, Role: controlplane.Role(r.Role), Projects: r.Projects, TokenHash: r.TokenHash,
		InvitedBy: r.InvitedBy, CreatedAt: r.CreatedAt, ExpiresAt: r.ExpiresAt, AcceptedAt: r.AcceptedAt, RevokedAt: r.RevokedAt,
	}
}

// InsertInvitation implements controlplane.Tx.
func (t tx) InsertInvitation(ctx context.Context, i controlplane.Invitation) error {
	return translate(t.q.InsertInvitation(ctx, db.InsertInvitationParams{
		ID: i.ID, OrganizationID: i.Organization, Email: i.Email, Role: string(i.Role), Projects: i.Projects, TokenHash: i.TokenHash,
		InvitedBy: i.InvitedBy, CreatedAt: i.CreatedAt, ExpiresAt: i.ExpiresAt,
	}))
}

// LockInvitation implements controlplane.Tx.
func (t tx) LockInvitation(ctx context.Context, organization, id string) (controlplane.Invitation, error) {
	r, err := t.q.LockInvitation(ctx, db.LockInvitationParams{OrganizationID: organization, ID: id})
	return invitation(r), translate(err)
}

// LockInvitationByToken implements controlplane.Tx.
func (t tx) LockInvitationByToken(ctx context.Context, tokenHash []byte) (controlplane.Invitation, error) {
	r, err := t.q.LockInvitationByToken(ctx, tokenHash)
	return invitation(r), translate(err)
}

// ListInvitations implements controlplane.Tx.
func (t tx) ListInvitations(ctx context.Context, organization string, now time.Time, after string, n int) ([]controlplane.Invitation, error) {
	rows, err := t.q.ListInvitations(ctx, db.ListInvitationsParams{OrganizationID: organization, Now: now, After: after, MaxRows: limit(n)})
	return each(rows, invitation), translate(err)
}

// AcceptInvitation implements controlplane.Tx.
func (t tx) AcceptInvitation(ctx context.Context, id string, at time.Time) error {
	return translate(t.q.AcceptInvitation(ctx, db.AcceptInvitationParams{ID: id, AcceptedAt: at}))
}

// RevokeInvitation implements controlplane.Tx.
func (t tx) RevokeInvitation(ctx context.Context, organization, id string, at time.Time) error {
	return translate(t.q.RevokeInvitation(ctx, db.RevokeInvitationParams{OrganizationID: organization, ID: id, RevokedAt: at}))
}
