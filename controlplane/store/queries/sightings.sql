-- name: AddSightings :exec
INSERT INTO instance_sightings (instance_id, what, first_at, last_at, n)
SELECT unnest(@instances::text[]), unnest(@whats::text[]), unnest(@firsts::timestamptz[]), unnest(@lasts::timestamptz[]), unnest(@numbers::bigint[])
ON CONFLICT (instance_id, what) DO UPDATE SET first_at = least(instance_sightings.first_at, excluded.first_at),
last_at = greatest(instance_sightings.last_at, excluded.last_at), n = instance_sightings.n + excluded.n;

-- name: ListSightings :many
SELECT * FROM instance_sightings WHERE instance_id = @instance_id ORDER BY what;

-- name: DeleteInstanceSightings :exec
DELETE FROM instance_sightings WHERE instance_id = @instance_id;
