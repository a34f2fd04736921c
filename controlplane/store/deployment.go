package store

import (
	"context"
	"time"

	"turnkey/controlplane"
	"turnkey/controlplane/store/internal/db"
)

func deployment(r db.Deployment) (controlplane.Deployment, error) {
	cfg, err := controlplane.DecodeConfig(r.Config)
	d := controlplane.Deployment{
		ID: r.ID, Instance: r.InstanceID, Number: r.Number, Document: r.Document, Config: cfg, Message: r.Message,
		CreatedAt: r.CreatedAt, CreatedBy: r.CreatedBy, ActivatedAt: r.ActivatedAt, BrakedAt: r.BrakedAt,
	}
	if err != nil {
		return d, err
	}
	return d, controlplane.DecodeHooks(controlplane.HooksRow{Files: r.Files, Program: r.Program, Report: r.Hooks}, &d)
}

// InsertDeployment implements controlplane.Tx.
func (t tx) InsertDeployment(ctx context.Context, d controlplane.Deployment, config string, hooks controlplane.HooksRow) error {
	return translate(t.q.InsertDeployment(ctx, db.InsertDeploymentParams{
		InstanceID: d.Instance, Number: d.Number, ID: d.ID, Document: d.Document, Config: config, Message: d.Message,
		CreatedAt: d.CreatedAt, CreatedBy: d.CreatedBy, ActivatedAt: d.ActivatedAt, Files: hooks.Files, Program: hooks.Program, Hooks: hooks.Report,
	}))
}

// GetDeployment implements controlplane.Tx.
func (t tx) GetDeployment(ctx context.Context, instance string, number int64) (controlplane.Deployment, error) {
	r, err := t.q.GetDeployment(ctx, db.GetDeploymentParams{InstanceID: instance, Number: number})
	if err != nil {
		return controlplane.Deployment{}, translate(err)
	}
	return deployment(r)
}

// ListDeployments implements controlplane.Tx.
func (t tx) ListDeployments(ctx context.Context, instance string, before int64, n int) ([]controlplane.Deployment, error) {
	rows, err := t.q.ListDeployments(ctx, db.ListDeploymentsParams{InstanceID: instance, Before: before, MaxRows: limit(n)})
	if err != nil {
		return nil, translate(err)
	}
	out := make([]controlplane.Deployment, len(rows))
	for n, r := range rows {
		whole := db.Deployment{
			ID: r.ID, InstanceID: r.InstanceID, Number: r.Number, Document: r.Document, Config: r.Config, Message: r.Message,
			CreatedAt: r.CreatedAt, CreatedBy: r.CreatedBy, ActivatedAt: r.ActivatedAt, BrakedAt: r.BrakedAt, Hooks: r.Hooks,
		}
		if out[n], err = deployment(whole); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// TouchDeployment implements controlplane.Tx.
func (t tx) TouchDeployment(ctx context.Context, instance string, number int64, at time.Time) error {
	return translate(t.q.TouchDeployment(ctx, db.TouchDeploymentParams{InstanceID: instance, Number: number, ActivatedAt: at}))
}

// PreviousDeployment implements controlplane.Tx.
func (t tx) PreviousDeployment(ctx context.Context, instance string, current int64) (int64, error) {
	n, err := t.q.PreviousDeployment(ctx, db.PreviousDeploymentParams{InstanceID: instance, Current: current})
	return n, translate(err)
}

// BrakeDeployment implements controlplane.Tx.
func (t tx) BrakeDeployment(ctx context.Context, instance string, number int64, at time.Time) error {
	return translate(t.q.BrakeDeployment(ctx, db.BrakeDeploymentParams{InstanceID: instance, Number: number, BrakedAt: &at}))
}
