-- What runtimes observed, for people: when something was first seen, devices, refused credentials, traces
-- of single writes, and the alerts that are made from all of it.

-- +goose Up
-- First and last times, one row for each thing that was ever seen of an instance; kept as long as it lives.
CREATE TABLE instance_sightings (
    instance_id text NOT NULL REFERENCES instances,
    what        text NOT NULL,
    first_at    timestamptz NOT NULL,
    last_at     timestamptz NOT NULL,
    n           bigint NOT NULL,
    PRIMARY KEY (instance_id, what)
);

-- seen is all that is known (telemetry.Device); the other columns are those that lists sort and filter by.
-- Whoever stores holds the lock of log entries, reads, merges and writes.
CREATE TABLE devices (
    instance_id  text NOT NULL REFERENCES instances,
    id           text NOT NULL,                 -- made from instance, user and client
    user_id      text NOT NULL,                 -- empty: its credential never verified
    client_id    text NOT NULL,                 -- empty: a stock connector
    last_seen_at timestamptz NOT NULL,
    passed_at    timestamptz,                   -- the last token or upload
    uploaded_at  timestamptz,
    waits_at     timestamptz,                   -- since when its first transaction comes back
    refused_at   timestamptz,
    queue        bigint NOT NULL,
    oldest_at    timestamptz,                   -- of what waits in its queue
    seen         jsonb NOT NULL,
    PRIMARY KEY (instance_id, id)
);
CREATE INDEX devices_seen ON devices (instance_id, last_seen_at);
CREATE INDEX devices_client ON devices (instance_id, client_id) WHERE client_id <> '';
CREATE INDEX devices_user ON devices (instance_id, user_id) WHERE user_id <> '';
CREATE INDEX devices_waiting ON devices (instance_id, waits_at) WHERE waits_at IS NOT NULL;
CREATE INDEX devices_refused ON devices (instance_id) WHERE user_id <> '' AND refused_at > coalesce(passed_at, '-infinity');

-- One row for each cause for which credentials are refused.
CREATE TABLE refused_credentials (
    instance_id text NOT NULL REFERENCES instances,
    place       text NOT NULL,                  -- token, or refusal: an upload
    code        text NOT NULL,
    issuer      text NOT NULL,
    key_id      text NOT NULL,
    audience    text NOT NULL,
    message     text NOT NULL,
    request_id  text NOT NULL,
    first_at    timestamptz NOT NULL,
    last_at     timestamptz NOT NULL,
    n           bigint NOT NULL,
    PRIMARY KEY (instance_id, place, code, issuer, key_id, audience)
);

-- How a transaction passed: operations, hooks, database commands and times. NULL for most that succeeded.
ALTER TABLE log_entries ADD COLUMN trace jsonb;

CREATE TABLE alert_channels (
    id              text PRIMARY KEY,
    organization_id text NOT NULL REFERENCES organizations,
    name            text NOT NULL,
    kind            text NOT NULL CHECK (kind IN ('mail', 'webhook')),
    target          text NOT NULL,              -- an address or a URL
    secret          bytea,                      -- of a webhook, sealed
    rules           text[] NOT NULL,            -- empty: all
    instances       text[] NOT NULL,            -- empty: all
    remind_hours    integer NOT NULL,           -- 0: never
    paused          boolean NOT NULL,
    version         bigint NOT NULL,
    created_at      timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL
);
CREATE INDEX alert_channels_organization ON alert_channels (organization_id, id);

CREATE TABLE alerts (
    id              text PRIMARY KEY,
    organization_id text NOT NULL REFERENCES organizations,
    instance_id     text NOT NULL REFERENCES instances,
    rule            text NOT NULL,
    subject         text NOT NULL,              -- what of the instance, where a rule tells several apart
    severity        text NOT NULL,
    summary         text NOT NULL,
    opened_at       timestamptz NOT NULL,
    seen_at         timestamptz NOT NULL,       -- when it last held
    closed_at       timestamptz
);
CREATE UNIQUE INDEX alerts_open ON alerts (instance_id, rule, subject) WHERE closed_at IS NULL;
CREATE INDEX alerts_organization ON alerts (organization_id, id);

-- What is to be sent, and how that went. One that is due is taken by moving its time ahead, so that no two replicas send it.
CREATE TABLE alert_messages (
    id           text PRIMARY KEY,
    channel_id   text NOT NULL REFERENCES alert_channels ON DELETE CASCADE,
    alert_id     text REFERENCES alerts ON DELETE CASCADE, -- NULL: a test
    reason       text NOT NULL CHECK (reason IN ('opened', 'reminder', 'closed', 'test')),
    created_at   timestamptz NOT NULL,
    due_at       timestamptz,                   -- NULL: over
    attempts     integer NOT NULL,
    delivered_at timestamptz,
    error        text NOT NULL
);
CREATE INDEX alert_messages_due ON alert_messages (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX alert_messages_alert ON alert_messages (alert_id);
CREATE INDEX alert_messages_channel ON alert_messages (channel_id, id);
