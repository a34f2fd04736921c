-- Who there is and what they did: users, sessions, organizations, members, invitations, API tokens,
-- the audit log and remembered answers.
--
-- Ids are prefixed, sortable text made by the domain; no id is ever reused. Secrets (session, token and
-- invitation strings) are kept as SHA-256 only. `projects` NULL means the whole organization.

-- +goose Up
CREATE TABLE users (
    id            text PRIMARY KEY,
    email         text NOT NULL,                 -- as typed; compared in lower case
    name          text NOT NULL,
    password_hash text NOT NULL,                 -- argon2id in PHC form
    created_at    timestamptz NOT NULL,
    disabled_at   timestamptz
);
CREATE UNIQUE INDEX users_email ON users (lower(email));

CREATE TABLE sessions (
    id           text PRIMARY KEY,
    token_hash   bytea NOT NULL CONSTRAINT sessions_token UNIQUE,
    user_id      text NOT NULL REFERENCES users ON DELETE CASCADE,
    ip           text NOT NULL,
    user_agent   text NOT NULL,
    created_at   timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL            -- absolute; idling ends it sooner
);
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_expires ON sessions (expires_at);

CREATE TABLE organizations (
    id         text PRIMARY KEY,
    name       text NOT NULL,
    version    bigint NOT NULL DEFAULT 1,        -- the ETag
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    deleted_at timestamptz                       -- kept so that its audit log stays readable to operators
);

CREATE TABLE members (
    organization_id text NOT NULL REFERENCES organizations,
    user_id         text NOT NULL REFERENCES users,
    role            text NOT NULL CHECK (role IN ('owner', 'admin', 'developer', 'viewer')),
    projects        text[],
    version         bigint NOT NULL DEFAULT 1,
    created_at      timestamptz NOT NULL,
    PRIMARY KEY (organization_id, user_id)
);
CREATE INDEX members_user ON members (user_id);

CREATE TABLE invitations (
    id              text PRIMARY KEY,
    organization_id text NOT NULL REFERENCES organizations,
    email           text NOT NULL,
    role            text NOT NULL CHECK (role IN ('owner', 'admin', 'developer', 'viewer')),
    projects        text[],
    token_hash      bytea NOT NULL CONSTRAINT invitations_token UNIQUE,
    invited_by      text NOT NULL REFERENCES users,
    created_at      timestamptz NOT NULL,
    expires_at      timestamptz NOT NULL,
    accepted_at     timestamptz,
    revoked_at      timestamptz
);
CREATE INDEX invitations_organization ON invitations (organization_id, id);

CREATE TABLE tokens (
    id              text PRIMARY KEY,
    organization_id text NOT NULL REFERENCES organizations,
    user_id         text NOT NULL REFERENCES users, -- the creator: the token never outlives or exceeds them
    name            text NOT NULL,
    role            text NOT NULL CHECK (role IN ('owner', 'admin', 'developer', 'viewer')),
    projects        text[],
    permissions     text[],                         -- NULL: all of the role's
    token_hash      bytea NOT NULL CONSTRAINT tokens_token UNIQUE,
    created_at      timestamptz NOT NULL,
    expires_at      timestamptz NOT NULL,
    last_used_at    timestamptz,
    revoked_at      timestamptz
);
CREATE INDEX tokens_organization ON tokens (organization_id, id);

-- One chain of hashes per organization (per user for what belongs to none): whoever edits or removes
-- an event breaks every hash after it.
CREATE TABLE audit_heads (
    chain text PRIMARY KEY,
    seq   bigint NOT NULL,
    hash  bytea NOT NULL
);
CREATE TABLE audit_events (
    id              text PRIMARY KEY,
    chain           text NOT NULL,
    seq             bigint NOT NULL,
    organization_id text NOT NULL,                  -- '' for what belongs to none
    kind            text NOT NULL,
    target          text NOT NULL,
    user_id         text NOT NULL,
    token_id        text NOT NULL,
    ip              text NOT NULL,
    request_id      text NOT NULL,
    changes         text NOT NULL,                  -- JSON, byte for byte what was hashed
    at              timestamptz NOT NULL,
    hash            bytea NOT NULL,
    CONSTRAINT audit_events_chain UNIQUE (chain, seq)
);
CREATE INDEX audit_events_organization ON audit_events (organization_id, id);

-- +goose StatementBegin
CREATE FUNCTION audit_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit events are append-only' USING ERRCODE = 'insufficient_privilege';
END $$;
-- +goose StatementEnd
CREATE TRIGGER audit_events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_events
    FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only();

-- Answers kept for repeated requests (Idempotency-Key), written in the transaction of the change itself.
CREATE TABLE idempotent_answers (
    actor        text NOT NULL,
    key_hash     bytea NOT NULL,
    request_hash bytea NOT NULL,
    answer       bytea NOT NULL,                    -- sealed: it may hold a secret that is shown once
    created_at   timestamptz NOT NULL,
    PRIMARY KEY (actor, key_hash)
);
CREATE INDEX idempotent_answers_created ON idempotent_answers (created_at);
