-- name: InsertSession :exec
INSERT INTO sessions (id, token_hash, user_id, ip, user_agent, created_at, last_seen_at, expires_at)
VALUES (@id, @token_hash, @user_id, @ip, @user_agent, @created_at, @last_seen_at, @expires_at);

-- name: FindSession :one
SELECT sqlc.embed(s), sqlc.embed(u) FROM sessions s JOIN users u ON u.id = s.user_id
WHERE s.token_hash = @token_hash AND u.disabled_at IS NULL;

-- name: TouchSession :exec
UPDATE sessions SET last_seen_at = @last_seen_at WHERE id = @id AND last_seen_at < @last_seen_at;

-- name: DeleteSession :exec
DELETE FROM sessions WHERE token_hash = @token_hash;

-- name: DeleteDeadSessions :execrows
DELETE FROM sessions WHERE expires_at < @now OR last_seen_at < @idle_since;

-- name: ListSessions :many
SELECT * FROM sessions WHERE user_id = @user_id AND expires_at > @now AND last_seen_at > @idle_since ORDER BY last_seen_at DESC, id LIMIT 100;

-- name: DeleteSessionByID :execrows
DELETE FROM sessions WHERE user_id = @user_id AND id = @id;

-- name: DeleteSessionsBut :execrows
DELETE FROM sessions WHERE user_id = @user_id AND id <> @kept;
