-- name: InsertMail :execrows
-- Nothing is inserted while as many as max_waiting wait: strangers can make mail, so its number is bounded.
INSERT INTO mails (id, kind, recipient, subject, sealed, created_at, due_at, sent_at)
SELECT @id, @kind, @recipient, @subject, @sealed, @created_at, sqlc.narg(due_at), sqlc.narg(sent_at)
WHERE (SELECT count(*) FROM (SELECT FROM mails WHERE due_at IS NOT NULL LIMIT @max_waiting::int) waiting) < @max_waiting::int;

-- name: ClaimMail :one
-- The longest due mail, not due for others before the lease ends.
UPDATE mails SET attempts = attempts + 1, due_at = @lease::timestamptz
WHERE id = (SELECT id FROM mails WHERE due_at <= @now::timestamptz ORDER BY due_at, id LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING *;

-- name: DelayMail :exec
UPDATE mails SET due_at = @due_at::timestamptz, failure = @failure WHERE id = @id;

-- name: EndMail :exec
UPDATE mails SET due_at = NULL, sealed = NULL, sent_at = sqlc.narg(sent_at), failure = @failure WHERE id = @id;

-- name: ListKeptMails :many
SELECT * FROM mails WHERE sealed IS NOT NULL ORDER BY id DESC LIMIT @max_rows;

-- name: DeleteOldMails :execrows
DELETE FROM mails WHERE created_at < @before AND due_at IS NULL;
