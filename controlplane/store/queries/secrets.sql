-- name: ListSecrets :many
SELECT * FROM secrets WHERE instance_id = @instance_id ORDER BY name;

-- name: GetSecret :one
SELECT * FROM secrets WHERE instance_id = @instance_id AND name = @name;

-- name: PutSecret :exec
INSERT INTO secrets (instance_id, name, version, sealed, digest, updated_at, updated_by) VALUES (@instance_id, @name, @version, @sealed, @digest, @updated_at, @updated_by)
ON CONFLICT (instance_id, name) DO UPDATE SET version = excluded.version, sealed = excluded.sealed, digest = excluded.digest, updated_at = excluded.updated_at, updated_by = excluded.updated_by;

-- name: DeleteSecret :exec
DELETE FROM secrets WHERE instance_id = @instance_id AND name = @name;

-- name: DeleteSecrets :exec
DELETE FROM secrets WHERE instance_id = @instance_id;
