package devstack

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"turnkey/internal/fault"
)

// projectFolder makes a folder of the given name that every account can reach; t.TempDir is 0700.
func projectFolder(t *testing.T, name string) string {
	t.Helper()
	top, err := os.MkdirTemp("", "turnkey-devstack-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(top) })
	dir := filepath.Join(top, name)
	if err := errors.Join(os.Chmod(top, 0o755), os.MkdirAll(dir, 0o755)); err != nil {
		t.Fatal(err)
	}
	return dir
}

func start(t *testing.T, cfg PostgresConfig) *Postgres {
	t.Helper()
	p, err := StartPostgres(t.Context(), cfg)
	if err != nil {
		t.Fatal(Explain(err))
	}
	return p
}

func query(t *testing.T, p *Postgres, sql string) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), p.URL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	var out string
	if err := conn.QueryRow(t.Context(), sql).Scan(&out); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return out
}

func stop(t *testing.T, p *Postgres) {
	t.Helper()
	if err := p.Stop(); err != nil {
		t.Fatal(err)
	}
}

// TestClusterSurvives a stop and a crash, at the same port, in a path with a space, whatever libpq
// variables the shell has set.
func TestClusterSurvives(t *testing.T) {
	t.Setenv("PGDATA", "/nonexistent")
	t.Setenv("PGPORT", "1")
	t.Setenv("LC_ALL", "xx_YY.nonsense")
	dir := filepath.Join(projectFolder(t, "my project"), "postgres")

	p := start(t, PostgresConfig{Dir: dir})
	if !p.Created || p.Dir != dir {
		t.Fatalf("created %v in %s, want a new cluster in %s", p.Created, p.Dir, dir)
	}
	if got := query(t, p, `SHOW fsync`); got != "on" {
		t.Errorf("fsync is %s for a cluster that keeps data", got)
	}
	execute(t, p, `CREATE TABLE kept AS SELECT 'first' AS word`)
	port := p.Port
	stop(t, p)

	p = start(t, PostgresConfig{Dir: dir})
	if p.Created || p.Port != port {
		t.Errorf("second start: created %v, port %d; want the old cluster at port %d", p.Created, p.Port, port)
	}
	execute(t, p, `UPDATE kept SET word = 'second'`)
	if err := p.Kill(); err != nil {
		t.Fatal(err)
	}

	p = start(t, PostgresConfig{Dir: dir})
	defer stop(t, p)
	if got := query(t, p, `SELECT word FROM kept`); got != "second" {
		t.Errorf("after a crash the row says %q", got)
	}
}

func execute(t *testing.T, p *Postgres, sql string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), p.URL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	if _, err := conn.Exec(t.Context(), sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// TestPrivateHome: as root in a home of mode 0700 the cluster and the binaries move to where the
// server's user reaches them, and the next start finds them there. Another user stays in place.
func TestPrivateHome(t *testing.T) {
	home := projectFolder(t, "home")
	if err := os.Chmod(home, 0o700); err != nil {
		t.Fatal(err)
	}
	in, err := FindPostgres(t.Context(), "")
	if err != nil {
		t.Fatal(Explain(err))
	}
	tree := filepath.Join(home, "node_modules", "native")
	if err := copyTree(filepath.Dir(in.BinDir), tree); err != nil {
		t.Fatal(err)
	}
	cfg := PostgresConfig{Dir: filepath.Join(home, "clone", ".turnkey", "postgres"), BinDir: filepath.Join(tree, filepath.Base(in.BinDir))}

	p := start(t, cfg)
	execute(t, p, `CREATE TABLE kept AS SELECT 'here' AS word`)
	first := p.Dir
	moved := os.Geteuid() == 0
	if moved {
		t.Cleanup(func() { _ = os.RemoveAll(first) })
	}
	if (first != cfg.Dir) != moved {
		t.Errorf("as uid %d the cluster is in %s", os.Geteuid(), first)
	}
	stop(t, p)
	p = start(t, cfg)
	if got := query(t, p, `SELECT word FROM kept`); got != "here" || p.Dir != first {
		t.Errorf("second start found %q in %s, want the cluster in %s", got, p.Dir, first)
	}
	stop(t, p)

	if moved {
		// Data that vanished is said, never replaced by an empty cluster.
		if err := os.RemoveAll(first); err != nil {
			t.Fatal(err)
		}
		_, err := StartPostgres(t.Context(), cfg)
		if !fault.Is(err, "postgres_folder") || !strings.Contains(err.Error(), first) {
			t.Errorf("with the data gone: %v", err)
		}
	}
}

// TestSecondServerIsRefused with the process that is in the way.
func TestSecondServerIsRefused(t *testing.T) {
	dir := filepath.Join(projectFolder(t, "p"), "postgres")
	p := start(t, PostgresConfig{Dir: dir})
	defer stop(t, p)
	_, err := startPostgres(t.Context(), PostgresConfig{Dir: dir}, 0)
	if !fault.Is(err, "postgres_in_use") || !strings.Contains(err.Error(), fmt.Sprint(p.Pid())) {
		t.Fatalf("got %v, want postgres_in_use naming process %d", err, p.Pid())
	}
	if got := query(t, p, `SELECT 'still here'`); got != "still here" {
		t.Fatal("the first server suffered")
	}
}

// TestThrowawayLeavesNothing behind.
func TestThrowawayLeavesNothing(t *testing.T) {
	p := start(t, PostgresConfig{})
	if got := query(t, p, `SHOW fsync`); got != "off" {
		t.Errorf("fsync is %s for a throwaway cluster", got)
	}
	stop(t, p)
	if _, err := os.Stat(p.Dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s is still there", p.Dir)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := StartPostgres(ctx, PostgresConfig{}); err == nil {
		t.Error("a cancelled start succeeded")
	}
}

// TestNothingOutlivesUs: a process that dies by SIGKILL takes its server along (Linux; elsewhere the
// next start says which process is in the way, see TestSecondServerIsRefused).
func TestNothingOutlivesUs(t *testing.T) {
	if dir := os.Getenv("DEVSTACK_TEST_CHILD"); dir != "" {
		p := start(t, PostgresConfig{Dir: dir})
		fmt.Printf("pid %d\n", p.Pid())
		select {} // until killed
	}
	dir := filepath.Join(projectFolder(t, "p"), "postgres")
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestNothingOutlivesUs$")
	child.Env = append(os.Environ(), "DEVSTACK_TEST_CHILD="+dir)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	var server int
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatal(err)
	} else if _, err := fmt.Sscanf(line, "pid %d", &server); err != nil {
		t.Fatalf("the child said %q", line)
	}
	_ = child.Process.Kill()
	_ = child.Wait() // "signal: killed"

	// A new start at once meets the old server on its way out, waits for it and takes over.
	p, err := startPostgres(t.Context(), PostgresConfig{Dir: dir}, takeoverOnThisSystem)
	if endsWithParent {
		if err != nil {
			t.Fatal(Explain(err))
		}
		stop(t, p) // PostgreSQL itself refuses the folder while the old server lives, so it is gone
		return
	}
	if !fault.Is(err, "postgres_in_use") {
		t.Errorf("got %v, want postgres_in_use", err)
	}
	_ = syscall.Kill(server, syscall.SIGINT)
}

// takeoverOnThisSystem: waiting helps only where the server follows its parent.
var takeoverOnThisSystem = map[bool]time.Duration{true: takeoverGrace}[endsWithParent]
