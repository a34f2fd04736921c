-- name: LockBundles :exec
-- Publications commit in the order of their seq.
SELECT pg_advisory_xact_lock(7236498172);

-- name: PutBundle :exec
INSERT INTO bundles (instance_id, revision, seq, sealed, issued_at) VALUES (@instance_id, @revision, nextval('bundle_seq'), @sealed, @issued_at)
ON CONFLICT (instance_id) DO UPDATE SET revision = excluded.revision, seq = excluded.seq, sealed = excluded.sealed, issued_at = excluded.issued_at;

-- name: GetBundle :one
SELECT sealed FROM bundles WHERE instance_id = @instance_id;

-- name: ListBundles :many
SELECT instance_id, revision, seq FROM bundles WHERE seq > @since ORDER BY seq LIMIT @max_rows::int;
