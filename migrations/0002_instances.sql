-- What customers run: projects, instances with their drafts, files and secrets, deployments, keys, the
-- newest sealed bundle of each instance, and the runtimes that serve them.
--
-- Values sealed by controlplane/seal open only in their own row: the label is made of the row's
-- identity. What must never happen is refused here and not only in the domain: a host label used
-- twice, an instance that changes its kind, a revision that goes down.

-- +goose Up
CREATE TABLE projects (
    id              text PRIMARY KEY,
    organization_id text NOT NULL REFERENCES organizations,
    name            text NOT NULL,
    version         bigint NOT NULL DEFAULT 1,
    created_at      timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL,
    deleted_at      timestamptz
);
CREATE INDEX projects_organization ON projects (organization_id, id);

-- Every host label that was ever given out. Rows stay for good: apps in the field keep calling the
-- old address, and must never reach somebody else's instance.
CREATE TABLE hosts (
    label      text CONSTRAINT hosts_pkey PRIMARY KEY CHECK (label ~ '^[a-z][a-z0-9-]{0,61}[a-z0-9]$'),
    created_at timestamptz NOT NULL
);

CREATE TABLE instances (
    id               text PRIMARY KEY,
    project_id       text NOT NULL REFERENCES projects,
    organization_id  text NOT NULL REFERENCES organizations,
    name             text NOT NULL,
    host             text NOT NULL CONSTRAINT instances_host UNIQUE REFERENCES hosts,
    kind             text NOT NULL CHECK (kind IN ('development', 'production')),
    state            text NOT NULL CHECK (state IN ('active', 'paused', 'deleted')),
    version          bigint NOT NULL DEFAULT 1,
    deployment       bigint NOT NULL DEFAULT 0,   -- number of the active deployment; 0: none
    last_deployment  bigint NOT NULL DEFAULT 0,   -- the highest number given out
    revision         bigint NOT NULL DEFAULT 0,   -- of the newest bundle
    longest_token    bigint NOT NULL DEFAULT 0,   -- seconds: the longest token_ttl ever deployed; old keys stay that long
    draft            text NOT NULL DEFAULT '',
    draft_version    bigint NOT NULL DEFAULT 0,   -- 0: never saved
    draft_updated_at timestamptz,
    draft_updated_by text NOT NULL DEFAULT '',
    created_at       timestamptz NOT NULL,
    updated_at       timestamptz NOT NULL,
    deleted_at       timestamptz
);
CREATE INDEX instances_project ON instances (project_id, id);

CREATE TABLE files (
    instance_id text NOT NULL REFERENCES instances,
    path        text NOT NULL,
    content     text NOT NULL,
    version     bigint NOT NULL DEFAULT 1,
    updated_at  timestamptz NOT NULL,
    updated_by  text NOT NULL,
    PRIMARY KEY (instance_id, path)
);

CREATE TABLE secrets (
    instance_id text NOT NULL REFERENCES instances,
    name        text NOT NULL,
    version     bigint NOT NULL,
    sealed      bytea NOT NULL,
    digest      text NOT NULL,                    -- the first 8 hex digits of the value's SHA-256
    updated_at  timestamptz NOT NULL,
    updated_by  text NOT NULL,
    PRIMARY KEY (instance_id, name)
);

CREATE TABLE deployments (
    instance_id  text NOT NULL REFERENCES instances,
    number       bigint NOT NULL,
    id           text NOT NULL UNIQUE,
    document     text NOT NULL,                   -- as its author wrote it
    config       text NOT NULL,                   -- compiled, JSON
    message      text NOT NULL,
    created_at   timestamptz NOT NULL,
    created_by   text NOT NULL,
    activated_at timestamptz NOT NULL,            -- last
    PRIMARY KEY (instance_id, number)
);

CREATE TABLE signing_keys (
    id          text PRIMARY KEY,                 -- the kid
    instance_id text NOT NULL REFERENCES instances,
    algorithm   text NOT NULL CHECK (algorithm IN ('EdDSA', 'RS256')),
    sealed      bytea NOT NULL,
    created_at  timestamptz NOT NULL,
    publish_at  timestamptz NOT NULL,
    sign_from   timestamptz NOT NULL,
    retire_at   timestamptz,
    revoked_at  timestamptz
);
CREATE INDEX signing_keys_instance ON signing_keys (instance_id, id);

CREATE TABLE api_keys (
    id          text PRIMARY KEY,
    instance_id text NOT NULL REFERENCES instances,
    name        text NOT NULL,
    hash        bytea NOT NULL CONSTRAINT api_keys_hash UNIQUE,
    hint        text NOT NULL,                    -- the first characters, to tell keys apart
    created_at  timestamptz NOT NULL,
    created_by  text NOT NULL,
    expires_at  timestamptz,
    deleted_at  timestamptz
);
CREATE INDEX api_keys_instance ON api_keys (instance_id, id);

-- The newest bundle of each instance, sealed to the pool of runtimes. seq orders publications: writers
-- hold one advisory lock until they commit, so that no lower seq can appear after a higher one was seen.
CREATE SEQUENCE bundle_seq;
CREATE TABLE bundles (
    instance_id text PRIMARY KEY REFERENCES instances,
    revision    bigint NOT NULL CHECK (revision > 0),
    seq         bigint NOT NULL CONSTRAINT bundles_seq UNIQUE,
    sealed      bytea NOT NULL,
    issued_at   timestamptz NOT NULL
);

CREATE TABLE runtimes (
    id           text PRIMARY KEY,
    address      text NOT NULL,
    version      text NOT NULL,
    format       integer NOT NULL,
    capabilities text[] NOT NULL,
    started_at   timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    left_at      timestamptz
);

-- What each runtime made of each instance's revisions.
CREATE TABLE runtime_acks (
    runtime_id  text NOT NULL REFERENCES runtimes ON DELETE CASCADE,
    instance_id text NOT NULL REFERENCES instances,
    revision    bigint NOT NULL DEFAULT 0,        -- the highest that it serves
    refused     bigint NOT NULL DEFAULT 0,        -- the last that it refused, and why
    code        text NOT NULL DEFAULT '',
    message     text NOT NULL DEFAULT '',
    updated_at  timestamptz NOT NULL,
    PRIMARY KEY (runtime_id, instance_id)
);
CREATE INDEX runtime_acks_instance ON runtime_acks (instance_id);

CREATE TABLE runtime_conditions (
    runtime_id  text NOT NULL REFERENCES runtimes ON DELETE CASCADE,
    instance_id text NOT NULL,                    -- '' is the runtime itself
    code        text NOT NULL,
    message     text NOT NULL,
    since       timestamptz NOT NULL,
    PRIMARY KEY (runtime_id, instance_id, code)
);
CREATE INDEX runtime_conditions_instance ON runtime_conditions (instance_id);

-- +goose StatementBegin
CREATE FUNCTION instances_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.kind <> OLD.kind OR NEW.host <> OLD.host OR NEW.project_id <> OLD.project_id OR NEW.organization_id <> OLD.organization_id THEN
        RAISE EXCEPTION 'kind, host and place of an instance never change' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF NEW.revision < OLD.revision OR NEW.last_deployment < OLD.last_deployment THEN
        RAISE EXCEPTION 'revisions and deployment numbers only go up' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF OLD.state = 'deleted' AND NEW.state <> 'deleted' THEN
        RAISE EXCEPTION 'a deleted instance stays deleted' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE FUNCTION bundles_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND (NEW.revision <= OLD.revision OR NEW.seq <= OLD.seq) THEN
        RAISE EXCEPTION 'revisions only go up' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    PERFORM pg_notify('turnkey_bundles', NEW.instance_id || ':' || NEW.revision);
    RETURN NEW;
END $$;
CREATE FUNCTION never_removed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% rows are never changed or removed', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;
-- +goose StatementEnd
CREATE TRIGGER instances_guard BEFORE UPDATE ON instances FOR EACH ROW EXECUTE FUNCTION instances_guard();
CREATE TRIGGER bundles_guard BEFORE INSERT OR UPDATE ON bundles FOR EACH ROW EXECUTE FUNCTION bundles_guard();
CREATE TRIGGER hosts_forever BEFORE UPDATE OR DELETE OR TRUNCATE ON hosts FOR EACH STATEMENT EXECUTE FUNCTION never_removed();
