-- name: InsertOrganization :exec
INSERT INTO organizations (id, name, version, log_days, created_at, updated_at) VALUES (@id, @name, @version, @log_days, @created_at, @updated_at);

-- name: GetOrganization :one
SELECT * FROM organizations WHERE id = @id AND deleted_at IS NULL;

-- name: LockOrganization :one
SELECT * FROM organizations WHERE id = @id AND deleted_at IS NULL FOR UPDATE;

-- name: ListOrganizations :many
SELECT * FROM organizations WHERE id = ANY(@ids::text[]) AND deleted_at IS NULL AND id > @after::text ORDER BY id LIMIT @max_rows::int;

-- name: UpdateOrganization :exec
UPDATE organizations SET name = @name, version = @version, log_days = @log_days, updated_at = @updated_at WHERE id = @id AND deleted_at IS NULL;

-- name: DeleteOrganization :exec
UPDATE organizations SET deleted_at = @deleted_at::timestamptz WHERE id = @id AND deleted_at IS NULL;
