-- name: AddCounts :exec
INSERT INTO metric_counts (instance_id, minute, name, label, outcome, n)
SELECT unnest(@instances::text[]), unnest(@minutes::timestamptz[]), unnest(@names::text[]), unnest(@labels::text[]), unnest(@outcomes::text[]), unnest(@numbers::bigint[])
ON CONFLICT (instance_id, minute, name, label, outcome) DO UPDATE SET n = metric_counts.n + excluded.n;

-- name: SumCounts :many
-- Rolled up to steps of so many seconds, counted from the epoch.
SELECT (floor(extract(epoch FROM minute) / @step::bigint) * @step::bigint)::bigint AS start, name, label, outcome, sum(n)::bigint AS n
FROM metric_counts WHERE instance_id = @instance_id AND minute >= @since AND minute < @until AND (cardinality(@names::text[]) = 0 OR name = ANY(@names::text[]))
GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4;

-- name: DeleteInstanceCounts :exec
DELETE FROM metric_counts WHERE instance_id = @instance_id;
