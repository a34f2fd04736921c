-- name: InsertUser :exec
INSERT INTO users (id, email, name, password_hash, created_at) VALUES (@id, @email, @name, @password_hash, @created_at);

-- name: GetUser :one
SELECT * FROM users WHERE id = @id;

-- name: FindUserByEmail :one
SELECT * FROM users WHERE lower(email) = lower(@email);

-- name: LockUser :one
SELECT * FROM users WHERE id = @id FOR UPDATE;

-- name: UpdateUser :exec
UPDATE users SET email = @email, name = @name, password_hash = @password_hash, email_verified_at = @email_verified_at WHERE id = @id;
