-- name: ScanSealed :many
-- Every sealed value of all customers with the label that it is sealed under (see secretLabel,
-- keyLabel, mailLabel and totpLabel in the domain), for verification and rewrapping.
SELECT s.label::text AS label, s.sealed::bytea AS sealed FROM (
    SELECT 'secret/' || instance_id || '/' || name || '/' || version AS label, sealed FROM secrets
    UNION ALL
    SELECT 'signing-key/' || instance_id || '/' || id AS label, sealed FROM signing_keys
    UNION ALL
    SELECT 'mail/' || id AS label, sealed FROM mails WHERE sealed IS NOT NULL
    UNION ALL
    SELECT 'totp/' || user_id AS label, sealed FROM totps
    UNION ALL
    SELECT 'alert-channel/' || organization_id || '/' || id AS label, secret AS sealed FROM alert_channels WHERE secret IS NOT NULL
    UNION ALL
    SELECT 'telemetry-export/' || organization_id || '/' || id AS label, headers AS sealed FROM telemetry_exports WHERE headers IS NOT NULL
) s WHERE s.label COLLATE "C" > @after::text ORDER BY s.label COLLATE "C" LIMIT @max_rows::int;

-- name: ReplaceSealedSecret :execrows
UPDATE secrets SET sealed = @sealed WHERE 'secret/' || instance_id || '/' || name || '/' || version = @label::text AND instance_id = split_part(@label::text, '/', 2) AND sealed = @before::bytea;

-- name: ReplaceSealedKey :execrows
UPDATE signing_keys SET sealed = @sealed WHERE id = split_part(@label::text, '/', 3) AND instance_id = split_part(@label::text, '/', 2) AND sealed = @before::bytea;

-- name: ReplaceSealedMail :execrows
UPDATE mails SET sealed = @sealed WHERE id = split_part(@label::text, '/', 2) AND sealed = @before::bytea;

-- name: ReplaceSealedTOTP :execrows
UPDATE totps SET sealed = @sealed WHERE user_id = split_part(@label::text, '/', 2) AND sealed = @before::bytea;
-- name: ReplaceSealedChannel :execrows
UPDATE alert_channels SET secret = @sealed::bytea WHERE id = split_part(@label::text, '/', 3) AND organization_id = split_part(@label::text, '/', 2) AND secret = @before::bytea;

-- name: ReplaceSealedExport :execrows
UPDATE telemetry_exports SET headers = @sealed::bytea WHERE id = split_part(@label::text, '/', 3) AND organization_id = split_part(@label::text, '/', 2) AND headers = @before::bytea;
