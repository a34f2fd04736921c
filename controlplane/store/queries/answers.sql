-- name: TryAnswerLock :one
-- Held until the transaction ends, also by the death of its replica: a lock that cannot be left behind.
SELECT pg_try_advisory_xact_lock(@lock::bigint);

-- name: FindAnswer :one
SELECT request_hash, answer, created_at FROM idempotent_answers WHERE actor = @actor AND key_hash = @key_hash;

-- name: SaveAnswer :exec
INSERT INTO idempotent_answers (actor, key_hash, request_hash, answer, created_at)
VALUES (@actor, @key_hash, @request_hash, @answer, @created_at)
ON CONFLICT (actor, key_hash) DO UPDATE SET request_hash = excluded.request_hash, answer = excluded.answer, created_at = excluded.created_at;

-- name: DeleteOldAnswers :execrows
DELETE FROM idempotent_answers WHERE created_at < @before;
