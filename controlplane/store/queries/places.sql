-- name: FindProjectPlace :one
SELECT p.organization_id FROM projects p JOIN organizations o ON o.id = p.organization_id WHERE p.id = @id AND p.deleted_at IS NULL AND o.deleted_at IS NULL;

-- name: FindInstancePlace :one
SELECT i.organization_id, i.project_id FROM instances i JOIN projects p ON p.id = i.project_id JOIN organizations o ON o.id = i.organization_id
WHERE i.id = @id AND i.deleted_at IS NULL AND p.deleted_at IS NULL AND o.deleted_at IS NULL;
