-- name: LockAuditHead :one
-- The upsert locks the head until the transaction ends, so that two changes cannot claim one place.
INSERT INTO audit_heads (chain, seq, hash) VALUES (@chain, 0, '') ON CONFLICT (chain) DO UPDATE SET chain = excluded.chain RETURNING seq, hash;

-- name: MoveAuditHead :exec
UPDATE audit_heads SET seq = @seq, hash = @hash WHERE chain = @chain;

-- name: InsertAuditEvent :exec
INSERT INTO audit_events (id, chain, seq, organization_id, kind, target, user_id, token_id, ip, request_id, changes, at, hash)
VALUES (@id, @chain, @seq, @organization_id, @kind, @target, @user_id, @token_id, @ip, @request_id, @changes, @at, @hash);

-- name: ListAuditEvents :many
-- Newest first. Empty filters match everything.
SELECT * FROM audit_events
WHERE organization_id = @organization_id
  AND (@before::text = '' OR id < @before::text)
  AND (@kind::text = '' OR kind = @kind::text)
  AND (@user_id::text = '' OR user_id = @user_id::text)
  AND (@target::text = '' OR target = @target::text)
  AND at >= @since AND at < @until
ORDER BY id DESC LIMIT @max_rows::int;

-- name: ReadAuditChain :many
SELECT * FROM audit_events WHERE chain = @chain AND seq > @after_seq::bigint ORDER BY seq LIMIT @max_rows::int;

-- name: GetAuditHead :one
SELECT seq, hash FROM audit_heads WHERE chain = @chain;
