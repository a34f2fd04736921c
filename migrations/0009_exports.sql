-- Where telemetry goes besides us (OpenTelemetry), alerts about organizations, and what a database guarantees.

-- +goose Up
CREATE TABLE telemetry_exports (
    id              text PRIMARY KEY,
    organization_id text NOT NULL REFERENCES organizations,
    name            text NOT NULL,
    endpoint        text NOT NULL,              -- /v1/traces and so on are added to it
    headers         bytea,                      -- their values, sealed; NULL: none
    header_names    text[] NOT NULL,
    identities      boolean NOT NULL,           -- users and devices are named
    instances       text[] NOT NULL,            -- empty: all
    paused          boolean NOT NULL,
    version         bigint NOT NULL,
    created_at      timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL
);
CREATE INDEX telemetry_exports_organization ON telemetry_exports (organization_id, id);

-- What of it is sent, one row each, and how that goes. One that is due is taken by moving its time ahead, as a message of an alert is.
CREATE TABLE telemetry_export_signals (
    export_id text NOT NULL REFERENCES telemetry_exports ON DELETE CASCADE,
    signal    text NOT NULL CHECK (signal IN ('traces', 'metrics', 'logs')),
    position  bigint NOT NULL,                  -- the last log entry that was sent or given up; of metrics: nothing
    due_at    timestamptz,                      -- NULL: paused
    attempts  integer NOT NULL,                 -- that failed, since the last that did not
    sent_at   timestamptz,
    sent      bigint NOT NULL,
    dropped   bigint NOT NULL,
    failed_at timestamptz,
    error     text NOT NULL,                    -- of the last attempt
    PRIMARY KEY (export_id, signal)
);
CREATE INDEX telemetry_export_signals_due ON telemetry_export_signals (due_at) WHERE due_at IS NOT NULL;

-- Counters since somebody has them exported: receivers get sums that grow, so that one they missed costs them nothing.
CREATE TABLE metric_totals (
    instance_id text NOT NULL REFERENCES instances,
    name        text NOT NULL,
    label       text NOT NULL,
    outcome     text NOT NULL,
    since       timestamptz NOT NULL,
    n           bigint NOT NULL,
    PRIMARY KEY (instance_id, name, label, outcome)
);

-- An alert without an instance is about the organization.
ALTER TABLE alerts ALTER COLUMN instance_id DROP NOT NULL;
DROP INDEX alerts_open;
CREATE UNIQUE INDEX alerts_open ON alerts (organization_id, coalesce(instance_id, ''), rule, subject) WHERE closed_at IS NULL;

-- What the database guaranteed when a deployment was last made active; empty: no runtime has said it.
ALTER TABLE instances ADD COLUMN atomicity text NOT NULL DEFAULT '', ADD COLUMN atomicity_note text NOT NULL DEFAULT '';
