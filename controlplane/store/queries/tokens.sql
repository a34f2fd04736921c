-- name: InsertToken :exec
INSERT INTO tokens (id, organization_id, user_id, name, role, projects, permissions, token_hash, created_at, expires_at)
VALUES (@id, @organization_id, @user_id, @name, @role, @projects, @permissions, @token_hash, @created_at, @expires_at);

-- name: FindToken :one
-- Alive only while its creator is a member of a living organization, whose grant caps the token's.
SELECT sqlc.embed(t), u.email, m.role AS member_role, m.projects AS member_projects FROM tokens t
JOIN users u ON u.id = t.user_id
JOIN organizations o ON o.id = t.organization_id
JOIN members m ON m.organization_id = t.organization_id AND m.user_id = t.user_id
WHERE t.token_hash = @token_hash AND t.revoked_at IS NULL AND u.disabled_at IS NULL AND o.deleted_at IS NULL;

-- name: LockToken :one
SELECT * FROM tokens WHERE organization_id = @organization_id AND id = @id FOR UPDATE;

-- name: ListTokens :many
SELECT * FROM tokens WHERE organization_id = @organization_id AND id > @after::text AND revoked_at IS NULL ORDER BY id LIMIT @max_rows::int;

-- name: TouchToken :exec
UPDATE tokens SET last_used_at = @last_used_at::timestamptz WHERE id = @id;

-- name: RevokeToken :exec
UPDATE tokens SET revoked_at = @revoked_at::timestamptz WHERE organization_id = @organization_id AND id = @id;
