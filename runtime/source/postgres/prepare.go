package postgres

import (
	"context"
	"errors"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"turnkey/runtime/source"
)

// layoutVersion of our own tables.
const layoutVersion = 1

// layout is what Prepare runs, and what an operator runs where we may not.
func (s *Source) layout() []string {
	schema := s.schema
	return []string{
		"CREATE SCHEMA IF NOT EXISTS " + schema,
		"CREATE TABLE IF NOT EXISTS " + schema + `.turnkey_rejections (id text PRIMARY KEY, user_id text NOT NULL, table_name text NOT NULL, row_id text NOT NULL, error_code text NOT NULL, message text NOT NULL, hint text NOT NULL, status text NOT NULL, created_at timestamptz NOT NULL)`,
		"CREATE INDEX IF NOT EXISTS turnkey_rejections_user ON " + schema + ".turnkey_rejections (user_id, created_at)",
		"CREATE TABLE IF NOT EXISTS " + schema + `.rejection_details (id text PRIMARY KEY REFERENCES ` + schema + `.turnkey_rejections ON DELETE CASCADE, client_id text NOT NULL, request_id text NOT NULL, deployment integer NOT NULL, operation integer NOT NULL, detail text NOT NULL, payload_bytes bigint NOT NULL)`,
		"CREATE TABLE IF NOT EXISTS " + schema + `.payloads (id text NOT NULL REFERENCES ` + schema + `.turnkey_rejections ON DELETE CASCADE, kind text NOT NULL, part integer NOT NULL, data bytea NOT NULL, PRIMARY KEY (id, kind, part))`,
		"CREATE TABLE IF NOT EXISTS " + schema + ".meta (name text PRIMARY KEY, version integer NOT NULL)",
		"INSERT INTO " + schema + ".meta (name, version) VALUES ('layout', 1) ON CONFLICT (name) DO UPDATE SET version = greatest(meta.version, excluded.version)",
	}
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
