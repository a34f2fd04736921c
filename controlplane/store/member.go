package store

import (
	"context"

	"turnkey/controlplane"
	"turnkey/controlplane/store/internal/db"
)

// InsertMember implements controlplane.Tx.
func (t tx) InsertMember(ctx context.Context, m controlplane.Member) error {
	return translate(t.q.InsertMember(ctx, db.InsertMemberParams{
		OrganizationID: m.Organization, UserID: m.UserID, Role: string(m.Role), Projects: m.Projects, Version: m.Version, CreatedAt: m.CreatedAt,
	}))
}

func member(r db.GetMemberRow) controlplane.Member {
	return controlplane.Member{
		Organization: r.OrganizationID, UserID: r.UserID, Email: r.Email, Name: r.Name, Role: controlplane.Role(r.Role),
		Projects: r.Projects, Version: r.Version, CreatedAt: r.CreatedAt,
	}
}

// GetMember implements controlplane.Tx.
func (t tx) GetMember(ctx context.Context, organization, userID string) (controlplane.Member, error) {
	r, err := t.q.GetMember(ctx, db.GetMemberParams{OrganizationID: organization, UserID: userID})
	return member(r), translate(err)
}

// ListMembers implements controlplane.Tx.
func (t tx) ListMembers(ctx context.Context, organization, after string, n int) ([]controlplane.Member, error) {
	rows, err := t.q.ListMembers(ctx, db.ListMembersParams{OrganizationID: organization, After: after, MaxRows: limit(n)})
	return each(rows, func(r db.ListMembersRow) controlplane.Member { return member(db.GetMemberRow(r)) }), translate(err)
}

// UpdateMember implements controlplane.Tx.
func (t tx) UpdateMember(ctx context.Context, m controlplane.Member) error {
	return translate(t.q.UpdateMember(ctx, db.UpdateMemberParams{
		OrganizationID: m.Organization, UserID: m.UserID, Role: string(m.Role), Projects: m.Projects, Version: m.Version,
	}))
}

// DeleteMember implements controlplane.Tx.
func (t tx) DeleteMember(ctx context.Context, organization, userID string) error {
	return translate(t.q.DeleteMember(ctx, db.DeleteMemberParams{OrganizationID: organization, UserID: userID}))
}

// CountOwners implements controlplane.Tx.
func (t tx) CountOwners(ctx context.Context, organization string) (int64, error) {
	n, err := t.q.CountOwners(ctx, organization)
	return n, translate(err)
}

// ListGrants implements controlplane.Tx.
func (t tx) ListGrants(ctx context.Context, userID string) ([]controlplane.Grant, error) {
	rows, err := t.q.ListGrants(ctx, userID)
	return each(rows, func(r db.ListGrantsRow) controlplane.Grant { return grantOf(r.OrganizationID, r.Role, r.Projects) }), translate(err)
}
