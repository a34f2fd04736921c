// Package store keeps the control plane's rows in PostgreSQL: it implements controlplane.Store with
// queries that sqlc compiled (queries/*.sql, one file per noun), and applies the migrations.
//
// It is the only package that knows the control plane's SQL. It must not know who may do what, and it
// decides nothing: it turns rows into domain types and database errors into faults.
package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"turnkey/controlplane"
	"turnkey/controlplane/store/internal/db"
	"turnkey/internal/fault"
	"turnkey/internal/redact"
)

//go:generate go run github.com/sqlc-dev/sqlc/cmd/sqlc@v1.31.1 generate

// Store is a pool of connections to the control plane's database.
type Store struct{ pool *pgxpool.Pool }

var _ controlplane.Store = (*Store)(nil)

// connectTimeout bounds one attempt to reach the database.
const connectTimeout = 10 * time.Second

// Open connects and checks that the database answers; the schema must be there (Migrate). The error
// never quotes the URL.
func Open(ctx context.Context, url redact.Secret) (*Store, error) {
	config, err := pgxpool.ParseConfig(url.Reveal())
	if err != nil {
		return nil, badURL()
	}
	config.ConnConfig.ConnectTimeout = connectTimeout
	// Statements are described, not named and kept: that also works behind a transaction pooler, and
	// unlike the simple protocol it never puts a value into SQL text.
	config.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeCacheDescribe
	config.ConnConfig.RuntimeParams["application_name"] = "turnkey-controlplane"
	config.ConnConfig.RuntimeParams["timezone"] = "UTC"
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, translate(err)
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("connect to the control plane's database: %w", translate(err))
	}
	return &Store{pool: pool}, nil
}

// Close waits for running transactions and closes the connections.
func (s *Store) Close() { s.pool.Close() }

// tx is one transaction; the nouns' methods are in their own files.
type tx struct{ q *db.Queries }

// maxAttempts is how often a transaction runs when others keep getting in its way.
const maxAttempts = 5

// InTx implements controlplane.Store.
func (s *Store) InTx(ctx context.Context, fn func(controlplane.Tx) error) error {
	if j := jointOf(ctx); j != nil {
		outer, err := j.begin(ctx)
		if err != nil {
			return err
		}
		return inside(ctx, outer, fn) // a savepoint; only the outermost transaction could try again
	}
	return s.alone(ctx, fn)
}

// View implements controlplane.Store.
func (s *Store) View(ctx context.Context, fn func(controlplane.Tx) error) error {
	if j := jointOf(ctx); j != nil && j.tx != nil {
		return inside(ctx, j.tx, fn)
	}
	return s.alone(ctx, fn)
}

func (s *Store) alone(ctx context.Context, fn func(controlplane.Tx) error) error {
	var err error
	for range maxAttempts {
		if err = inside(ctx, s.pool, fn); !fault.Is(err, codeContended) {
			return err
		}
	}
	return err
}

// beginner is a pool, or a transaction that gives savepoints.
type beginner interface {
	Begin(ctx context.Context) (pgx.Tx, error)
}

func inside(ctx context.Context, from beginner, fn func(controlplane.Tx) error) error {
	t, err := from.Begin(ctx)
	if err != nil {
		return translate(err)
	}
	err = fn(tx{db.New(t)})
	return finish(ctx, t, err)
}

// finish commits, or undoes because of err.
func finish(ctx context.Context, t pgx.Tx, err error) error {
	if err != nil {
		undo(ctx, t)
		return err
	}
	return translate(t.Commit(ctx))
}

// undo rolls back even when the request was given up: an open transaction would keep its locks.
func undo(ctx context.Context, t pgx.Tx) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), connectTimeout)
	defer cancel()
	_ = t.Rollback(ctx) // when even that fails the connection is closed, which undoes too
}

func badURL() error {
	return fault.New(fault.Invalid, "bad_database_url", "The control plane's database URL cannot be read.").
		WithHint("It has the form postgres://user:password@host:5432/database.")
}

// limit converts a page size for the generated code.
func limit(n int) int32 { return int32(min(n, 1000)) }

// grantOf keeps the plain strings of rows out of the domain.
func grantOf(organization, role string, projects []string) controlplane.Grant {
	return controlplane.Grant{Organization: organization, Role: controlplane.Role(role), Projects: projects}
}

// timeOr gives a time or, when it is zero, another: the open end of a range.
func timeOr(t, other time.Time) time.Time {
	if t.IsZero() {
		return other
	}
	return t
}

// isNoRows reports the driver's "nothing found".
func isNoRows(err error) bool { return errors.Is(err, pgx.ErrNoRows) }
