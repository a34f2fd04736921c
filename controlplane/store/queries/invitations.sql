-- name: InsertInvitation :exec
INSERT INTO invitations (id, organization_id, email, role, projects, token_hash, invited_by, created_at, expires_at)
VALUES (@id, @organization_id, @email, @role, @projects, @token_hash, @invited_by, @created_at, @expires_at);

-- name: LockInvitation :one
SELECT * FROM invitations WHERE organization_id = @organization_id AND id = @id FOR UPDATE;

-- name: LockInvitationByToken :one
SELECT i.* FROM invitations i JOIN organizations o ON o.id = i.organization_id
WHERE i.token_hash = @token_hash AND o.deleted_at IS NULL FOR UPDATE OF i;

-- name: ListInvitations :many
SELECT * FROM invitations WHERE organization_id = @organization_id AND id > @after::text
  AND accepted_at IS NULL AND revoked_at IS NULL AND expires_at > @now ORDER BY id LIMIT @max_rows::int;

-- name: AcceptInvitation :exec
UPDATE invitations SET accepted_at = @accepted_at::timestamptz WHERE id = @id;

-- name: RevokeInvitation :exec
UPDATE invitations SET revoked_at = @revoked_at::timestamptz WHERE organization_id = @organization_id AND id = @id;
