-- name: PutTOTP :exec
INSERT INTO totps (user_id, sealed, created_at) VALUES (@user_id, @sealed, @created_at)
ON CONFLICT (user_id) DO UPDATE SET sealed = @sealed, created_at = @created_at, confirmed_at = NULL, last_step = 0, failures = 0, blocked_until = NULL;

-- name: LockTOTP :one
SELECT * FROM totps WHERE user_id = @user_id FOR UPDATE;

-- name: GetTOTP :one
SELECT t.*, (SELECT count(*) FROM recovery_codes c WHERE c.user_id = t.user_id) AS recovery_codes FROM totps t WHERE t.user_id = @user_id;

-- name: UpdateTOTP :exec
UPDATE totps SET confirmed_at = @confirmed_at, last_step = @last_step, failures = @failures, blocked_until = @blocked_until WHERE user_id = @user_id;

-- name: DeleteTOTP :exec
DELETE FROM totps WHERE user_id = @user_id;

-- name: InsertRecoveryCode :exec
INSERT INTO recovery_codes (user_id, code_hash) VALUES (@user_id, @code_hash);

-- name: UseRecoveryCode :execrows
DELETE FROM recovery_codes WHERE user_id = @user_id AND code_hash = @code_hash;

-- name: DeleteRecoveryCodes :exec
DELETE FROM recovery_codes WHERE user_id = @user_id;
