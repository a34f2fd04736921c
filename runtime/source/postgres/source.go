package postgres

import (
	"context"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"turnkey/internal/redact"
	"turnkey/runtime/bundle"
	"turnkey/runtime/source"
)

// DialFunc opens a connection.
type DialFunc func(ctx context.Context, network, address string) (net.Conn, error)

// Options of a source.
type Options struct {
	URI    redact.Secret
	Schema string // of our own tables; "": turnkey
	// Instance owns what is kept in them for people: several may share a schema.
	Instance string
	RLS      *bundle.RowLevelSecurity
	Dial     DialFunc // the guarded dialer
	// AllowPrivate allows connection strings without TLS; such connections still go to private
	// addresses only. It does not loosen Dial's own rules.
	AllowPrivate bool
	MaxConns     int32 // 0: 8
	Now          func() time.Time
	Log          *slog.Logger
}

const (
	defaultConns   = 8
	idleTime       = time.Minute
	connectTimeout = 5 * time.Second
	// relationsFor is how long the catalog's answer about a table is believed.
	relationsFor = time.Minute
	// idleLimit ends transactions of a runtime that stalled between two commands; shortIdle the same once
	// locks are held. See doc.go.
	idleLimit = "25s"
	shortIdle = "SET LOCAL idle_in_transaction_session_timeout = '1500ms'"
)

// keepalive lets the server notice that our whole machine is gone.
var keepalive = map[string]string{"tcp_keepalives_idle": "5", "tcp_keepalives_interval": "1", "tcp_keepalives_count": "3", "tcp_user_timeout": "8000"}

// Source implements source.Source.
type Source struct {
	opt     Options
	schema  string // quoted
	queries queries
	config  *pgx.ConnConfig

	mu        sync.Mutex
	pool      *pgxpool.Pool // nil until first use
	pooled    bool          // behind a transaction pooler
	relations map[string]*relation
	closed    bool
}

var _ source.Source = (*Source)(nil)

// Open checks the connection string; the server need not answer yet.
func Open(_ context.Context, opt Options) (*Source, error) {
	if opt.Schema == "" {
		opt.Schema = "turnkey"
	}
	if opt.MaxConns == 0 {
		opt.MaxConns = defaultConns
	}
	config, err := connConfig(opt)
	if err != nil {
		return nil, err
	}
	schema := pgx.Identifier{opt.Schema}.Sanitize()
	return &Source{opt: opt, schema: schema, queries: newQueries(schema), config: config, relations: map[string]*relation{}}, nil
}

// connections gives the pool, made at first use: how statements are sent depends on whether a pooler
// stands before the server, which only a connection can tell.
func (s *Source) connections(ctx context.Context) (*pgxpool.Pool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, closedFailure()
	}
	if s.pool != nil {
		return s.pool, nil
	}
	pooled, err := s.probe(ctx)
	if err != nil {
		return nil, unasked(err)
	}
	cfg, err := pgxpool.ParseConfig("")
	if err != nil {
		return nil, translate(err)
	}
	cfg.ConnConfig = s.config.Copy()
	cfg.MaxConns, cfg.MinConns, cfg.MaxConnIdleTime = s.opt.MaxConns, 0, idleTime
	if pooled {
		cfg.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeExec
	} else {
		cfg.AfterConnect = quickArrays
		cfg.ConnConfig.RuntimeParams["synchronous_commit"] = "on"
		cfg.ConnConfig.RuntimeParams["plan_cache_mode"] = "force_generic_plan"
		cfg.ConnConfig.RuntimeParams["idle_in_transaction_session_timeout"] = idleLimit
		for name, v := range keepalive {
			cfg.ConnConfig.RuntimeParams[name] = v
		}
	}
	pool, err := pgxpool.NewWithConfig(context.WithoutCancel(ctx), cfg)
	if err != nil {
		return nil, translate(err)
	}
	s.pool, s.pooled = pool, pooled
	return pool, nil
}

// probe connects once. A pooler makes up the process id that it announces.
func (s *Source) probe(ctx context.Context) (pooled bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	cfg := s.config.Copy()
	cfg.DefaultQueryExecMode = pgx.QueryExecModeExec
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return false, err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	var pid uint32
	if err := conn.QueryRow(ctx, "SELECT pg_backend_pid()").Scan(&pid); err != nil {
		return false, err
	}
	return pid != conn.PgConn().PID(), nil
}

// Mode implements source.Source.
func (s *Source) Mode() source.Mode {
	s.mu.Lock()
	defer s.mu.Unlock()
	mode := source.Mode{Atomicity: "transactions"}
	if s.pooled {
		mode.Note = "Connected through a transaction pooler."
	}
	return mode
}

// Close implements source.Source.
func (s *Source) Close() error {
	s.mu.Lock()
	pool := s.pool
	s.pool, s.closed = nil, true
	s.mu.Unlock()
	if pool != nil {
		pool.Close()
	}
	return nil
}
