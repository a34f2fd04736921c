-- name: PutRuntime :exec
INSERT INTO runtimes (id, address, version, format, capabilities, started_at, last_seen_at, left_at, sandbox)
VALUES (@id, @address, @version, @format, @capabilities, @started_at, @last_seen_at, @left_at, @sandbox)
ON CONFLICT (id) DO UPDATE SET address = excluded.address, version = excluded.version, format = excluded.format, capabilities = excluded.capabilities,
started_at = excluded.started_at, last_seen_at = excluded.last_seen_at, left_at = excluded.left_at, sandbox = excluded.sandbox;

-- name: ListRuntimes :many
-- Those that are alive, the ones heard of last first.
SELECT * FROM runtimes WHERE last_seen_at >= @since AND left_at IS NULL ORDER BY last_seen_at DESC, id;

-- name: DeleteOldRuntimes :exec
DELETE FROM runtimes WHERE last_seen_at < @before;

-- name: PutAck :exec
-- An instance that this control plane does not know is passed over.
INSERT INTO runtime_acks (runtime_id, instance_id, revision, updated_at) SELECT @runtime_id, i.id, @revision, @updated_at FROM instances i WHERE i.id = @instance_id
ON CONFLICT (runtime_id, instance_id) DO UPDATE SET revision = greatest(runtime_acks.revision, excluded.revision), updated_at = excluded.updated_at;

-- name: PutRefusal :exec
INSERT INTO runtime_acks (runtime_id, instance_id, refused, code, message, updated_at) SELECT @runtime_id, i.id, @refused, @code, @message, @updated_at FROM instances i WHERE i.id = @instance_id
ON CONFLICT (runtime_id, instance_id) DO UPDATE SET refused = excluded.refused, code = excluded.code, message = excluded.message, updated_at = excluded.updated_at;

-- name: ListAcks :many
SELECT a.* FROM runtime_acks a JOIN runtimes r ON r.id = a.runtime_id WHERE a.instance_id = @instance_id AND r.last_seen_at >= @since AND r.left_at IS NULL ORDER BY a.runtime_id;

-- name: ClearConditions :exec
DELETE FROM runtime_conditions WHERE runtime_id = @runtime_id AND NOT (instance_id || ' ' || code = ANY(@kept::text[]));

-- name: PutConditions :exec
INSERT INTO runtime_conditions (runtime_id, instance_id, code, message, since)
SELECT @runtime_id, unnest(@instances::text[]), unnest(@codes::text[]), unnest(@messages::text[]), unnest(@since::timestamptz[])
ON CONFLICT (runtime_id, instance_id, code) DO UPDATE SET message = EXCLUDED.message, since = EXCLUDED.since
WHERE runtime_conditions.message <> EXCLUDED.message OR runtime_conditions.since <> EXCLUDED.since;

-- name: ListConditions :many
SELECT c.* FROM runtime_conditions c JOIN runtimes r ON r.id = c.runtime_id WHERE c.instance_id = @instance_id AND r.last_seen_at >= @since AND r.left_at IS NULL ORDER BY c.since, c.code;
