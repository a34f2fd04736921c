package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"turnkey/internal/devstack"
	"turnkey/runtime/hook/example"
)

// The instance that is measured: one table with rules, the same without; one of ten columns with a hook on every
// operation, the same without.
const benchConfig = `
source: {type: postgres, uri: {secret: SOURCE_URI}, database: turnkey}
auth:
  powersync_url: http://localhost:8081
  development_tokens: true
  token_ttl: 2h # longer than any measurement
  providers:
    - {name: bench, type: shared_secret, secret: {secret: BENCH_HS256}, issuer: bench, audience: bench, user_id: claims.sub}
tables:
  ruled:
    table: public.bench_ruled
    key: id
    id: uuid
    allow:
      create: new.owner_id == user.id
      update: old.owner_id == user.id && !("owner_id" in changed)
      delete: old.owner_id == user.id
    fields: &fields
      owner_id: {type: string}
      title: {type: string}
      done: {type: bool}
      priority: {type: int32}
      due: {type: date}
  open:
    table: public.bench_open
    key: id
    id: uuid
    allow: {create: "true", update: "true", delete: "true"}
    fields: *fields
  plain:
    table: public.bench_plain
    key: id
    id: uuid
    allow: {create: "true", update: "true", delete: "true"}
    fields: &ten
      title: {type: string}
      status: {type: string}
      priority: {type: int32}
      assignee_email: {type: string}
      tags: {type: array, of: string}
      due: {type: date}
      estimate: {type: double}
      notes: {type: string}
      owner_id: {type: string}
      updated_by: {type: string}
  hooked:
    table: public.bench_hooked
    key: id
    id: uuid
    allow: {create: "true", update: "true", delete: "true"}
    fields: *ten
limits: {transactions_per_minute: 100000000}
`

const benchTable = `(id uuid PRIMARY KEY, owner_id text NOT NULL, title text, done boolean, priority integer, due timestamptz)`

const tenTable = `(id uuid PRIMARY KEY, title text, status text, priority integer, assignee_email text, tags text[], due timestamptz,
	estimate double precision, notes text, owner_id text, updated_by text)`

const hs256Key = "bench-bench-bench-bench-bench-bench!"

// stack is the cluster and the bare driver's pool on it. The servers that are measured share them.
type stack struct {
	postgres *devstack.Postgres
	pool     *pgxpool.Pool
	folder   string       // of the instance
	next     atomic.Int64 // the next row number that no table has yet
	stamps   atomic.Int64 // see device.upload
}

func startStack(ctx context.Context, dir string) (st *stack, err error) {
	st = &stack{folder: filepath.Join(dir, "instance")}
	st.next.Store(connections * rowsEach)
	st.stamps.Store(1_000_000)
	defer func() {
		if err != nil {
			err = errors.Join(err, st.stop())
		}
	}()
	if st.postgres, err = devstack.StartPostgres(ctx, devstack.PostgresConfig{Dir: filepath.Join(dir, "postgres")}); err != nil {
		return st, err
	}
	cfg, err := pgxpool.ParseConfig(st.postgres.URL("postgres"))
	if err != nil {
		return st, err
	}
	cfg.MinConns, cfg.MaxConns = connections, connections
	if st.pool, err = pgxpool.NewWithConfig(ctx, cfg); err != nil {
		return st, err
	}
	for name, columns := range map[string]string{
		"bench_bare": benchTable, "bench_ruled": benchTable, "bench_open": benchTable, "bench_plain": tenTable, "bench_hooked": tenTable,
	} {
		if _, err = st.pool.Exec(ctx, "CREATE TABLE "+pgx.Identifier{name}.Sanitize()+" "+columns); err != nil {
			return st, fmt.Errorf("making table %s: %w", name, err)
		}
	}
	return st, st.writeFolder()
}

// writeFolder makes what turnkey serve serves.
func (st *stack) writeFolder() error {
	if err := os.MkdirAll(filepath.Join(st.folder, "hooks"), 0o700); err != nil {
		return err
	}
	return errors.Join(
		os.WriteFile(filepath.Join(st.folder, "turnkey.yaml"), []byte(benchConfig), 0o600),
		os.WriteFile(filepath.Join(st.folder, "hooks", "hooked.ts"), []byte(example.Typical), 0o600),
	)
}

// fill makes the rows that PATCH changes, the same in all three tables.
func (st *stack) fill(ctx context.Context, s *server) error {
	for _, table := range []string{"open", "ruled"} {
		c, err := s.dial("/api/data", s.token)
		if err != nil {
			return err
		}
		d := newDevice("fill-"+table, 0)
		ids := make([]int64, 1000)
		for at := int64(0); at < connections*rowsEach; at += int64(len(ids)) {
			for j := range ids {
				ids[j] = at + int64(j)
			}
			if err := c.post(d.upload(puts, table, 0, ids), `"success"`, 1); err != nil {
				return fmt.Errorf("filling %s: %w", table, err)
			}
		}
		c.conn.Close()
	}
	_, err := st.pool.Exec(ctx, "INSERT INTO bench_bare SELECT * FROM bench_open")
	return err
}

// stop ends what startStack has started, in reverse order.
func (st *stack) stop() error {
	if st.pool != nil {
		st.pool.Close()
	}
	if st.postgres == nil {
		return nil
	}
	return st.postgres.Stop()
}
