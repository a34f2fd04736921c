-- What runtimes saw: log entries and counters of instances.
--
-- Both tables have a partition for each day (UTC), made ahead and dropped when nobody may keep it any
-- longer. Entries are in the order of seq, which is also the order of commits: whoever stores holds one
-- advisory lock from the first seq to the commit, so that no lower seq appears after a higher one was
-- read. That is what lets a live tail resume after a seq without losing an entry.

-- +goose Up
ALTER TABLE organizations ADD COLUMN log_days integer NOT NULL DEFAULT 30 CONSTRAINT organizations_log_days CHECK (log_days BETWEEN 1 AND 90);
ALTER TABLE instances ADD COLUMN log_days integer CONSTRAINT instances_log_days CHECK (log_days BETWEEN 1 AND 90); -- NULL: the organization's

-- The last batch of each process that sends. One that is not newer was stored before.
CREATE TABLE telemetry_sources (
    source     text PRIMARY KEY,
    seq        bigint NOT NULL,
    updated_at timestamptz NOT NULL
);

CREATE SEQUENCE log_seq;
CREATE TABLE log_entries (
    seq           bigint NOT NULL DEFAULT nextval('log_seq'),
    received_at   timestamptz NOT NULL,
    instance_id   text NOT NULL,
    at            timestamptz NOT NULL,
    deployment    bigint NOT NULL,
    kind          text NOT NULL,
    level         smallint NOT NULL,
    request_id    text NOT NULL,
    user_id       text NOT NULL,
    client_id     text NOT NULL,
    sdk           text NOT NULL,
    app_version   text NOT NULL,
    tables        text[] NOT NULL,
    operations    jsonb NOT NULL,                -- [{table, put, patch, delete}]
    outcome       text NOT NULL,
    code          text NOT NULL,
    message       text NOT NULL,
    rejection_id  text NOT NULL,
    duration_us   bigint NOT NULL,
    retries       bigint NOT NULL
) PARTITION BY RANGE (received_at);
CREATE INDEX log_entries_instance ON log_entries (instance_id, seq);
CREATE INDEX log_entries_request ON log_entries (instance_id, request_id);
CREATE INDEX log_entries_user ON log_entries (instance_id, user_id) WHERE user_id <> '';

CREATE TABLE metric_counts (
    instance_id text NOT NULL,
    minute      timestamptz NOT NULL,
    name        text NOT NULL,
    label       text NOT NULL,
    outcome     text NOT NULL,
    n           bigint NOT NULL,
    PRIMARY KEY (instance_id, minute, name, label, outcome)
) PARTITION BY RANGE (minute);

-- Users whose entries were erased: what they did before that, and is still on its way here, is not kept
-- either. The user's id is not kept, only its SHA-256 together with the instance.
CREATE TABLE log_erasures (
    instance_id text NOT NULL,
    user_hash   bytea NOT NULL,
    erased_at   timestamptz NOT NULL,
    PRIMARY KEY (instance_id, user_hash)
);
CREATE INDEX log_erasures_at ON log_erasures (erased_at);

-- +goose StatementBegin
CREATE FUNCTION telemetry_partition(parent text, day date) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    part text := parent || '_' || to_char(day, 'YYYYMMDD');
BEGIN
    IF to_regclass(part) IS NOT NULL THEN
        RETURN;
    END IF;
    -- A lock on the table and not an advisory one: only the former makes what others committed meanwhile visible to the next line.
    EXECUTE format('LOCK TABLE %I IN SHARE UPDATE EXCLUSIVE MODE', parent);
    IF to_regclass(part) IS NOT NULL THEN
        RETURN; -- somebody else has made it while we waited
    END IF;
    -- Made apart and attached: unlike CREATE ... PARTITION OF that does not stop readers and writers.
    EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', part, parent);
    EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', parent, part,
        to_char(day, 'YYYY-MM-DD') || ' 00:00:00+00', to_char(day + 1, 'YYYY-MM-DD') || ' 00:00:00+00');
END $$;

-- Drops the partitions of days before that one, and says how many.
CREATE FUNCTION telemetry_drop(parent text, day date) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    part text;
    dropped integer := 0;
BEGIN
    SET LOCAL lock_timeout = '2s'; -- rather later than in everybody's way
    EXECUTE format('LOCK TABLE %I IN SHARE UPDATE EXCLUSIVE MODE', parent);
    FOR part IN SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = parent::regclass
        AND c.relname < parent || '_' || to_char(day, 'YYYYMMDD')
    LOOP
        EXECUTE format('DROP TABLE %I', part);
        dropped := dropped + 1;
    END LOOP;
    RETURN dropped;
END $$;
-- +goose StatementEnd
