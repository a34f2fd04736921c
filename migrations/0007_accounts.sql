-- How people prove who they are: mail that is to be sent, links that were mailed, second factors,
-- accounts at identity providers, passkeys.
--
-- Strings that prove something are kept as SHA-256 only. What has to be readable again (the text of a
-- mail, the secret of a TOTP) is sealed by controlplane/seal under a label made of the row's identity.

-- +goose Up
ALTER TABLE users ADD COLUMN email_verified_at timestamptz; -- NULL: nobody has proved to read that address
COMMENT ON COLUMN users.password_hash IS 'argon2id in PHC form; empty: no password, nothing matches it';

-- The outbox. A mail is written in the transaction of what it tells about and sent later, so that no
-- request waits for a mail server and none is lost.
CREATE TABLE mails (
    id         text PRIMARY KEY,
    kind       text NOT NULL,
    recipient  text NOT NULL,
    subject    text NOT NULL,
    sealed     bytea,                              -- the text; NULL once it was sent or given up
    created_at timestamptz NOT NULL,
    attempts   integer NOT NULL DEFAULT 0,
    due_at     timestamptz,                        -- NULL: nothing is left to do
    sent_at    timestamptz,
    failure    text NOT NULL DEFAULT ''            -- of the last attempt
);
CREATE INDEX mails_due ON mails (due_at) WHERE due_at IS NOT NULL;

-- What was given to somebody to come back with, once: links in mails, and the first half of a sign-in.
CREATE TABLE account_tokens (
    token_hash bytea PRIMARY KEY,
    kind       text NOT NULL CHECK (kind IN ('verification', 'reset', 'second_factor')),
    user_id    text NOT NULL REFERENCES users ON DELETE CASCADE,
    email      text NOT NULL,                      -- that it was sent to
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX account_tokens_user ON account_tokens (user_id, kind);
CREATE INDEX account_tokens_expires ON account_tokens (expires_at);

CREATE TABLE totps (
    user_id       text PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    sealed        bytea NOT NULL,
    created_at    timestamptz NOT NULL,
    confirmed_at  timestamptz,                     -- NULL: begun, and not asked for yet
    last_step     bigint NOT NULL DEFAULT 0,       -- of the last code that was taken: none is taken twice
    failures      integer NOT NULL DEFAULT 0,      -- wrong codes in a row
    blocked_until timestamptz
);
CREATE TABLE recovery_codes (                      -- those that are not used up
    user_id   text NOT NULL REFERENCES totps ON DELETE CASCADE,
    code_hash bytea NOT NULL,
    PRIMARY KEY (user_id, code_hash)
);

CREATE TABLE identities (                          -- who somebody is at an identity provider (OIDC)
    issuer       text NOT NULL,
    subject      text NOT NULL,
    user_id      text NOT NULL REFERENCES users ON DELETE CASCADE,
    provider     text NOT NULL,                    -- its name in the configuration, for people
    email        text NOT NULL,                    -- as the provider said when they were linked
    created_at   timestamptz NOT NULL,
    last_used_at timestamptz NOT NULL,
    CONSTRAINT identities_pkey PRIMARY KEY (issuer, subject)
);
CREATE INDEX identities_user ON identities (user_id);

CREATE TABLE passkeys (
    id            text PRIMARY KEY,
    user_id       text NOT NULL REFERENCES users ON DELETE CASCADE,
    credential_id bytea NOT NULL CONSTRAINT passkeys_credential UNIQUE,
    name          text NOT NULL,
    credential    text NOT NULL,                   -- JSON: public key, counter, flags
    created_at    timestamptz NOT NULL,
    last_used_at  timestamptz
);
CREATE INDEX passkeys_user ON passkeys (user_id, id);
CREATE TABLE passkey_challenges (
    challenge_hash bytea PRIMARY KEY,
    user_id        text NOT NULL,                  -- who registers; '' for a sign-in
    session        text NOT NULL,                  -- JSON: what was asked of the browser
    expires_at     timestamptz NOT NULL
);

-- +goose Down
DROP TABLE passkey_challenges, passkeys, identities, recovery_codes, totps, account_tokens, mails;
ALTER TABLE users DROP COLUMN email_verified_at;
