-- name: InsertIdentity :exec
INSERT INTO identities (issuer, subject, user_id, provider, email, created_at, last_used_at)
VALUES (@issuer, @subject, @user_id, @provider, @email, @created_at, @created_at);

-- name: FindIdentity :one
SELECT sqlc.embed(u) FROM identities i JOIN users u ON u.id = i.user_id WHERE i.issuer = @issuer AND i.subject = @subject;

-- name: TouchIdentity :exec
UPDATE identities SET last_used_at = @last_used_at WHERE issuer = @issuer AND subject = @subject;

-- name: ListIdentities :many
SELECT * FROM identities WHERE user_id = @user_id ORDER BY created_at, issuer, subject LIMIT 100;

-- name: DeleteIdentity :exec
DELETE FROM identities WHERE issuer = @issuer AND subject = @subject;
