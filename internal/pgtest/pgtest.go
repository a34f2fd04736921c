// Package pgtest gives each test a fresh, empty database on one real PostgreSQL server per test
// process. A package that uses it declares
//
//	func TestMain(m *testing.M) { pgtest.Main(m) }
//
// The server is a throwaway cluster (fsync off) that starts with the first test that asks and ends
// with the process. TURNKEY_TEST_POSTGRES_URL names an existing server to use instead; its user must
// be allowed to create databases.
//
// It must not know any schema, and only _test.go files import it.
package pgtest

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"turnkey/internal/devstack"
)

// startTimeout covers initdb on a machine that is busy with other test processes.
const startTimeout = 2 * time.Minute

// Server is the one server of the test process.
type Server struct {
	admin   string // URL of a database that always exists
	private *devstack.Postgres
	made    int
}

// process is the state of this test process; guarded by mu.
var process struct {
	mu      sync.Mutex
	entered bool // Main runs, so somebody will stop what we start
	server  *Server
	err     error
}

// Main runs the tests, stops the server if one was started, and exits.
func Main(m *testing.M) { os.Exit(Run(m)) }

// Run is Main for packages whose TestMain does more; it returns the exit code.
func Run(m *testing.M) int {
	process.mu.Lock()
	process.entered = true
	process.mu.Unlock()
	code := m.Run()
	process.mu.Lock()
	defer process.mu.Unlock()
	if process.server == nil || process.server.private == nil {
		return code
	}
	if err := process.server.private.Stop(); err != nil {
		fmt.Fprintln(os.Stderr, "pgtest: stop the server:", err)
		return max(code, 1)
	}
	return code
}

// Cluster returns the server of this process, starting it at the first call. It fails the test when
// there is no PostgreSQL: a database test never passes unrun.
func Cluster(tb testing.TB) *Server {
	tb.Helper()
	process.mu.Lock()
	defer process.mu.Unlock()
	if process.server == nil && process.err == nil {
		process.server, process.err = start(process.entered)
	}
	if process.err != nil {
		tb.Fatalf("pgtest: %v", process.err)
	}
	return process.server
}

func start(entered bool) (*Server, error) {
	if existing := os.Getenv("TURNKEY_TEST_POSTGRES_URL"); existing != "" {
		return &Server{admin: existing}, nil
	}
	if !entered {
		return nil, fmt.Errorf("this package needs `func TestMain(m *testing.M) { pgtest.Main(m) }`, or its server would outlive the tests")
	}
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	pg, err := devstack.StartPostgres(ctx, devstack.PostgresConfig{BinDir: os.Getenv("TURNKEY_POSTGRES_BIN")})
	if err != nil {
		return nil, devstack.Explain(err)
	}
	return &Server{admin: pg.URL("postgres"), private: pg}, nil
}

// URL returns the connection URL of a fresh, empty database that lives as long as the test. The user
// is a superuser on the throwaway server.
func URL(tb testing.TB) string {
	tb.Helper()
	return Cluster(tb).Database(tb)
}

// AdminURL is the URL of the server's maintenance database, for tests that need roles or settings.
// What they create on the server they must remove.
func (s *Server) AdminURL() string { return s.admin }

// Database makes a fresh, empty database and returns its URL; it is dropped when the test ends,
// whoever is still connected.
func (s *Server) Database(tb testing.TB) string {
	tb.Helper()
	process.mu.Lock()
	s.made++
	name := fmt.Sprintf("turnkey_test_%d_%d", os.Getpid(), s.made)
	process.mu.Unlock()

	s.exec(tb, `CREATE DATABASE `+name+` TEMPLATE template0`)
	tb.Cleanup(func() { s.exec(tb, `DROP DATABASE IF EXISTS `+name+` WITH (FORCE)`) })
	u, err := url.Parse(s.admin)
	if err != nil {
		tb.Fatalf("pgtest: TURNKEY_TEST_POSTGRES_URL is not a URL") // the error would quote the password
	}
	u.Path = "/" + name
	return u.String()
}

func (s *Server) exec(tb testing.TB, sql string) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	conn, err := pgx.Connect(ctx, s.admin)
	if err != nil {
		tb.Fatalf("pgtest: connect: %v", err)
	}
	defer func() { _ = conn.Close(ctx) }()
	if _, err := conn.Exec(ctx, sql); err != nil {
		tb.Fatalf("pgtest: %s: %v", sql, err)
	}
}
