-- name: InsertSigningKey :exec
INSERT INTO signing_keys (id, instance_id, algorithm, sealed, created_at, publish_at, sign_from, retire_at)
VALUES (@id, @instance_id, @algorithm, @sealed, @created_at, @publish_at, @sign_from, @retire_at);

-- name: ListSigningKeys :many
SELECT * FROM signing_keys WHERE instance_id = @instance_id ORDER BY id;

-- name: UpdateSigningKey :exec
UPDATE signing_keys SET sign_from = @sign_from, retire_at = @retire_at, revoked_at = @revoked_at WHERE id = @id AND instance_id = @instance_id;

-- name: DeleteSigningKeys :exec
DELETE FROM signing_keys WHERE instance_id = @instance_id;
