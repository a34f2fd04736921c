package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"turnkey/internal/devstack"
)

// The instance that is measured: one table with rules, the same without, under names of their own.
const benchConfig = `
source: {type: postgres, uri: {secret: SOURCE_URI}, database: turnkey}
auth:
  powersync_url: http://localhost:8081
  development_tokens: true
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
limits: {transactions_per_minute: 100000000}
`

const benchTable = `(id uuid PRIMARY KEY, owner_id text NOT NULL, title text, done boolean, priority integer, due timestamptz)`

const hs256Key = "bench-bench-bench-bench-bench-bench!"

// stack is the cluster, the product as a process of its own, and the bare driver's pool.
type stack struct {
	postgres *devstack.Postgres
	pool     *pgxpool.Pool
	process  *exec.Cmd
	log      *bytes.Buffer
	addr     string
	path     string // /i/{host}
	token    string
}

func startStack(ctx context.Context, dir, binary string) (st *stack, err error) {
	st = &stack{log: &bytes.Buffer{}}
	defer func() {
		if err != nil {
			err = errors.Join(err, st.stop())
		}
	}()
	if st.postgres, err = devstack.StartPostgres(ctx, devstack.PostgresConfig{Dir: filepath.Join(dir, "postgres")}); err != nil {
		return st, err
	}
	url := st.postgres.URL("postgres")
	cfg, err := pgxpool.ParseConfig(url)
	if err != nil {
		return st, err
	}
	cfg.MinConns, cfg.MaxConns = connections, connections
	if st.pool, err = pgxpool.NewWithConfig(ctx, cfg); err != nil {
		return st, err
	}
	for _, t := range []string{"bench_bare", "bench_ruled", "bench_open"} {
		if _, err = st.pool.Exec(ctx, "CREATE TABLE "+pgx.Identifier{t}.Sanitize()+" "+benchTable); err != nil {
			return st, fmt.Errorf("making table %s: %w", t, err)
		}
	}
	return st, st.serve(ctx, filepath.Join(dir, "instance"), binary, url)
}

// serve starts `turnkey serve` on a folder and waits until its instance is healthy.
func (st *stack) serve(ctx context.Context, folder, binary, url string) error {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(folder, "turnkey.yaml"), []byte(benchConfig), 0o600); err != nil {
		return err
	}
	port, err := freePort()
	if err != nil {
		return err
	}
	st.addr, st.path = fmt.Sprintf("127.0.0.1:%d", port), "/i/serve"
	cmd := exec.CommandContext(ctx, binary, "serve", folder, "--listen", st.addr, "--development", "--allow-private-networks")
	cmd.Env = append(os.Environ(), "SOURCE_URI="+url, "BENCH_HS256="+hs256Key)
	cmd.Stdout, cmd.Stderr = st.log, st.log
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("starting %s: %w", binary, err)
	}
	st.process = cmd
	if err := st.await(ctx); err != nil {
		return fmt.Errorf("%w\n%s", err, st.log)
	}
	return st.fetchToken()
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

func (st *stack) await(ctx context.Context) error {
	deadline := time.Now().Add(20 * time.Second)
	for time.Now().Before(deadline) && ctx.Err() == nil {
		response, err := http.Get("http://" + st.addr + st.path + "/health")
		if err == nil {
			response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return nil
			}
		}
		time.Sleep(20 * time.Millisecond)
	}
	return errors.New("the instance did not become healthy within 20 s")
}

func (st *stack) fetchToken() error {
	response, err := http.Get("http://" + st.addr + st.path + "/token?user_id=" + benchUser)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	var answer struct {
		Token string `json:"token"`
	}
	if err := json.Unmarshal(body, &answer); err != nil || answer.Token == "" {
		return fmt.Errorf("no token: %d %s", response.StatusCode, body)
	}
	st.token = answer.Token
	return nil
}

// stop ends what startStack has started, in reverse order.
func (st *stack) stop() error {
	var errs []error
	if st.process != nil {
		_ = st.process.Process.Signal(syscall.SIGTERM) // an error means that it has ended already
		if err := st.process.Wait(); err != nil {
			errs = append(errs, fmt.Errorf("the runtime ended badly: %w\n%s", err, st.log))
		}
	}
	if st.pool != nil {
		st.pool.Close()
	}
	if st.postgres != nil {
		errs = append(errs, st.postgres.Stop())
	}
	return errors.Join(errs...)
}
