package store

import (
	"context"
	"time"

	"turnkey/controlplane"
	"turnkey/controlplane/store/internal/db"
)

func organization(r db.Organization) controlplane.Organization {
	return controlplane.Organization{ID: r.ID, Name: r.Name, Version: r.Version, LogDays: int(r.LogDays), CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt}
}

// InsertOrganization implements controlplane.Tx.
func (t tx) InsertOrganization(ctx context.Context, o controlplane.Organization) error {
	return translate(t.q.InsertOrganization(ctx, db.InsertOrganizationParams{
		ID: o.ID, Name: o.Name, Version: o.Version, LogDays: int32(o.LogDays), CreatedAt: o.CreatedAt, UpdatedAt: o.UpdatedAt,
	}))
}

// GetOrganization implements controlplane.Tx.
func (t tx) GetOrganization(ctx context.Context, id string) (controlplane.Organization, error) {
	r, err := t.q.GetOrganization(ctx, id)
	return organization(r), translate(err)
}

// LockOrganization implements controlplane.Tx.
func (t tx) LockOrganization(ctx context.Context, id string) (controlplane.Organization, error) {
	r, err := t.q.LockOrganization(ctx, id)
	return organization(r), translate(err)
}

// ListOrganizations implements controlplane.Tx.
func (t tx) ListOrganizations(ctx context.Context, ids []string, after string, n int) ([]controlplane.Organization, error) {
	rows, err := t.q.ListOrganizations(ctx, db.ListOrganizationsParams{Ids: ids, After: after, MaxRows: limit(n)})
	return each(rows, organization), translate(err)
}

// UpdateOrganization implements controlplane.Tx.
func (t tx) UpdateOrganization(ctx context.Context, o controlplane.Organization) error {
	return translate(t.q.UpdateOrganization(ctx, db.UpdateOrganizationParams{ID: o.ID, Name: o.Name, Version: o.Version, LogDays: int32(o.LogDays), UpdatedAt: o.UpdatedAt}))
}

// DeleteOrganization implements controlplane.Tx.
func (t tx) DeleteOrganization(ctx context.Context, id string, at time.Time) error {
	return translate(t.q.DeleteOrganization(ctx, db.DeleteOrganizationParams{ID: id, DeletedAt: at}))
}

// each converts rows to domain values.
func each[R, V any](rows []R, convert func(R) V) []V {
	out := make([]V, len(rows))
	for i, r := range rows {
		out[i] = convert(r)
	}
	return out
}
