package stand

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"turnkey/internal/devstack"
	"turnkey/runtime/torture/client"
	"turnkey/runtime/torture/history"
)

// Postgres is a private cluster with fsync on. A trigger logs every change of a row, in the
// transaction that makes it.
type Postgres struct {
	dir string

	mu     sync.Mutex // of server, while it restarts
	server *devstack.Postgres
	pool   *pgxpool.Pool
	tables []Table
}

// schema of Turnkey's own tables.
const postgresSchema = "turnkey"

// StartPostgres starts a cluster in a folder.
func StartPostgres(ctx context.Context, dir string) (*Postgres, error) {
	p := &Postgres{dir: filepath.Join(dir, "postgres")}
	var err error
	if p.server, err = devstack.StartPostgres(ctx, devstack.PostgresConfig{Dir: p.dir}); err != nil {
		return nil, devstack.Explain(err)
	}
	cfg, err := pgxpool.ParseConfig(p.server.URL("postgres"))
	if err != nil {
		return nil, err
	}
	cfg.ConnConfig.RuntimeParams["application_name"] = "torture"
	cfg.MaxConns = 8
	p.pool, err = pgxpool.NewWithConfig(ctx, cfg)
	return p, err
}

// Name implements Database.
func (p *Postgres) Name() string { return "postgres" }

// Addr implements Database.
func (p *Postgres) Addr() string { return "127.0.0.1:" + strconv.Itoa(p.server.Port) }

// URI implements Database.
func (p *Postgres) URI(addr string) string {
	u, err := url.Parse(p.server.URL("postgres"))
	if err != nil { // our own
		panic(err)
	}
	u.Host = addr
	return u.String()
}

// logged is what a table needs to log its changes.
const logged = `
CREATE SCHEMA IF NOT EXISTS torture;
CREATE TABLE IF NOT EXISTS torture.log (seq bigserial PRIMARY KEY, commit text NOT NULL, verb text NOT NULL, "table" text NOT NULL, id text NOT NULL, tag text, n bigint, items text[]);
CREATE OR REPLACE FUNCTION torture.change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE r record;
BEGIN
	IF TG_OP = 'DELETE' THEN r := OLD; ELSE r := NEW; END IF;
	INSERT INTO torture.log (commit, verb, "table", id, tag, n, items)
	VALUES (pg_current_xact_id()::text, lower(TG_OP), TG_TABLE_NAME, r.id, r.tag, r.n, r.items);
	RETURN NULL;
END $$;`

// Prepare implements Database.
func (p *Postgres) Prepare(ctx context.Context, tables []Table) error {
	p.tables = tables
	if _, err := p.pool.Exec(ctx, logged); err != nil {
		return fmt.Errorf("making the log of changes: %w", err)
	}
	for _, t := range tables {
		name := pgx.Identifier{t.Name}.Sanitize()
		err := pgx.BeginFunc(ctx, p.pool, func(tx pgx.Tx) error {
			if _, err := tx.Exec(ctx, "CREATE TABLE "+name+" (id text PRIMARY KEY, tag text, n bigint, items text[])"); err != nil {
				return err
			}
			for id, row := range t.Seeds {
				if _, err := tx.Exec(ctx, "INSERT INTO "+name+" (id, tag, n, items) VALUES ($1, $2, $3, '{}')", id, row.Tag, row.N); err != nil {
					return err
				}
			}
			_, err := tx.Exec(ctx, "CREATE TRIGGER change AFTER INSERT OR UPDATE OR DELETE ON "+name+" FOR EACH ROW EXECUTE FUNCTION torture.change()")
			return err
		})
		if err != nil {
			return fmt.Errorf("making table %s: %w", t.Name, err)
		}
	}
	return nil
}

// Restart implements Database.
func (p *Postgres) Restart(ctx context.Context, crash bool) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	port := p.server.Port
	var err error
	if crash {
		err = p.server.Kill()
	} else {
		err = p.server.Stop()
	}
	if err != nil {
		return fmt.Errorf("ending PostgreSQL: %w", err)
	}
	server, err := devstack.StartPostgres(ctx, devstack.PostgresConfig{Dir: p.dir, Port: port})
	if err != nil {
		return devstack.Explain(err)
	}
	p.server = server
	return nil
}

// Terminate implements Database.
func (p *Postgres) Terminate(ctx context.Context) (n int, err error) {
	err = p.pool.QueryRow(ctx, `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
		WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() AND application_name <> 'torture'`).Scan(&n)
	return n, err
}

// View implements Database.
func (p *Postgres) View(ctx context.Context, table string) (client.View, error) {
	rows, err := p.pool.Query(ctx, "SELECT id, coalesce(tag, ''), coalesce(n, 0), coalesce(items, '{}') FROM "+pgx.Identifier{table}.Sanitize())
	if err != nil {
		return nil, err
	}
	view := client.View{}
	var id string
	var row history.Row
	_, err = pgx.ForEachRow(rows, []any{&id, &row.Tag, &row.N, &row.Items}, func() error {
		view[history.Key(table, id)] = row
		row.Items = nil
		return nil
	})
	return view, err
}

// Touch implements Database.
func (p *Postgres) Touch(ctx context.Context, table string, ids []string) error {
	return pgx.BeginFunc(ctx, p.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "SET LOCAL lock_timeout = '100ms'"); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, "UPDATE "+pgx.Identifier{table}.Sanitize()+" SET tag = 'foreign' WHERE id = ANY($1)", ids)
		return err
	})
}

// Changes implements Database.
func (p *Postgres) Changes(ctx context.Context) ([]history.Change, error) {
	rows, err := p.pool.Query(ctx, `SELECT commit, verb, "table", id, coalesce(tag, ''), coalesce(n, 0), coalesce(items, '{}') FROM torture.log ORDER BY seq`)
	if err != nil {
		return nil, err
	}
	var out []history.Change
	var c history.Change
	_, err = pgx.ForEachRow(rows, []any{&c.Commit, &c.Verb, &c.Table, &c.ID, &c.Row.Tag, &c.Row.N, &c.Row.Items}, func() error {
		out = append(out, c)
		c.Row.Items = nil
		return nil
	})
	return out, err
}

// Hasten implements Database.
func (p *Postgres) Hasten(ctx context.Context) (int, error) {
	tag, err := p.pool.Exec(ctx, "UPDATE "+postgresSchema+".outbox SET due_at = now() - interval '1 minute' WHERE status = 'pending'")
	return int(tag.RowsAffected()), err
}

// Rejections implements Database.
func (p *Postgres) Rejections(ctx context.Context) ([]history.Rejection, error) {
	rows, err := p.pool.Query(ctx, "SELECT user_id, table_name, row_id FROM "+postgresSchema+".turnkey_rejections")
	if err != nil {
		return nil, err
	}
	out := []history.Rejection{}
	var user, table, id string
	_, err = pgx.ForEachRow(rows, []any{&user, &table, &id}, func() error {
		out = append(out, history.Rejection{User: user, Row: history.Key(table, id)})
		return nil
	})
	return out, err
}

// Close implements Database.
func (p *Postgres) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pool.Close()
	return p.server.Stop()
}

// Eventually repeats what needs the database until it answers: it may be restarting.
func Eventually[T any](ctx context.Context, read func(context.Context) (T, error)) (T, error) {
	var errs []string
	for deadline := time.Now().Add(readyWithin); ; {
		value, err := read(ctx)
		if err == nil {
			return value, nil
		}
		if errs = append(errs, err.Error()); time.Now().After(deadline) || ctx.Err() != nil {
			return value, errors.New("the database does not answer: " + strings.Join(errs[max(0, len(errs)-2):], "; "))
		}
		select {
		case <-ctx.Done():
		case <-time.After(50 * time.Millisecond):
		}
	}
}
