-- name: InsertDeployment :exec
INSERT INTO deployments (instance_id, number, id, document, config, message, created_at, created_by, activated_at)
VALUES (@instance_id, @number, @id, @document, @config, @message, @created_at, @created_by, @activated_at);

-- name: GetDeployment :one
SELECT * FROM deployments WHERE instance_id = @instance_id AND number = @number;

-- name: ListDeployments :many
SELECT * FROM deployments WHERE instance_id = @instance_id AND number < @before::bigint ORDER BY number DESC LIMIT @max_rows::int;

-- name: TouchDeployment :exec
UPDATE deployments SET activated_at = @activated_at WHERE instance_id = @instance_id AND number = @number;
