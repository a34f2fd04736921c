-- Links that change an account's address: `email` is the new one, which they were mailed to.

-- +goose Up
ALTER TABLE account_tokens DROP CONSTRAINT account_tokens_kind_check;
ALTER TABLE account_tokens ADD CONSTRAINT account_tokens_kind_check CHECK (kind IN ('verification', 'reset', 'second_factor', 'email_change'));

-- +goose Down
DELETE FROM account_tokens WHERE kind = 'email_change';
ALTER TABLE account_tokens DROP CONSTRAINT account_tokens_kind_check;
ALTER TABLE account_tokens ADD CONSTRAINT account_tokens_kind_check CHECK (kind IN ('verification', 'reset', 'second_factor'));
