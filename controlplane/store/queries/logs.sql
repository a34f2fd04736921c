-- name: LockTelemetry :exec
-- Entries commit in the order of their seq.
SELECT pg_advisory_xact_lock(7236498174);

-- name: AdvanceSource :execrows
-- Changes nothing when the batch was stored before.
INSERT INTO telemetry_sources (source, seq, updated_at) VALUES (@source, @seq, @updated_at)
ON CONFLICT (source) DO UPDATE SET seq = excluded.seq, updated_at = excluded.updated_at WHERE telemetry_sources.seq < excluded.seq;

-- name: DeleteOldSources :exec
DELETE FROM telemetry_sources WHERE updated_at < @before;

-- name: KnownInstances :many
SELECT id FROM instances WHERE id = ANY(@ids::text[]) AND deleted_at IS NULL;

-- name: MakePartition :exec
SELECT telemetry_partition(@parent::text, @day::date);

-- name: DropPartitions :one
SELECT telemetry_drop(@parent::text, @day::date)::int;

-- name: CopyLogEntries :copyfrom
INSERT INTO log_entries (received_at, instance_id, at, deployment, kind, level, request_id, user_id, client_id, sdk, app_version, tables, operations, outcome, code, message, rejection_id, duration_us, retries, trace)
VALUES (@received_at, @instance_id, @at, @deployment, @kind, @level, @request_id, @user_id, @client_id, @sdk, @app_version, @tables, @operations, @outcome, @code, @message, @rejection_id, @duration_us, @retries, @trace);

-- name: NotifyLogs :exec
SELECT pg_notify('turnkey_logs', i.id) FROM (SELECT DISTINCT unnest(@instances::text[]) AS id) i;

-- name: ListLogEntries :many
-- Newest first. Empty filters match everything. received_at bounds what may still be seen, and lets whole partitions be passed over.
SELECT * FROM log_entries
WHERE instance_id = @instance_id AND seq < @before::bigint AND received_at >= @kept_since AND at >= @since AND at < @until
  AND level >= @level::smallint
  AND (@kind::text = '' OR kind = @kind::text)
  AND (@request_id::text = '' OR request_id = @request_id::text)
  AND (@user_id::text = '' OR user_id = @user_id::text)
  AND (@client_id::text = '' OR client_id = @client_id::text)
  AND (@in_table::text = '' OR @in_table::text = ANY(tables))
  AND (@code::text = '' OR code = @code::text)
  AND (@outcome::text = '' OR outcome = @outcome::text)
  AND (@pattern::text = '' OR lower(message COLLATE "C") LIKE @pattern::text OR lower(code COLLATE "C") LIKE @pattern::text)
ORDER BY seq DESC LIMIT @max_rows::int;

-- name: ListLogEntriesAfter :many
-- In order, for those who follow.
SELECT * FROM log_entries WHERE instance_id = @instance_id AND seq > @after::bigint AND received_at >= @kept_since ORDER BY seq LIMIT @max_rows::int;

-- name: LastLogSeq :one
SELECT coalesce(max(seq), 0)::bigint FROM log_entries WHERE instance_id = @instance_id;

-- name: GetLogDays :one
SELECT coalesce(i.log_days, o.log_days)::int FROM instances i JOIN organizations o ON o.id = i.organization_id WHERE i.id = @id;

-- name: LongestLogDays :one
SELECT coalesce(max(coalesce(i.log_days, o.log_days)), 1)::int FROM instances i JOIN organizations o ON o.id = i.organization_id WHERE i.deleted_at IS NULL;

-- name: ListShortLogs :many
-- Instances that keep their entries for fewer days than others, and those that were deleted of late (0 days).
SELECT i.id, (CASE WHEN i.deleted_at IS NULL THEN coalesce(i.log_days, o.log_days) ELSE 0 END)::int AS days
FROM instances i JOIN organizations o ON o.id = i.organization_id
WHERE i.deleted_at >= @deleted_since::timestamptz OR i.deleted_at IS NULL AND coalesce(i.log_days, o.log_days) < @longest::int;

-- name: DeleteOldLogs :execrows
-- So many at a time.
DELETE FROM log_entries e WHERE e.instance_id = @instance_id AND e.received_at < @before AND e.seq IN (
  SELECT l.seq FROM log_entries l WHERE l.instance_id = @instance_id AND l.received_at < @before LIMIT @max_rows::int);

-- name: DeleteUserLogs :execrows
DELETE FROM log_entries WHERE instance_id = @instance_id AND user_id = @user_id AND user_id <> '';

-- name: PutErasure :exec
INSERT INTO log_erasures (instance_id, user_hash, erased_at) VALUES (@instance_id, @user_hash, @erased_at)
ON CONFLICT (instance_id, user_hash) DO UPDATE SET erased_at = excluded.erased_at;

-- name: ListErasures :many
SELECT * FROM log_erasures WHERE instance_id = ANY(@instances::text[]);

-- name: DeleteOldErasures :exec
DELETE FROM log_erasures WHERE erased_at < @before;

-- name: ListRequestEntries :many
-- Of one request, in order.
SELECT * FROM log_entries WHERE instance_id = @instance_id AND request_id = @request_id AND received_at >= @kept_since ORDER BY seq LIMIT @max_rows::int;
