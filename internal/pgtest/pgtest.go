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
	"errors"
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
	pattern string // the database that Like copies; "": not made yet
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
	if process.server == nil {
		return code
	}
	if process.server.private == nil {
		if err := process.server.drop(process.server.pattern); err != nil {
			fmt.Fprintln(os.Stderr, "pgtest:", err)
			return max(code, 1)
		}
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
	return s.copied(tb, "template0")
}

// Like returns the URL of a fresh database with what prepare has put into another one, once for the process: the same
// prepare for all of its tests.
func Like(tb testing.TB, prepare func(ctx context.Context, url string) error) string {
	tb.Helper()
	s := Cluster(tb)
	process.mu.Lock()
	err := s.makePattern(prepare)
	process.mu.Unlock()
	if err != nil {
		tb.Fatalf("pgtest: %v", err)
	}
	return s.copied(tb, s.pattern)
}

// makePattern makes the database that Like copies; guarded by process.mu.
func (s *Server) makePattern(prepare func(ctx context.Context, url string) error) error {
	if s.pattern != "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	name := fmt.Sprintf("turnkey_test_%d_pattern", os.Getpid())
	if err := s.exec(`CREATE DATABASE ` + name + ` TEMPLATE template0`); err != nil {
		return err
	}
	u, err := s.url(name)
	if err == nil {
		err = prepare(ctx, u)
	}
	if err != nil {
		return errors.Join(err, s.drop(name))
	}
	s.pattern = name
	return nil
}

func (s *Server) copied(tb testing.TB, pattern string) string {
	tb.Helper()
	process.mu.Lock()
	s.made++
	name := fmt.Sprintf("turnkey_test_%d_%d", os.Getpid(), s.made)
	process.mu.Unlock()
	u, err := s.url(name)
	if err == nil {
		err = s.exec(`CREATE DATABASE ` + name + ` TEMPLATE ` + pattern)
	}
	if err != nil {
		tb.Fatalf("pgtest: %v", err)
	}
	tb.Cleanup(func() {
		if err := s.drop(name); err != nil {
			tb.Errorf("pgtest: %v", err)
		}
	})
	return u
}

func (s *Server) url(database string) (string, error) {
	u, err := url.Parse(s.admin)
	if err != nil {
		return "", errors.New("TURNKEY_TEST_POSTGRES_URL is not a URL") // the error would quote the password
	}
	u.Path = "/" + database
	return u.String(), nil
}

func (s *Server) drop(database string) error {
	if database == "" {
		return nil
	}
	return s.exec(`DROP DATABASE IF EXISTS ` + database + ` WITH (FORCE)`)
}

func (s *Server) exec(sql string) error {
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	conn, err := pgx.Connect(ctx, s.admin)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer func() { _ = conn.Close(ctx) }()
	if _, err := conn.Exec(ctx, sql); err != nil {
		return fmt.Errorf("%s: %w", sql, err)
	}
	return nil
}
