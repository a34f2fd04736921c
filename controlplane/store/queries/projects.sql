-- name: InsertProject :exec
INSERT INTO projects (id, organization_id, name, version, created_at, updated_at) VALUES (@id, @organization_id, @name, @version, @created_at, @updated_at);

-- name: GetProject :one
SELECT p.* FROM projects p JOIN organizations o ON o.id = p.organization_id WHERE p.id = @id AND p.deleted_at IS NULL AND o.deleted_at IS NULL;

-- name: LockProject :one
SELECT * FROM projects WHERE id = @id AND deleted_at IS NULL FOR UPDATE;

-- name: ListProjects :many
-- ids NULL: all of the organization.
SELECT * FROM projects WHERE organization_id = @organization_id AND deleted_at IS NULL AND id > @after::text
AND (sqlc.narg(ids)::text[] IS NULL OR id = ANY(sqlc.narg(ids)::text[])) ORDER BY id LIMIT @max_rows::int;

-- name: UpdateProject :exec
UPDATE projects SET name = @name, version = @version, updated_at = @updated_at WHERE id = @id AND deleted_at IS NULL;

-- name: DeleteProject :exec
UPDATE projects SET deleted_at = @deleted_at::timestamptz WHERE id = @id AND deleted_at IS NULL;

-- name: CountInstances :one
SELECT count(*) FROM instances WHERE project_id = @project_id AND deleted_at IS NULL;
