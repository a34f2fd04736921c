-- name: InsertHost :exec
INSERT INTO hosts (label, created_at) VALUES (@label, @created_at);

-- name: InsertInstance :exec
INSERT INTO instances (id, project_id, organization_id, name, host, kind, state, version, draft, draft_version, draft_updated_at, draft_updated_by, created_at, updated_at)
VALUES (@id, @project_id, @organization_id, @name, @host, @kind, @state, @version, @draft, @draft_version, @draft_updated_at, @draft_updated_by, @created_at, @updated_at);

-- name: GetInstance :one
SELECT i.* FROM instances i JOIN projects p ON p.id = i.project_id JOIN organizations o ON o.id = i.organization_id
WHERE i.id = @id AND i.deleted_at IS NULL AND p.deleted_at IS NULL AND o.deleted_at IS NULL;

-- name: LockInstance :one
SELECT * FROM instances WHERE id = @id AND deleted_at IS NULL FOR UPDATE;

-- name: ListInstances :many
SELECT * FROM instances WHERE project_id = @project_id AND deleted_at IS NULL AND id > @after::text ORDER BY id LIMIT @max_rows::int;

-- name: ListLivingInstances :many
-- Of an organization, for its deletion.
SELECT id FROM instances WHERE organization_id = @organization_id AND deleted_at IS NULL ORDER BY id;

-- name: UpdateInstance :exec
UPDATE instances SET name = @name, state = @state, version = @version, deployment = @deployment, last_deployment = @last_deployment,
revision = @revision, longest_token = @longest_token, log_days = nullif(@log_days::int, 0), atomicity = @atomicity, atomicity_note = @atomicity_note, updated_at = @updated_at, deleted_at = @deleted_at WHERE id = @id;

-- name: UpdateDraft :exec
UPDATE instances SET draft = @draft, draft_version = @draft_version, draft_updated_at = @draft_updated_at::timestamptz, draft_updated_by = @draft_updated_by WHERE id = @id AND deleted_at IS NULL;
