-- +goose Up
-- A deployment that the brake took back is never gone back to by itself.
ALTER TABLE deployments ADD COLUMN braked_at timestamptz;

-- +goose Down
ALTER TABLE deployments DROP COLUMN braked_at;
