-- name: TryLockAlerts :one
-- One replica judges at a time.
SELECT pg_try_advisory_xact_lock(7236498175);

-- name: InsertAlertChannel :exec
INSERT INTO alert_channels (id, organization_id, name, kind, target, secret, rules, instances, remind_hours, paused, version, created_at, updated_at)
VALUES (@id, @organization_id, @name, @kind, @target, @secret, @rules, @instances, @remind_hours, @paused, @version, @created_at, @updated_at);

-- name: LockAlertChannel :one
SELECT * FROM alert_channels WHERE organization_id = @organization_id AND id = @id FOR UPDATE;

-- name: GetAlertChannel :one
SELECT * FROM alert_channels WHERE organization_id = @organization_id AND id = @id;

-- name: ListAlertChannels :many
SELECT * FROM alert_channels WHERE organization_id = @organization_id AND id > @after::text ORDER BY id LIMIT @max_rows::int;

-- name: ListAllAlertChannels :many
-- Of all organizations, for those who judge.
SELECT * FROM alert_channels WHERE NOT paused ORDER BY id;

-- name: UpdateAlertChannel :exec
UPDATE alert_channels SET name = @name, target = @target, rules = @rules, instances = @instances, remind_hours = @remind_hours, paused = @paused,
version = @version, updated_at = @updated_at WHERE id = @id;

-- name: DeleteAlertChannel :execrows
DELETE FROM alert_channels WHERE organization_id = @organization_id AND id = @id;

-- name: InsertAlert :exec
INSERT INTO alerts (id, organization_id, instance_id, rule, subject, severity, summary, opened_at, seen_at)
VALUES (@id, @organization_id, nullif(@instance_id::text, ''), @rule, @subject, @severity, @summary, @opened_at, @seen_at);

-- name: SeeAlert :exec
UPDATE alerts SET seen_at = @seen_at, summary = @summary WHERE id = @id;

-- name: CloseAlert :exec
UPDATE alerts SET closed_at = @closed_at WHERE id = @id AND closed_at IS NULL;

-- name: ListOpenAlerts :many
SELECT * FROM alerts WHERE closed_at IS NULL ORDER BY id;

-- name: ListAlerts :many
-- Newest first.
SELECT * FROM alerts WHERE organization_id = @organization_id AND id < @before::text AND (NOT @only_open::bool OR closed_at IS NULL)
AND (@instance::text = '' OR instance_id = @instance::text) ORDER BY id DESC LIMIT @max_rows::int;

-- name: InsertAlertMessage :exec
INSERT INTO alert_messages (id, channel_id, alert_id, reason, created_at, due_at, attempts, delivered_at, error)
VALUES (@id, @channel_id, nullif(@alert_id::text, ''), @reason, @created_at, @due_at, @attempts, @delivered_at, @error);

-- name: LastAlertMessages :many
-- When each channel was last told of an alert that is open.
SELECT m.alert_id::text AS alert_id, m.channel_id, max(m.created_at)::timestamptz AS at FROM alert_messages m JOIN alerts a ON a.id = m.alert_id
WHERE a.closed_at IS NULL GROUP BY 1, 2;

-- name: ClaimAlertMessages :many
-- What is due is taken by moving its time ahead: if the one who takes it dies, somebody else sends it then.
UPDATE alert_messages SET due_at = @lease::timestamptz, attempts = attempts + 1 WHERE id IN (
  SELECT m.id FROM alert_messages m WHERE m.due_at <= @moment::timestamptz ORDER BY m.due_at LIMIT @max_rows::int FOR UPDATE SKIP LOCKED
) RETURNING *;

-- name: GetAlert :one
SELECT a.*, coalesce(i.name, o.name)::text AS about FROM alerts a JOIN organizations o ON o.id = a.organization_id LEFT JOIN instances i ON i.id = a.instance_id WHERE a.id = @id;

-- name: GetAnyAlertChannel :one
SELECT * FROM alert_channels WHERE id = @id;

-- name: SettleAlertMessage :exec
UPDATE alert_messages SET due_at = @due_at, delivered_at = @delivered_at, error = @error WHERE id = @id;

-- name: ListAlertMessages :many
-- Newest first.
SELECT * FROM alert_messages WHERE channel_id = ANY(@channels::text[]) ORDER BY id DESC LIMIT @max_rows::int;

-- name: DeleteOldAlerts :exec
DELETE FROM alerts WHERE closed_at < @before;

-- name: DeleteOldAlertMessages :exec
DELETE FROM alert_messages WHERE due_at IS NULL AND created_at < @before AND alert_id IS NULL;

-- name: CloseAlertsOfDeleted :exec
UPDATE alerts a SET closed_at = @closed_at WHERE a.closed_at IS NULL AND (
  EXISTS (SELECT 1 FROM instances i WHERE i.id = a.instance_id AND i.deleted_at IS NOT NULL) OR EXISTS (SELECT 1 FROM organizations o WHERE o.id = a.organization_id AND o.deleted_at IS NOT NULL));
