-- name: InsertAPIKey :exec
INSERT INTO api_keys (id, instance_id, name, hash, hint, created_at, created_by, expires_at) VALUES (@id, @instance_id, @name, @hash, @hint, @created_at, @created_by, @expires_at);

-- name: ListAPIKeys :many
SELECT * FROM api_keys WHERE instance_id = @instance_id AND deleted_at IS NULL ORDER BY id;

-- name: DeleteAPIKey :execrows
UPDATE api_keys SET deleted_at = @deleted_at::timestamptz WHERE instance_id = @instance_id AND id = @id AND deleted_at IS NULL;
