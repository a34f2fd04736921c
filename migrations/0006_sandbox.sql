-- How a runtime isolates users' code. NULL: it has not said so yet, or is of a version that does not.

-- +goose Up
ALTER TABLE runtimes ADD COLUMN sandbox text; -- JSON

-- +goose Down
ALTER TABLE runtimes DROP COLUMN sandbox;
