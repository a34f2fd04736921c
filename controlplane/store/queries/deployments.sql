-- name: InsertDeployment :exec
INSERT INTO deployments (instance_id, number, id, document, config, message, created_at, created_by, activated_at, files, program, hooks)
VALUES (@instance_id, @number, @id, @document, @config, @message, @created_at, @created_by, @activated_at, sqlc.narg(files), sqlc.narg(program), sqlc.narg(hooks));

-- name: GetDeployment :one
SELECT * FROM deployments WHERE instance_id = @instance_id AND number = @number;

-- name: ListDeployments :many
-- Without files and program, which may be megabytes.
SELECT instance_id, number, id, document, config, message, created_at, created_by, activated_at, braked_at, hooks FROM deployments WHERE instance_id = @instance_id AND number < @before::bigint ORDER BY number DESC LIMIT @max_rows::int;

-- name: TouchDeployment :exec
UPDATE deployments SET activated_at = @activated_at, braked_at = NULL WHERE instance_id = @instance_id AND number = @number;

-- name: PreviousDeployment :one
SELECT coalesce((SELECT number FROM deployments WHERE instance_id = @instance_id AND number <> @current AND braked_at IS NULL
  ORDER BY activated_at DESC, number DESC LIMIT 1), 0)::bigint AS number;

-- name: BrakeDeployment :exec
UPDATE deployments SET braked_at = @braked_at WHERE instance_id = @instance_id AND number = @number;
