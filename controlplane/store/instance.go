package store

import (
	"context"
	"time"

	"turnkey/controlplane"
	"turnkey/controlplane/store/internal/db"
	"turnkey/runtime/bundle"
)

func instance(r db.Instance) controlplane.Instance {
	logDays := 0
	if r.LogDays != nil {
		logDays = int(*r.LogDays)
	}
	return controlplane.Instance{
		ID: r.ID, Project: r.ProjectID, Organization: r.OrganizationID, Name: r.Name, Host: r.Host, Kind: bundle.Kind(r.Kind),
		State: bundle.State(r.State), Version: r.Version, Deployment: r.Deployment, LastDeployment: r.LastDeployment, Revision: r.Revision, LogDays: logDays, Atomicity: r.Atomicity, AtomicityNote: r.AtomicityNote,
		LongestToken: time.Duration(r.LongestToken) * time.Second, CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt, DeletedAt: r.DeletedAt,
		Draft: controlplane.Draft{Document: r.Draft, Version: r.DraftVersion, UpdatedAt: r.DraftUpdatedAt, UpdatedBy: r.DraftUpdatedBy},
	}
}

// InsertInstance implements controlplane.Tx.
func (t tx) InsertInstance(ctx context.Context, i controlplane.Instance) error {
	if err := t.q.InsertHost(ctx, db.InsertHostParams{Label: i.Host, CreatedAt: i.CreatedAt}); err != nil {
		return translate(err)
	}
	return translate(t.q.InsertInstance(ctx, db.InsertInstanceParams{
		ID: i.ID, ProjectID: i.Project, OrganizationID: i.Organization, Name: i.Name, Host: i.Host, Kind: string(i.Kind), State: string(i.State),
		Version: i.Version, Draft: i.Draft.Document, DraftVersion: i.Draft.Version, DraftUpdatedAt: i.Draft.UpdatedAt,
		DraftUpdatedBy: i.Draft.UpdatedBy, CreatedAt: i.CreatedAt, UpdatedAt: i.UpdatedAt,
	}))
}

// GetInstance implements controlplane.Tx.
func (t tx) GetInstance(ctx context.Context, id string) (controlplane.Instance, error) {
	r, err := t.q.GetInstance(ctx, id)
	return instance(r), translate(err)
}

// LockInstance implements controlplane.Tx.
func (t tx) LockInstance(ctx context.Context, id string) (controlplane.Instance, error) {
	r, err := t.q.LockInstance(ctx, id)
	return instance(r), translate(err)
}

// ListInstances implements controlplane.Tx.
func (t tx) ListInstances(ctx context.Context, project, after string, n int) ([]controlplane.Instance, error) {
	rows, err := t.q.ListInstances(ctx, db.ListInstancesParams{ProjectID: project, After: after, MaxRows: limit(n)})
	return each(rows, instance), translate(err)
}

// ListLivingInstances implements controlplane.Tx.
func (t tx) ListLivingInstances(ctx context.Context, organization string) ([]string, error) {
	ids, err := t.q.ListLivingInstances(ctx, organization)
	return ids, translate(err)
}

// UpdateInstance implements controlplane.Tx.
func (t tx) UpdateInstance(ctx context.Context, i controlplane.Instance) error {
	return translate(t.q.UpdateInstance(ctx, db.UpdateInstanceParams{
		ID: i.ID, Name: i.Name, State: string(i.State), Version: i.Version, Deployment: i.Deployment, LastDeployment: i.LastDeployment,
		Revision: i.Revision, LogDays: int32(i.LogDays), Atomicity: i.Atomicity, AtomicityNote: i.AtomicityNote, LongestToken: int64((i.LongestToken + time.Second - 1) / time.Second), UpdatedAt: i.UpdatedAt, DeletedAt: i.DeletedAt,
	}))
}

// UpdateDraft implements controlplane.Tx.
func (t tx) UpdateDraft(ctx context.Context, instance string, d controlplane.Draft) error {
	return translate(t.q.UpdateDraft(ctx, db.UpdateDraftParams{
		ID: instance, Draft: d.Document, DraftVersion: d.Version, DraftUpdatedAt: *d.UpdatedAt, DraftUpdatedBy: d.UpdatedBy,
	}))
}
