-- name: InsertAccountToken :exec
INSERT INTO account_tokens (token_hash, kind, user_id, email, created_at, expires_at)
VALUES (@token_hash, @kind, @user_id, @email, @created_at, @expires_at);

-- name: FindAccountToken :one
SELECT * FROM account_tokens WHERE token_hash = @token_hash AND kind = @kind FOR UPDATE;

-- name: DeleteAccountTokens :exec
DELETE FROM account_tokens WHERE user_id = @user_id AND kind = @kind;

-- name: CountAccountTokens :one
SELECT count(*) FROM account_tokens WHERE user_id = @user_id AND kind = @kind AND created_at > @since;

-- name: DeleteDeadAccountTokens :execrows
DELETE FROM account_tokens WHERE expires_at < @now;
