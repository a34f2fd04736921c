-- name: ListKnownDevices :many
SELECT instance_id, id, user_id, client_id, seen FROM devices WHERE instance_id = @instance_id AND id = ANY(@ids::text[]);

-- name: ListNamedDevices :many
-- Those that a user has proven to be, by what their connectors call themselves, the ones seen last first.
SELECT instance_id, id, user_id, client_id, seen FROM devices WHERE instance_id = @instance_id AND client_id = ANY(@clients::text[]) AND client_id <> '' AND user_id <> ''
ORDER BY last_seen_at DESC;

-- name: PutDevices :exec
INSERT INTO devices (instance_id, id, user_id, client_id, last_seen_at, passed_at, uploaded_at, waits_at, refused_at, queue, oldest_at, seen)
SELECT unnest(@instances::text[]), unnest(@ids::text[]), unnest(@users::text[]), unnest(@clients::text[]), unnest(@last_seen::timestamptz[]),
nullif(unnest(@passed::timestamptz[]), 'epoch'), nullif(unnest(@uploaded::timestamptz[]), 'epoch'), nullif(unnest(@waits::timestamptz[]), 'epoch'),
nullif(unnest(@refused::timestamptz[]), 'epoch'), unnest(@queues::bigint[]), nullif(unnest(@oldest::timestamptz[]), 'epoch'), unnest(@seen::text[])::jsonb
ON CONFLICT (instance_id, id) DO UPDATE SET last_seen_at = excluded.last_seen_at, passed_at = excluded.passed_at, uploaded_at = excluded.uploaded_at,
waits_at = excluded.waits_at, refused_at = excluded.refused_at, queue = excluded.queue, oldest_at = excluded.oldest_at, seen = excluded.seen;

-- name: DeleteNamelessDevices :exec
-- Those of which only a refused credential was known, and that got in.
DELETE FROM devices WHERE instance_id = @instance_id AND client_id = ANY(@clients::text[]) AND client_id <> '' AND user_id = '';

-- name: TrimDevices :exec
-- Removes the ones seen longest ago beyond so many.
DELETE FROM devices d USING (
  SELECT o.instance_id, o.id FROM devices o WHERE o.instance_id = @instance_id AND (o.user_id = '') = @nameless::bool ORDER BY o.last_seen_at DESC OFFSET @most::int
) x WHERE d.instance_id = x.instance_id AND d.id = x.id;

-- name: ListDevices :many
-- The stuck first, then the ones seen last. why is: refused, waiting, silent, or empty.
WITH judged AS (
  SELECT d.instance_id, d.id, d.user_id, d.client_id, d.seen, d.last_seen_at, (CASE
    WHEN d.refused_at IS NOT NULL AND d.refused_at > coalesce(d.passed_at, '-infinity') THEN 'refused'
    WHEN d.waits_at < @waiting_before::timestamptz THEN 'waiting'
    WHEN d.queue > 0 AND d.oldest_at < @oldest_before::timestamptz AND d.uploaded_at < @silent_before::timestamptz THEN 'silent'
    ELSE '' END)::text AS why
  FROM devices d WHERE d.instance_id = @instance_id AND d.last_seen_at >= @kept_since
  AND (@id::text = '' OR d.id = @id::text)
  AND (@user_id::text = '' OR d.user_id = @user_id::text) AND (@client_id::text = '' OR d.client_id = @client_id::text)
), ranked AS (SELECT instance_id, id, user_id, client_id, seen, last_seen_at, why, (why <> '')::int AS rank FROM judged)
SELECT instance_id, id, user_id, client_id, seen, why FROM ranked
WHERE (NOT @only_stuck::bool OR why <> '') AND (NOT @only_refused::bool OR why = 'refused')
  AND (rank, last_seen_at, id) < (@after_rank::int, @after_seen::timestamptz, @after_id::text)
ORDER BY rank DESC, last_seen_at DESC, id DESC LIMIT @max_rows::int;

-- name: CountDevices :one
SELECT count(*)::bigint AS known,
  (count(*) FILTER (WHERE refused_at IS NOT NULL AND refused_at > coalesce(passed_at, '-infinity')))::bigint AS refused,
  (count(*) FILTER (WHERE NOT coalesce(refused_at > coalesce(passed_at, '-infinity'), false) AND waits_at < @waiting_before::timestamptz))::bigint AS waiting,
  (count(*) FILTER (WHERE NOT coalesce(refused_at > coalesce(passed_at, '-infinity'), false) AND NOT coalesce(waits_at < @waiting_before::timestamptz, false)
     AND queue > 0 AND oldest_at < @oldest_before::timestamptz AND uploaded_at < @silent_before::timestamptz))::bigint AS silent
FROM devices WHERE instance_id = @instance_id AND last_seen_at >= @kept_since;

-- name: DeleteUserDevices :execrows
DELETE FROM devices WHERE instance_id = @instance_id AND user_id = @user_id AND user_id <> '';

-- name: DeleteOldDevices :exec
DELETE FROM devices d USING instances i JOIN organizations o ON o.id = i.organization_id
WHERE d.instance_id = i.id AND (i.deleted_at IS NOT NULL OR d.last_seen_at + interval '1 day' * coalesce(i.log_days, o.log_days) < sqlc.arg(moment)::timestamptz);

-- name: ListRefused :many
-- The ones seen last first.
SELECT * FROM refused_credentials WHERE instance_id = ANY(@instances::text[]) AND last_at >= @kept_since ORDER BY last_at DESC, place, code, issuer, key_id, audience LIMIT @max_rows::int;

-- name: PutRefused :exec
INSERT INTO refused_credentials (instance_id, place, code, issuer, key_id, audience, message, request_id, first_at, last_at, n)
SELECT unnest(@instances::text[]), unnest(@places::text[]), unnest(@codes::text[]), unnest(@issuers::text[]), unnest(@key_ids::text[]), unnest(@audiences::text[]),
unnest(@messages::text[]), unnest(@request_ids::text[]), unnest(@firsts::timestamptz[]), unnest(@lasts::timestamptz[]), unnest(@numbers::bigint[])
ON CONFLICT (instance_id, place, code, issuer, key_id, audience) DO UPDATE SET message = excluded.message, request_id = excluded.request_id,
first_at = least(refused_credentials.first_at, excluded.first_at), last_at = greatest(refused_credentials.last_at, excluded.last_at), n = refused_credentials.n + excluded.n;

-- name: DeleteOldRefused :exec
DELETE FROM refused_credentials r USING instances i JOIN organizations o ON o.id = i.organization_id
WHERE r.instance_id = i.id AND (i.deleted_at IS NOT NULL OR r.last_at + interval '1 day' * coalesce(i.log_days, o.log_days) < sqlc.arg(moment)::timestamptz);
