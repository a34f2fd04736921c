package store

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgtype"

	"turnkey/controlplane"
	"turnkey/controlplane/store/internal/db"
	"turnkey/runtime/telemetry"
)

// LockTelemetry implements controlplane.Tx.
func (t tx) LockTelemetry(ctx context.Context) error { return translate(t.q.LockTelemetry(ctx)) }

// AdvanceSource implements controlplane.Tx.
func (t tx) AdvanceSource(ctx context.Context, source string, seq int64, at time.Time) (bool, error) {
	n, err := t.q.AdvanceSource(ctx, db.AdvanceSourceParams{Source: source, Seq: seq, UpdatedAt: at})
	return n > 0, translate(err)
}

// DeleteOldSources implements controlplane.Tx.
func (t tx) DeleteOldSources(ctx context.Context, before time.Time) error {
	return translate(t.q.DeleteOldSources(ctx, before))
}

// KnownInstances implements controlplane.Tx.
func (t tx) KnownInstances(ctx context.Context, ids []string) ([]string, error) {
	known, err := t.q.KnownInstances(ctx, ids)
	return known, translate(err)
}

func date(day time.Time) pgtype.Date { return pgtype.Date{Time: day, Valid: true} }

// MakePartition implements controlplane.Tx.
func (t tx) MakePartition(ctx context.Context, parent string, day time.Time) error {
	return translate(t.q.MakePartition(ctx, db.MakePartitionParams{Parent: parent, Day: date(day)}))
}

// DropPartitions implements controlplane.Tx.
func (t tx) DropPartitions(ctx context.Context, parent string, day time.Time) (int, error) {
	n, err := t.q.DropPartitions(ctx, db.DropPartitionsParams{Parent: parent, Day: date(day)})
	return int(n), translate(err)
}

// InsertLogEntries implements controlplane.Tx.
func (t tx) InsertLogEntries(ctx context.Context, entries []telemetry.Entry, at time.Time) error {
	if len(entries) == 0 {
		return nil
	}
	rows, instances := make([]db.CopyLogEntriesParams, len(entries)), make([]string, len(entries))
	for n, e := range entries {
		operations, err := json.Marshal(e.Operations)
		if err != nil {
			return fmt.Errorf("write an entry's operations: %w", err)
		}
		if e.Operations == nil {
			operations = []byte("[]")
		}
		var trace []byte
		if e.Trace != nil {
			if trace, err = json.Marshal(e.Trace); err != nil {
				return fmt.Errorf("write an entry's trace: %w", err)
			}
		}
		tables := make([]string, len(e.Operations))
		for i, o := range e.Operations {
			tables[i] = o.Table
		}
		rows[n] = db.CopyLogEntriesParams{
			ReceivedAt: at, InstanceID: e.Instance, At: e.At, Deployment: int64(e.Deployment), Kind: string(e.Kind), Level: int16(e.Level),
			RequestID: e.RequestID, UserID: e.UserID, ClientID: e.ClientID, Sdk: e.SDK, AppVersion: e.AppVersion, Tables: tables, Operations: operations,
			Outcome: string(e.Outcome), Code: e.Code, Message: e.Message, RejectionID: e.Rejection, DurationUs: e.DurationUS, Retries: int64(e.Retries), Trace: trace,
		}
		instances[n] = e.Instance
	}
	if _, err := t.q.CopyLogEntries(ctx, rows); err != nil {
		return translate(err)
	}
	return translate(t.q.NotifyLogs(ctx, instances))
}

func logEntry(r db.LogEntry) (controlplane.LogEntry, error) {
	e := controlplane.LogEntry{Seq: r.Seq, Entry: telemetry.Entry{
		At: r.At, Instance: r.InstanceID, Deployment: int(r.Deployment), Kind: telemetry.Kind(r.Kind), Level: telemetry.Level(r.Level),
		RequestID: r.RequestID, UserID: r.UserID, ClientID: r.ClientID, SDK: r.Sdk, AppVersion: r.AppVersion, Outcome: telemetry.Outcome(r.Outcome),
		Code: r.Code, Message: r.Message, Rejection: r.RejectionID, DurationUS: r.DurationUs, Retries: int(r.Retries),
	}}
	if err := json.Unmarshal(r.Operations, &e.Operations); err != nil {
		return e, fmt.Errorf("read the operations of log entry %d: %w", r.Seq, err)
	}
	if r.Trace != nil {
		if err := json.Unmarshal(r.Trace, &e.Trace); err != nil {
			return e, fmt.Errorf("read the trace of log entry %d: %w", r.Seq, err)
		}
	}
	return e, nil
}

func logEntries(rows []db.LogEntry, err error) ([]controlplane.LogEntry, error) {
	if err != nil {
		return nil, translate(err)
	}
	out := make([]controlplane.LogEntry, len(rows))
	for i, r := range rows {
		if out[i], err = logEntry(r); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// containing is the LIKE pattern of texts that hold one, A to Z in any case; empty for the empty text.
func containing(text string) string {
	if text == "" {
		return ""
	}
	return "%" + strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`).Replace(controlplane.Lower(text)) + "%"
}

// ListLogEntries implements controlplane.Tx.
func (t tx) ListLogEntries(ctx context.Context, instance string, f controlplane.LogFilter, before int64, kept time.Time, n int) ([]controlplane.LogEntry, error) {
	return logEntries(t.q.ListLogEntries(ctx, db.ListLogEntriesParams{
		InstanceID: instance, Before: before, KeptSince: kept,
		Since: timeOr(f.Since, time.Unix(0, 0)), Until: timeOr(f.Until, time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)),
		Level: int16(f.Level), Kind: string(f.Kind), RequestID: f.RequestID, UserID: f.UserID, ClientID: f.ClientID, InTable: f.Table,
		Code: f.Code, Outcome: string(f.Outcome), Pattern: containing(f.Text), MaxRows: limit(n),
	}))
}

// ListLogEntriesAfter implements controlplane.Tx.
func (t tx) ListLogEntriesAfter(ctx context.Context, instance string, after int64, kept time.Time, n int) ([]controlplane.LogEntry, error) {
	return logEntries(t.q.ListLogEntriesAfter(ctx, db.ListLogEntriesAfterParams{InstanceID: instance, After: after, KeptSince: kept, MaxRows: limit(n)}))
}

// LastLogSeq implements controlplane.Tx.
func (t tx) LastLogSeq(ctx context.Context, instance string) (int64, error) {
	seq, err := t.q.LastLogSeq(ctx, instance)
	return seq, translate(err)
}

// GetLogDays implements controlplane.Tx.
func (t tx) GetLogDays(ctx context.Context, instance string) (int, error) {
	n, err := t.q.GetLogDays(ctx, instance)
	return int(n), translate(err)
}

// LongestLogDays implements controlplane.Tx.
func (t tx) LongestLogDays(ctx context.Context) (int, error) {
	n, err := t.q.LongestLogDays(ctx)
	return int(n), translate(err)
}

// ListShortLogs implements controlplane.Tx.
func (t tx) ListShortLogs(ctx context.Context, longest int, deletedSince time.Time) ([]controlplane.ShortLog, error) {
	rows, err := t.q.ListShortLogs(ctx, db.ListShortLogsParams{DeletedSince: deletedSince, Longest: int32(longest)})
	return each(rows, func(r db.ListShortLogsRow) controlplane.ShortLog {
		return controlplane.ShortLog{Instance: r.ID, Days: int(r.Days)}
	}), translate(err)
}

// DeleteOldLogs implements controlplane.Tx.
func (t tx) DeleteOldLogs(ctx context.Context, instance string, before time.Time, n int) (int64, error) {
	gone, err := t.q.DeleteOldLogs(ctx, db.DeleteOldLogsParams{InstanceID: instance, Before: before, MaxRows: int32(n)})
	return gone, translate(err)
}

// ListenLogs implements controlplane.Store.
func (s *Store) ListenLogs(ctx context.Context, stored func(instance string)) error {
	return s.listen(ctx, "turnkey_logs", stored)
}

// ListRequestEntries implements controlplane.Tx.
func (t tx) ListRequestEntries(ctx context.Context, instance, request string, kept time.Time, n int) ([]controlplane.LogEntry, error) {
	return logEntries(t.q.ListRequestEntries(ctx, db.ListRequestEntriesParams{InstanceID: instance, RequestID: request, KeptSince: kept, MaxRows: limit(n)}))
}
