package store

import (
	"context"
	"time"

	"turnkey/controlplane"
	"turnkey/controlplane/store/internal/db"
)

// TryLockAlerts implements controlplane.Tx.
func (t tx) TryLockAlerts(ctx context.Context) (bool, error) {
	mine, err := t.q.TryLockAlerts(ctx)
	return mine, translate(err)
}

func alert(r db.Alert) controlplane.Alert {
	instance := ""
	if r.InstanceID != nil {
		instance = *r.InstanceID
	}
	return controlplane.Alert{
		ID: r.ID, Organization: r.OrganizationID, Instance: instance, Rule: controlplane.Rule(r.Rule), Subject: r.Subject,
		Severity: controlplane.Severity(r.Severity), Summary: r.Summary, OpenedAt: r.OpenedAt, SeenAt: r.SeenAt, ClosedAt: r.ClosedAt,
	}
}

// InsertAlert implements controlplane.Tx.
func (t tx) InsertAlert(ctx context.Context, a controlplane.Alert) error {
	return translate(t.q.InsertAlert(ctx, db.InsertAlertParams{
		ID: a.ID, OrganizationID: a.Organization, InstanceID: a.Instance, Rule: string(a.Rule), Subject: a.Subject, Severity: string(a.Severity),
		Summary: a.Summary, OpenedAt: a.OpenedAt, SeenAt: a.SeenAt,
	}))
}

// SeeAlert implements controlplane.Tx.
func (t tx) SeeAlert(ctx context.Context, id, summary string, at time.Time) error {
	return translate(t.q.SeeAlert(ctx, db.SeeAlertParams{ID: id, Summary: summary, SeenAt: at}))
}

// CloseAlert implements controlplane.Tx.
func (t tx) CloseAlert(ctx context.Context, id string, at time.Time) error {
	return translate(t.q.CloseAlert(ctx, db.CloseAlertParams{ID: id, ClosedAt: &at}))
}

// ListOpenAlerts implements controlplane.Tx.
func (t tx) ListOpenAlerts(ctx context.Context) ([]controlplane.Alert, error) {
	rows, err := t.q.ListOpenAlerts(ctx)
	return each(rows, alert), translate(err)
}

// ListAlerts implements controlplane.Tx.
func (t tx) ListAlerts(ctx context.Context, organization, before string, f controlplane.AlertFilter, n int) ([]controlplane.Alert, error) {
	rows, err := t.q.ListAlerts(ctx, db.ListAlertsParams{OrganizationID: organization, Before: before, OnlyOpen: f.Open, Instance: f.Instance, MaxRows: limit(n)})
	return each(rows, alert), translate(err)
}

// GetAlert implements controlplane.Tx.
func (t tx) GetAlert(ctx context.Context, id string) (controlplane.Alert, string, error) {
	r, err := t.q.GetAlert(ctx, id)
	return alert(db.Alert{
		ID: r.ID, OrganizationID: r.OrganizationID, InstanceID: r.InstanceID, Rule: r.Rule, Subject: r.Subject, Severity: r.Severity, Summary: r.Summary,
		OpenedAt: r.OpenedAt, SeenAt: r.SeenAt, ClosedAt: r.ClosedAt,
	}), r.About, translate(err)
}

// CloseAlertsOfDeleted implements controlplane.Tx.
func (t tx) CloseAlertsOfDeleted(ctx context.Context, at time.Time) error {
	return translate(t.q.CloseAlertsOfDeleted(ctx, &at))
}

// DeleteOldAlerts implements controlplane.Tx.
func (t tx) DeleteOldAlerts(ctx context.Context, before time.Time) error {
	return translate(t.q.DeleteOldAlerts(ctx, &before))
}
