-- name: InsertMember :exec
INSERT INTO members (organization_id, user_id, role, projects, version, created_at)
VALUES (@organization_id, @user_id, @role, @projects, @version, @created_at);

-- name: GetMember :one
SELECT m.*, u.email, u.name FROM members m JOIN users u ON u.id = m.user_id
WHERE m.organization_id = @organization_id AND m.user_id = @user_id;

-- name: ListMembers :many
SELECT m.*, u.email, u.name FROM members m JOIN users u ON u.id = m.user_id
WHERE m.organization_id = @organization_id AND m.user_id > @after::text ORDER BY m.user_id LIMIT @max_rows::int;

-- name: UpdateMember :exec
UPDATE members SET role = @role, projects = @projects, version = @version
WHERE organization_id = @organization_id AND user_id = @user_id;

-- name: DeleteMember :exec
DELETE FROM members WHERE organization_id = @organization_id AND user_id = @user_id;

-- name: CountOwners :one
SELECT count(*) FROM members m JOIN users u ON u.id = m.user_id
WHERE m.organization_id = @organization_id AND m.role = 'owner' AND m.projects IS NULL AND u.disabled_at IS NULL;

-- name: ListGrants :many
-- What a user may reach: the rows that every request's authorization starts from.
SELECT m.organization_id, m.role, m.projects FROM members m JOIN organizations o ON o.id = m.organization_id
WHERE m.user_id = @user_id AND o.deleted_at IS NULL ORDER BY m.organization_id;
