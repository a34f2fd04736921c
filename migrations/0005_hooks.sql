-- What a deployment's hook files became. All of it is NULL for deployments without hooks, and for those that
-- the previous version makes, which knows none.

-- +goose Up
ALTER TABLE deployments
    ADD COLUMN files   text, -- as their authors wrote them, JSON
    ADD COLUMN program text, -- compiled, JSON: it is never compiled again
    ADD COLUMN hooks   text; -- how compiling and testing went, JSON

-- +goose Down
ALTER TABLE deployments DROP COLUMN files, DROP COLUMN program, DROP COLUMN hooks;
