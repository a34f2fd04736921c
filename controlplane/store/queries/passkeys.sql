-- name: InsertPasskey :exec
INSERT INTO passkeys (id, user_id, credential_id, name, credential, created_at)
VALUES (@id, @user_id, @credential_id, @name, @credential, @created_at);

-- name: ListPasskeys :many
SELECT * FROM passkeys WHERE user_id = @user_id ORDER BY id;

-- name: LockPasskey :one
SELECT * FROM passkeys WHERE user_id = @user_id AND id = @id FOR UPDATE;

-- name: FindPasskey :one
SELECT sqlc.embed(p), sqlc.embed(u) FROM passkeys p JOIN users u ON u.id = p.user_id WHERE p.credential_id = @credential_id FOR UPDATE OF p;

-- name: UpdatePasskey :exec
UPDATE passkeys SET name = @name, credential = @credential, last_used_at = @last_used_at WHERE id = @id;

-- name: DeletePasskey :exec
DELETE FROM passkeys WHERE id = @id;

-- name: InsertPasskeyChallenge :exec
INSERT INTO passkey_challenges (challenge_hash, user_id, session, expires_at) VALUES (@challenge_hash, @user_id, @session, @expires_at);

-- name: UsePasskeyChallenge :one
DELETE FROM passkey_challenges WHERE challenge_hash = @challenge_hash RETURNING *;

-- name: DeleteDeadPasskeyChallenges :exec
DELETE FROM passkey_challenges WHERE expires_at < @now;
