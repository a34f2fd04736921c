-- name: ListFiles :many
SELECT * FROM files WHERE instance_id = @instance_id ORDER BY path;

-- name: GetFile :one
SELECT * FROM files WHERE instance_id = @instance_id AND path = @path;

-- name: PutFile :exec
INSERT INTO files (instance_id, path, content, version, updated_at, updated_by) VALUES (@instance_id, @path, @content, @version, @updated_at, @updated_by)
ON CONFLICT (instance_id, path) DO UPDATE SET content = excluded.content, version = excluded.version, updated_at = excluded.updated_at, updated_by = excluded.updated_by;

-- name: DeleteFile :exec
DELETE FROM files WHERE instance_id = @instance_id AND path = @path;
