package store

import (
	"context"
	"time"

	"turnkey/controlplane"
	"turnkey/controlplane/store/internal/db"
)

func project(r db.Project) controlplane.Project {
	return controlplane.Project{ID: r.ID, Organization: r.OrganizationID, Name: r.Name, Version: r.Version, CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt}
}

// InsertProject implements controlplane.Tx.
func (t tx) InsertProject(ctx context.Context, p controlplane.Project) error {
	return translate(t.q.InsertProject(ctx, db.InsertProjectParams{
		ID: p.ID, OrganizationID: p.Organization, Name: p.Name, Version: p.Version, CreatedAt: p.CreatedAt, UpdatedAt: p.UpdatedAt,
	}))
}

// GetProject implements controlplane.Tx.
func (t tx) GetProject(ctx context.Context, id string) (controlplane.Project, error) {
	r, err := t.q.GetProject(ctx, id)
	return project(r), translate(err)
}

// LockProject implements controlplane.Tx.
func (t tx) LockProject(ctx context.Context, id string) (controlplane.Project, error) {
	r, err := t.q.LockProject(ctx, id)
	return project(r), translate(err)
}

// ListProjects implements controlplane.Tx.
func (t tx) ListProjects(ctx context.Context, organization string, ids []string, after string, n int) ([]controlplane.Project, error) {
	rows, err := t.q.ListProjects(ctx, db.ListProjectsParams{OrganizationID: organization, After: after, Ids: ids, MaxRows: limit(n)})
	return each(rows, project), translate(err)
}

// UpdateProject implements controlplane.Tx.
func (t tx) UpdateProject(ctx context.Context, p controlplane.Project) error {
	return translate(t.q.UpdateProject(ctx, db.UpdateProjectParams{ID: p.ID, Name: p.Name, Version: p.Version, UpdatedAt: p.UpdatedAt}))
}

// DeleteProject implements controlplane.Tx.
func (t tx) DeleteProject(ctx context.Context, id string, at time.Time) error {
	return translate(t.q.DeleteProject(ctx, db.DeleteProjectParams{ID: id, DeletedAt: at}))
}

// CountInstances implements controlplane.Tx.
func (t tx) CountInstances(ctx context.Context, project string) (int64, error) {
	n, err := t.q.CountInstances(ctx, project)
	return n, translate(err)
}
