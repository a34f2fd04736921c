package postgres

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"turnkey/runtime/source"
)

// layoutVersion of our own tables. A runtime of the version before works on beside this one: what it
// does not know has defaults.
const layoutVersion = 4

// layout is what Prepare runs, and what an operator runs where we may not. Each statement may run
// again, and upgrades what an older version made.
func (s *Source) layout() []string {
	list := []string{
		"CREATE SCHEMA IF NOT EXISTS $",
		"CREATE TABLE IF NOT EXISTS $.turnkey_rejections (id text PRIMARY KEY, user_id text NOT NULL, table_name text NOT NULL, row_id text NOT NULL, error_code text NOT NULL, message text NOT NULL, hint text NOT NULL, status text NOT NULL, created_at timestamptz NOT NULL)",
		"CREATE INDEX IF NOT EXISTS turnkey_rejections_user ON $.turnkey_rejections (user_id, created_at)",
		"CREATE TABLE IF NOT EXISTS $.rejection_details (id text PRIMARY KEY REFERENCES $.turnkey_rejections ON DELETE CASCADE, client_id text NOT NULL, request_id text NOT NULL, deployment integer NOT NULL, operation integer NOT NULL, detail text NOT NULL, payload_bytes bigint NOT NULL)",
		"CREATE TABLE IF NOT EXISTS $.payloads (id text NOT NULL REFERENCES $.turnkey_rejections ON DELETE CASCADE, kind text NOT NULL, part integer NOT NULL, data bytea NOT NULL, PRIMARY KEY (id, kind, part))",
		"CREATE TABLE IF NOT EXISTS $.meta (name text PRIMARY KEY, version integer NOT NULL)",

		// Version 2.
		"CREATE TABLE IF NOT EXISTS $.receipts (owner bytea NOT NULL, block bigint NOT NULL, seq integer NOT NULL, ops bigint[], prints bytea NOT NULL, at timestamptz NOT NULL, result bytea, PRIMARY KEY (owner, block, seq))",
		"CREATE INDEX IF NOT EXISTS receipts_at ON $.receipts USING brin (at) WITH (pages_per_range = 32)",
		"CREATE TABLE IF NOT EXISTS $.clients (owner bytea PRIMARY KEY, floor bigint, user_id text, client_id text, report text, seen_at timestamptz NOT NULL)",
		"CREATE INDEX IF NOT EXISTS clients_seen ON $.clients (seen_at)",
		"CREATE INDEX IF NOT EXISTS clients_user ON $.clients (user_id)",
		"CREATE TABLE IF NOT EXISTS $.rejected_rows (table_name text NOT NULL, row_id text NOT NULL, owner bytea NOT NULL, rejection_id text NOT NULL REFERENCES $.turnkey_rejections ON DELETE CASCADE, group_id text NOT NULL, creates boolean NOT NULL, written text[] NOT NULL DEFAULT '{}', deleted boolean NOT NULL DEFAULT false, PRIMARY KEY (rejection_id, table_name, row_id)) WITH (autovacuum_vacuum_threshold = 100, autovacuum_vacuum_scale_factor = 0.02)",
		"CREATE INDEX IF NOT EXISTS rejected_rows_row ON $.rejected_rows (table_name, row_id)",
		"ALTER TABLE $.rejection_details ADD COLUMN IF NOT EXISTS owner bytea NOT NULL DEFAULT '', ADD COLUMN IF NOT EXISTS provider text NOT NULL DEFAULT '', ADD COLUMN IF NOT EXISTS claims text, ADD COLUMN IF NOT EXISTS group_id text NOT NULL DEFAULT '', ADD COLUMN IF NOT EXISTS attempts integer NOT NULL DEFAULT 0, ADD COLUMN IF NOT EXISTS settled_at timestamptz, ADD COLUMN IF NOT EXISTS settled_by text NOT NULL DEFAULT ''",
		"CREATE INDEX IF NOT EXISTS turnkey_rejections_order ON $.turnkey_rejections (id COLLATE \"C\")",
		"CREATE INDEX IF NOT EXISTS turnkey_rejections_status ON $.turnkey_rejections (status, id COLLATE \"C\")",
		"CREATE INDEX IF NOT EXISTS turnkey_rejections_row ON $.turnkey_rejections (table_name, row_id)",
		"CREATE INDEX IF NOT EXISTS turnkey_rejections_created ON $.turnkey_rejections (created_at)",
		"CREATE INDEX IF NOT EXISTS rejection_details_client ON $.rejection_details (client_id)",
		"CREATE INDEX IF NOT EXISTS rejection_details_group ON $.rejection_details (group_id)",
		"ALTER TABLE $.meta ADD COLUMN IF NOT EXISTS holder text, ADD COLUMN IF NOT EXISTS held_until timestamptz",

		// Version 3, with conflictLayout.
		"CREATE TABLE IF NOT EXISTS $.outbox (id text COLLATE \"C\" PRIMARY KEY, kind text NOT NULL, lane text NOT NULL, user_id text NOT NULL, table_name text NOT NULL, row_id text NOT NULL, request_id text NOT NULL, deployment integer NOT NULL, created_at timestamptz NOT NULL, payload bytea NOT NULL, status text NOT NULL, due_at timestamptz NOT NULL, attempts integer NOT NULL DEFAULT 0, lease text NOT NULL DEFAULT '', last text, settled_at timestamptz, settled_by text NOT NULL DEFAULT '') WITH (autovacuum_vacuum_threshold = 100, autovacuum_vacuum_scale_factor = 0.02)",
		"CREATE INDEX IF NOT EXISTS outbox_due ON $.outbox (due_at) WHERE status = 'pending'",
		"CREATE INDEX IF NOT EXISTS outbox_lane_due ON $.outbox (lane, due_at) WHERE status = 'pending'",
		"CREATE INDEX IF NOT EXISTS outbox_status ON $.outbox (status, id)",
		"CREATE INDEX IF NOT EXISTS outbox_user ON $.outbox (user_id)",
		"CREATE INDEX IF NOT EXISTS outbox_settled ON $.outbox (settled_at) WHERE settled_at IS NOT NULL",
		"CREATE INDEX IF NOT EXISTS outbox_created ON $.outbox (created_at)",
	}
	list = append(list, conflictLayout...)
	list = append(list, instanceLayout...)
	list = append(list,
		"INSERT INTO $.meta (name, version) VALUES ('layout', "+strconv.Itoa(layoutVersion)+") ON CONFLICT (name) DO UPDATE SET version = greatest(meta.version, excluded.version)")
	for i := range list {
		list[i] = strings.ReplaceAll(list[i], "$", s.schema)
	}
	return list
}

// grants let a user that may not create use tables that somebody else has made.
func (s *Source) grants() []string {
	user := pgx.Identifier{s.config.User}.Sanitize()
	return []string{
		"GRANT USAGE ON SCHEMA " + s.schema + " TO " + user,
		"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA " + s.schema + " TO " + user,
	}
}

// Prepare implements source.Source. Runtimes that start at once take turns by an advisory lock.
func (s *Source) Prepare(ctx context.Context) error {
	pool, err := s.connections(ctx)
	if err != nil {
		return err
	}
	if ok, err := s.prepared(ctx, pool); ok || err != nil {
		return err
	}
	err = pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock(hashtext($1))", "turnkey layout "+s.opt.Schema); err != nil {
			return err
		}
		for _, statement := range s.layout() {
			if _, err := tx.Exec(ctx, statement); err != nil {
				return err
			}
		}
		return nil
	})
	var pg *pgconn.PgError
	if errors.As(err, &pg) && pg.Code == "42501" {
		return s.notPrepared(err)
	}
	return translate(err)
}

func (s *Source) notPrepared(err error) error {
	return &source.Failure{
		Class: source.Misconfigured, Code: "SOURCE_NOT_PREPARED", Message: "Turnkey's own tables are missing, and the database user may not create them.",
		Hint: "Run this as a user who may: " + strings.Join(append(s.layout(), s.grants()...), "; ") + ";", Change: -1, Err: err,
	}
}

// prepared reports that the layout is there already and can be used.
func (s *Source) prepared(ctx context.Context, q querier) (bool, error) {
	var version int
	err := q.QueryRow(ctx, "SELECT version FROM "+s.schema+".meta WHERE name = 'layout'").Scan(&version)
	var pg *pgconn.PgError
	switch {
	case err == nil:
		return version >= layoutVersion, nil
	case errors.Is(err, pgx.ErrNoRows), errors.As(err, &pg) && (pg.Code == "42P01" || pg.Code == "3F000" || pg.Code == "42501"):
		return false, nil
	}
	return false, translate(err)
}

// querier is a pool or a connection.
type querier interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}
