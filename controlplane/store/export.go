package store

import (
	"context"
	"time"

	"turnkey/controlplane"
	"turnkey/controlplane/store/internal/db"
	"turnkey/internal/fault"
	"turnkey/runtime/telemetry"
)

func export(r db.TelemetryExport) controlplane.Export {
	return controlplane.Export{
		ID: r.ID, Organization: r.OrganizationID, Name: r.Name, Endpoint: r.Endpoint, Sealed: r.Headers, HeaderNames: r.HeaderNames, Identities: r.Identities,
		Instances: r.Instances, Paused: r.Paused, Version: r.Version, CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt,
	}
}

func exportSignal(r db.TelemetryExportSignal) controlplane.ExportSignal {
	return controlplane.ExportSignal{
		Export: r.ExportID, Signal: controlplane.Signal(r.Signal), Position: r.Position, DueAt: r.DueAt, Attempts: int(r.Attempts), SentAt: r.SentAt,
		Sent: r.Sent, Dropped: r.Dropped, FailedAt: r.FailedAt, Error: r.Error,
	}
}

// InsertExport implements controlplane.Tx.
func (t tx) InsertExport(ctx context.Context, e controlplane.Export) error {
	return translate(t.q.InsertExport(ctx, db.InsertExportParams{
		ID: e.ID, OrganizationID: e.Organization, Name: e.Name, Endpoint: e.Endpoint, Headers: e.Sealed, HeaderNames: e.HeaderNames, Identities: e.Identities,
		Instances: append([]string{}, e.Instances...), Paused: e.Paused, Version: e.Version, CreatedAt: e.CreatedAt, UpdatedAt: e.UpdatedAt,
	}))
}

// withSignals adds them to exports.
func (t tx) withSignals(ctx context.Context, list []controlplane.Export) error {
	rows, err := t.q.ListExportSignals(ctx, each(list, func(e controlplane.Export) string { return e.ID }))
	for n := range list {
		for _, r := range rows {
			if r.ExportID == list[n].ID {
				list[n].Signals = append(list[n].Signals, exportSignal(r))
			}
		}
	}
	return translate(err)
}

func (t tx) oneExport(ctx context.Context, r db.TelemetryExport, err error) (controlplane.Export, error) {
	if err != nil {
		return controlplane.Export{}, translate(err)
	}
	list := []controlplane.Export{export(r)}
	err = t.withSignals(ctx, list)
	return list[0], err
}

// GetExport implements controlplane.Tx.
func (t tx) GetExport(ctx context.Context, organization, id string) (controlplane.Export, error) {
	r, err := t.q.GetExport(ctx, db.GetExportParams{OrganizationID: organization, ID: id})
	return t.oneExport(ctx, r, err)
}

// LockExport implements controlplane.Tx.
func (t tx) LockExport(ctx context.Context, organization, id string) (controlplane.Export, error) {
	r, err := t.q.LockExport(ctx, db.LockExportParams{OrganizationID: organization, ID: id})
	return t.oneExport(ctx, r, err)
}

// AnyExport implements controlplane.Tx.
func (t tx) AnyExport(ctx context.Context, id string) (controlplane.Export, error) {
	r, err := t.q.GetAnyExport(ctx, id)
	return export(r), translate(err)
}

// ListExports implements controlplane.Tx.
func (t tx) ListExports(ctx context.Context, organization, after string, n int) ([]controlplane.Export, error) {
	rows, err := t.q.ListExports(ctx, db.ListExportsParams{OrganizationID: organization, After: after, MaxRows: limit(n)})
	if err != nil {
		return nil, translate(err)
	}
	list := each(rows, export)
	return list, t.withSignals(ctx, list)
}

// UpdateExport implements controlplane.Tx.
func (t tx) UpdateExport(ctx context.Context, e controlplane.Export) error {
	return translate(t.q.UpdateExport(ctx, db.UpdateExportParams{
		ID: e.ID, Name: e.Name, Endpoint: e.Endpoint, Headers: e.Sealed, HeaderNames: e.HeaderNames, Identities: e.Identities, Instances: append([]string{}, e.Instances...),
		Paused: e.Paused, Version: e.Version, UpdatedAt: e.UpdatedAt,
	}))
}

// DeleteExport implements controlplane.Tx.
func (t tx) DeleteExport(ctx context.Context, organization, id string) error {
	_, err := t.q.DeleteExport(ctx, db.DeleteExportParams{OrganizationID: organization, ID: id})
	return translate(err)
}

// PutExportSignals implements controlplane.Tx.
func (t tx) PutExportSignals(ctx context.Context, export string, signals []controlplane.Signal, position int64, due *time.Time) error {
	kept := each(signals, func(s controlplane.Signal) string { return string(s) })
	if err := t.q.DeleteExportSignals(ctx, db.DeleteExportSignalsParams{ExportID: export, Kept: kept}); err != nil {
		return translate(err)
	}
	for _, s := range kept {
		if err := t.q.PutExportSignal(ctx, db.PutExportSignalParams{ExportID: export, Signal: s, Position: position, DueAt: due}); err != nil {
			return translate(err)
		}
	}
	return nil
}

// ClaimExportSignals implements controlplane.Tx.
func (t tx) ClaimExportSignals(ctx context.Context, now, lease time.Time, n int) ([]controlplane.ExportSignal, error) {
	rows, err := t.q.ClaimExportSignals(ctx, db.ClaimExportSignalsParams{Moment: now, Lease: lease, MaxRows: limit(n)})
	return each(rows, exportSignal), translate(err)
}

// SettleExportSignal implements controlplane.Tx.
func (t tx) SettleExportSignal(ctx context.Context, s controlplane.ExportSignal, lease time.Time) (bool, error) {
	if s.DueAt == nil {
		return false, fault.New(fault.Internal, "no_next_turn", "A signal that is sent has a next turn.")
	}
	n, err := t.q.SettleExportSignal(ctx, db.SettleExportSignalParams{
		ExportID: s.Export, Signal: string(s.Signal), Lease: lease, DueAt: *s.DueAt, Position: s.Position, Attempts: int32(s.Attempts), SentAt: s.SentAt, Sent: s.Sent,
		Dropped: s.Dropped, FailedAt: s.FailedAt, Error: s.Error,
	})
	return n > 0, translate(err)
}

// LastSeq implements controlplane.Tx.
func (t tx) LastSeq(ctx context.Context) (int64, error) {
	n, err := t.q.LastSeq(ctx)
	return n, translate(err)
}

// ListExportInstances implements controlplane.Tx.
func (t tx) ListExportInstances(ctx context.Context, organization string, only []string) ([]controlplane.ExportInstance, error) {
	rows, err := t.q.ListExportInstances(ctx, db.ListExportInstancesParams{OrganizationID: organization, Instances: append([]string{}, only...)})
	return each(rows, func(r db.ListExportInstancesRow) controlplane.ExportInstance {
		return controlplane.ExportInstance{ID: r.ID, Name: r.Name, Kind: r.Kind, Project: r.ProjectID, ProjectName: r.ProjectName, Organization: organization}
	}), translate(err)
}

func kindNames(kinds []telemetry.Kind) []string {
	return each(kinds, func(k telemetry.Kind) string { return string(k) })
}

// ListExportEntries implements controlplane.Tx.
func (t tx) ListExportEntries(ctx context.Context, instances []string, kinds []telemetry.Kind, after int64, since time.Time, n int) ([]controlplane.LogEntry, error) {
	return logEntries(t.q.ListExportEntries(ctx, db.ListExportEntriesParams{Instances: instances, Kinds: kindNames(kinds), After: after, Since: since, MaxRows: limit(n)}))
}

// CountMissedEntries implements controlplane.Tx.
func (t tx) CountMissedEntries(ctx context.Context, instances []string, kinds []telemetry.Kind, after int64, before time.Time) (n, last int64, err error) {
	r, err := t.q.CountMissedEntries(ctx, db.CountMissedEntriesParams{Instances: instances, Kinds: kindNames(kinds), After: after, Before: before})
	return r.N, r.Last, translate(err)
}

// ExportedInstances implements controlplane.Tx.
func (t tx) ExportedInstances(ctx context.Context, ids []string) ([]string, error) {
	list, err := t.q.ExportedInstances(ctx, ids)
	return list, translate(err)
}

// ListTotals implements controlplane.Tx.
func (t tx) ListTotals(ctx context.Context, instances []string) ([]controlplane.MetricTotal, error) {
	rows, err := t.q.ListTotals(ctx, instances)
	return each(rows, func(r db.MetricTotal) controlplane.MetricTotal {
		return controlplane.MetricTotal{Instance: r.InstanceID, Series: telemetry.Series{Name: telemetry.Name(r.Name), Label: r.Label, Outcome: r.Outcome}, Since: r.Since, N: r.N}
	}), translate(err)
}

// AddTotals implements controlplane.Tx.
func (t tx) AddTotals(ctx context.Context, list []controlplane.MetricTotal, since time.Time) error {
	if len(list) == 0 {
		return nil
	}
	p := db.AddTotalsParams{Since: since}
	for _, c := range list {
		p.Instances, p.Names, p.Labels = append(p.Instances, c.Instance), append(p.Names, string(c.Name)), append(p.Labels, c.Label)
		p.Outcomes, p.Numbers = append(p.Outcomes, c.Outcome), append(p.Numbers, c.N)
	}
	return translate(t.q.AddTotals(ctx, p))
}

// DeleteUnexportedTotals implements controlplane.Tx.
func (t tx) DeleteUnexportedTotals(ctx context.Context, organization string) error {
	return translate(t.q.DeleteUnexportedTotals(ctx, organization))
}

// DeleteInstanceTotals implements controlplane.Tx.
func (t tx) DeleteInstanceTotals(ctx context.Context, instance string) error {
	return translate(t.q.DeleteInstanceTotals(ctx, instance))
}
