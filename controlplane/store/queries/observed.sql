-- name: ListWatched :many
-- Living instances, all of them or one.
SELECT i.id, i.organization_id, i.project_id, i.name, i.kind, i.state, i.deployment FROM instances i
JOIN projects p ON p.id = i.project_id JOIN organizations o ON o.id = i.organization_id
WHERE i.deleted_at IS NULL AND p.deleted_at IS NULL AND o.deleted_at IS NULL AND (@instance::text = '' OR i.id = @instance::text) ORDER BY i.id;

-- name: SumOutcomes :many
-- What instances counted lately of a few kinds.
SELECT instance_id, name, outcome, sum(n)::bigint AS n FROM metric_counts
WHERE instance_id = ANY(@instances::text[]) AND minute >= @since AND name = ANY(@names::text[]) GROUP BY 1, 2, 3;

-- name: ListSightingsOf :many
SELECT * FROM instance_sightings WHERE instance_id = ANY(@instances::text[]);

-- name: CountStuck :many
-- Devices of proven users alone: anybody can make one of nobody's.
SELECT instance_id, (count(*) FILTER (WHERE waits_at < @waiting_before))::bigint AS waiting,
  (count(*) FILTER (WHERE refused_at > coalesce(passed_at, '-infinity')))::bigint AS refused
FROM devices WHERE instance_id = ANY(@instances::text[]) AND user_id <> '' AND last_seen_at >= @kept_since
  AND (waits_at < @waiting_before OR refused_at > coalesce(passed_at, '-infinity')) GROUP BY 1;

-- name: ListBraked :many
-- Deployments that were taken back lately, and that nobody has replaced by a later one.
SELECT d.instance_id, d.number, d.braked_at::timestamptz AS braked_at FROM deployments d JOIN instances i ON i.id = d.instance_id
WHERE d.instance_id = ANY(@instances::text[]) AND d.braked_at >= @since::timestamptz AND i.last_deployment = d.number AND i.deployment <> d.number;

-- name: ListEndingKeys :many
SELECT instance_id, id, name, expires_at::timestamptz AS expires_at FROM api_keys
WHERE instance_id = ANY(@instances::text[]) AND deleted_at IS NULL AND expires_at < @before::timestamptz AND expires_at > @after::timestamptz ORDER BY expires_at;

-- name: ListConditionsOf :many
SELECT c.* FROM runtime_conditions c JOIN runtimes r ON r.id = c.runtime_id
WHERE c.instance_id = ANY(@instances::text[]) AND r.last_seen_at >= @since AND r.left_at IS NULL ORDER BY c.since, c.code;

-- name: ListEndingTokens :many
-- Of living organizations, those that lived for longer than a notice.
SELECT t.organization_id, t.id, t.name, t.expires_at FROM tokens t JOIN organizations o ON o.id = t.organization_id
JOIN members m ON m.organization_id = t.organization_id AND m.user_id = t.user_id
WHERE t.revoked_at IS NULL AND o.deleted_at IS NULL AND t.expires_at < @before::timestamptz AND t.expires_at > @after::timestamptz
AND extract(epoch FROM t.expires_at - t.created_at) > @notice::float8 ORDER BY t.expires_at;
