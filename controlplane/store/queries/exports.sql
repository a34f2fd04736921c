-- name: InsertExport :exec
INSERT INTO telemetry_exports (id, organization_id, name, endpoint, headers, header_names, identities, instances, paused, version, created_at, updated_at)
VALUES (@id, @organization_id, @name, @endpoint, @headers, @header_names, @identities, @instances, @paused, @version, @created_at, @updated_at);

-- name: GetExport :one
SELECT * FROM telemetry_exports WHERE organization_id = @organization_id AND id = @id;

-- name: LockExport :one
SELECT * FROM telemetry_exports WHERE organization_id = @organization_id AND id = @id FOR UPDATE;

-- name: GetAnyExport :one
-- Of an organization that lives.
SELECT e.* FROM telemetry_exports e JOIN organizations o ON o.id = e.organization_id WHERE e.id = @id AND o.deleted_at IS NULL;

-- name: ListExports :many
SELECT * FROM telemetry_exports WHERE organization_id = @organization_id AND id > @after::text ORDER BY id LIMIT @max_rows::int;

-- name: UpdateExport :exec
UPDATE telemetry_exports SET name = @name, endpoint = @endpoint, headers = @headers, header_names = @header_names, identities = @identities, instances = @instances,
paused = @paused, version = @version, updated_at = @updated_at WHERE id = @id;

-- name: DeleteExport :execrows
DELETE FROM telemetry_exports WHERE organization_id = @organization_id AND id = @id;

-- name: PutExportSignal :exec
-- One that is there goes on where it is, unless it was paused.
INSERT INTO telemetry_export_signals (export_id, signal, position, due_at, attempts, sent, dropped, error) VALUES (@export_id, @signal, @position, @due_at, 0, 0, 0, '')
ON CONFLICT (export_id, signal) DO UPDATE SET due_at = excluded.due_at, attempts = 0,
position = CASE WHEN telemetry_export_signals.due_at IS NULL THEN excluded.position ELSE telemetry_export_signals.position END;

-- name: DeleteExportSignals :exec
DELETE FROM telemetry_export_signals WHERE export_id = @export_id AND NOT signal = ANY(@kept::text[]);

-- name: ListExportSignals :many
SELECT * FROM telemetry_export_signals WHERE export_id = ANY(@exports::text[]) ORDER BY export_id, signal;

-- name: ClaimExportSignals :many
UPDATE telemetry_export_signals SET due_at = @lease::timestamptz WHERE (export_id, signal) IN (
  SELECT s.export_id, s.signal FROM telemetry_export_signals s JOIN telemetry_exports e ON e.id = s.export_id JOIN organizations o ON o.id = e.organization_id
  WHERE s.due_at <= @moment::timestamptz AND o.deleted_at IS NULL ORDER BY s.due_at LIMIT @max_rows::int FOR UPDATE OF s SKIP LOCKED
) RETURNING *;

-- name: SettleExportSignal :execrows
-- Only by whoever holds it.
UPDATE telemetry_export_signals SET position = @position, due_at = @due_at::timestamptz, attempts = @attempts, sent_at = @sent_at, sent = @sent, dropped = @dropped,
failed_at = @failed_at, error = @error WHERE export_id = @export_id AND signal = @signal AND due_at = @lease::timestamptz;

-- name: LastSeq :one
-- Of all entries of everybody.
SELECT coalesce(pg_sequence_last_value('log_seq'::regclass), 0)::bigint AS seq;

-- name: ListExportInstances :many
-- The living ones of an organization: all, or those named.
SELECT i.id, i.name, i.kind, p.id AS project_id, p.name AS project_name FROM instances i JOIN projects p ON p.id = i.project_id
WHERE i.organization_id = @organization_id AND i.deleted_at IS NULL AND p.deleted_at IS NULL AND (cardinality(@instances::text[]) = 0 OR i.id = ANY(@instances::text[])) ORDER BY i.id;

-- name: ListExportEntries :many
SELECT * FROM log_entries WHERE instance_id = ANY(@instances::text[]) AND seq > @after::bigint AND received_at >= @since AND kind = ANY(@kinds::text[]) ORDER BY seq LIMIT @max_rows::int;

-- name: CountMissedEntries :one
-- Those that wait for too long, and where they end.
SELECT count(*)::bigint AS n, coalesce(max(seq), 0)::bigint AS last FROM log_entries
WHERE instance_id = ANY(@instances::text[]) AND seq > @after::bigint AND received_at < @before AND kind = ANY(@kinds::text[]);

-- name: ExportedInstances :many
-- Those of ids whose counters somebody has exported.
SELECT i.id FROM instances i WHERE i.id = ANY(@ids::text[]) AND EXISTS (
  SELECT 1 FROM telemetry_exports e JOIN telemetry_export_signals s ON s.export_id = e.id
  WHERE e.organization_id = i.organization_id AND s.signal = 'metrics' AND s.due_at IS NOT NULL AND (cardinality(e.instances) = 0 OR i.id = ANY(e.instances)));

-- name: ListTotals :many
SELECT * FROM metric_totals WHERE instance_id = ANY(@instances::text[]) ORDER BY instance_id, name, label, outcome;

-- name: AddTotals :exec
INSERT INTO metric_totals (instance_id, name, label, outcome, since, n)
SELECT unnest(@instances::text[]), unnest(@names::text[]), unnest(@labels::text[]), unnest(@outcomes::text[]), @since, unnest(@numbers::bigint[])
ON CONFLICT (instance_id, name, label, outcome) DO UPDATE SET n = metric_totals.n + excluded.n;

-- name: DeleteUnexportedTotals :exec
-- Of an organization's instances that nobody has exported any more: if somebody does again, they begin anew.
DELETE FROM metric_totals t USING instances i WHERE i.id = t.instance_id AND i.organization_id = @organization_id AND NOT EXISTS (
  SELECT 1 FROM telemetry_exports e JOIN telemetry_export_signals s ON s.export_id = e.id
  WHERE e.organization_id = i.organization_id AND s.signal = 'metrics' AND s.due_at IS NOT NULL AND (cardinality(e.instances) = 0 OR i.id = ANY(e.instances)));

-- name: DeleteInstanceTotals :exec
DELETE FROM metric_totals WHERE instance_id = @instance_id;
