package devstack

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"turnkey/internal/fault"
	"turnkey/internal/redact"
)

const (
	// stopGrace is how long a fast shutdown may take before an immediate one is asked for.
	stopGrace = 20 * time.Second
	// takeoverGrace is how long we wait for a server that our killed predecessor left shutting down.
	takeoverGrace = 10 * time.Second
	// startAttempts bounds the retries when another process takes the free port that we picked.
	startAttempts = 5
	// socketPathLimit keeps "/.s.PGSQL.65535.lock" within the 104 bytes of sun_path on macOS.
	socketPathLimit = 80
)

// PostgresConfig says where a cluster lives and how careful it is.
type PostgresConfig struct {
	// Dir is the project's folder for the cluster. Empty makes a throwaway cluster in a temporary
	// folder, with fsync off, which Stop removes.
	Dir string
	// BinDir names the folder of initdb and postgres. Empty: detect.
	BinDir string
	// Port on 127.0.0.1. Zero: the port of the last start when it is free, else a free one.
	Port int
	// Settings are extra postgresql.conf settings.
	Settings map[string]string
}

// Postgres is a running private server. Its owner calls Stop.
type Postgres struct {
	// BinDir and Version say which installation serves.
	BinDir, Version string
	// Dir is where the data really lies; not PostgresConfig.Dir when that is out of the server account's reach.
	Dir string
	// Port on 127.0.0.1.
	Port int
	// Moved says that it is not where it was at the last start, and what that means; "" when it is.
	Moved string
	// Created reports that this start made the cluster.
	Created bool

	password  redact.Secret
	throwaway bool
	account   *account
	process   *os.Process
	done      chan error
}

// StartPostgres makes the cluster on first use, starts it and returns when it accepts connections.
// Errors are faults whose hint names what to install or which setting to change.
func StartPostgres(ctx context.Context, cfg PostgresConfig) (*Postgres, error) {
	return startPostgres(ctx, cfg, takeoverGrace)
}

func startPostgres(ctx context.Context, cfg PostgresConfig, takeover time.Duration) (*Postgres, error) {
	acct, err := serverAccount()
	if err != nil {
		return nil, err
	}
	p := &Postgres{account: acct, throwaway: cfg.Dir == ""}
	if p.Dir, err = place(cfg.Dir, acct); err != nil {
		return nil, err
	}
	if err := p.prepare(ctx, cfg); err != nil {
		p.discard()
		return nil, err
	}
	if err := p.launch(ctx, cfg, takeover); err != nil {
		p.discard()
		return nil, err
	}
	return p, nil
}

// URL is a connection URL over TCP loopback as the superuser. It holds the password.
func (p *Postgres) URL(database string) string {
	return fmt.Sprintf("postgres://postgres:%s@127.0.0.1:%d/%s?sslmode=disable", p.password.Reveal(), p.Port, database)
}

// Pid is the process id of the postmaster.
func (p *Postgres) Pid() int { return p.process.Pid }

// Stop shuts the server down, waits for its end, and removes a throwaway cluster. It returns an
// error when the server did not end cleanly. Call it once.
func (p *Postgres) Stop() error {
	defer p.discard()
	_ = p.process.Signal(syscall.SIGINT) // an error means that it has ended already
	select {
	case err := <-p.done:
		return err
	case <-time.After(stopGrace):
	}
	_ = p.process.Signal(syscall.SIGQUIT)
	<-p.done
	return fmt.Errorf("postgres did not stop within %s and was stopped at once; it recovers at the next start", stopGrace)
}

// Kill ends the server like a crash: nothing is flushed. For fault tests.
func (p *Postgres) Kill() error {
	defer p.discard()
	err := p.process.Kill() // its workers notice and end a moment later; the next start waits for them
	<-p.done
	return err
}

func (p *Postgres) discard() {
	if p.throwaway {
		_ = os.RemoveAll(p.Dir)
	}
}

func (p *Postgres) dataDir() string { return filepath.Join(p.Dir, "data") }
func (p *Postgres) logFile() string { return filepath.Join(p.Dir, "postgres.log") }

// prepare chooses the installation, runs initdb when there is no cluster yet, and reads the password.
func (p *Postgres) prepare(ctx context.Context, cfg PostgresConfig) error {
	major := "" // a cluster opens only under the major version that made it
	if b, err := os.ReadFile(filepath.Join(p.dataDir(), "PG_VERSION")); err == nil {
		major = strings.TrimSpace(string(b))
	}
	install, err := usualPlaces().choose(ctx, cfg.BinDir, major)
	if err != nil {
		return err
	}
	if install, err = reachable(install, p.Dir, p.account); err != nil {
		return err
	}
	p.BinDir, p.Version = install.BinDir, install.Version
	if major == "" {
		if err := p.initdb(ctx); err != nil {
			return err
		}
	}
	b, err := os.ReadFile(filepath.Join(p.Dir, "password"))
	if err != nil {
		return fmt.Errorf("read the cluster's password: %w", err)
	}
	p.password = redact.New(strings.TrimSpace(string(b)))
	return nil
}

// launch starts the server, on another port when somebody took the one we picked, and waits for a
// predecessor that is still shutting down.
func (p *Postgres) launch(ctx context.Context, cfg PostgresConfig, takeover time.Duration) error {
	deadline := time.Now().Add(takeover)
	last, inUse := lastPort(p.portFile()), false
	for attempt := 1; ; attempt++ {
		var err error
		if p.Port, err = p.pickPort(cfg.Port, inUse); err != nil {
			return err
		}
		said, err := p.start(ctx, cfg.Settings)
		switch {
		case err == nil:
			p.Moved = moved("The private PostgreSQL", last, p.Port)
			return rememberPort(p.portFile(), p.Port)
		case ctx.Err() != nil:
			return ctx.Err()
		case strings.Contains(said, `"postmaster.pid" already exists`) || strings.Contains(said, "pre-existing shared memory block"):
			if time.Now().After(deadline) {
				return fault.Newf(fault.Conflict, "postgres_in_use", "Another PostgreSQL server (process %d) is using %s.", pidOf(p.dataDir()), p.Dir).
					WithHint("Stop the other Turnkey that runs from this folder, or set TURNKEY_DIR to another one.")
			}
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(100 * time.Millisecond):
			}
		case strings.Contains(said, "Address already in use") && cfg.Port == 0 && attempt < startAttempts:
			inUse = true
		default:
			return fault.Wrap(fmt.Errorf("%w: %s", err, said), fault.Unavailable, "postgres_start", "The private PostgreSQL server did not start.").
				WithHint("Its log is " + p.logFile() + ".")
		}
	}
}

// start forks the server once. On failure it returns what the server said.
func (p *Postgres) start(ctx context.Context, extra map[string]string) (said string, err error) {
	log, err := os.OpenFile(p.logFile(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return "", err
	}
	defer func() { _ = log.Close() }()
	before, err := log.Seek(0, 2)
	if err != nil {
		return "", err
	}
	cmd := exec.Command(filepath.Join(p.BinDir, "postgres"), p.arguments(extra)...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = p.Dir, log, log
	cmd.Env = cleanEnvironment(os.Environ())
	cmd.SysProcAttr = p.account.attributes()
	endWithParent(cmd.SysProcAttr)

	p.done = make(chan error, 1)
	started := make(chan error, 1)
	go func() {
		// The parent-death signal follows the thread that forked, so that thread stays for the child's
		// life. The goroutine ends with the child, whose end Stop waits for.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			p.done <- cmd.Wait()
		}
	}()
	if err := <-started; err != nil {
		return "", err
	}
	p.process = cmd.Process
	return p.awaitReady(ctx, before)
}

// awaitReady polls the server's own status line; PostgreSQL has no other signal that needs no client.
func (p *Postgres) awaitReady(ctx context.Context, logStart int64) (said string, err error) {
	poll := time.NewTicker(5 * time.Millisecond)
	defer poll.Stop()
	for {
		if isReady(p.dataDir(), p.process.Pid) {
			return "", nil
		}
		select {
		case err := <-p.done:
			return tailFrom(p.logFile(), logStart), fmt.Errorf("postgres ended: %w", err)
		case <-ctx.Done():
			_ = p.process.Signal(syscall.SIGQUIT)
			<-p.done
			return "", ctx.Err()
		case <-poll.C:
		}
	}
}

func (p *Postgres) arguments(extra map[string]string) []string {
	set := map[string]string{
		"listen_addresses":        "127.0.0.1",
		"unix_socket_directories": p.socketDir(),
		"wal_level":               "logical", // a sync service can replicate from it
		"max_wal_senders":         "10",
		"max_replication_slots":   "10",
		"max_slot_wal_keep_size":  "1GB", // a forgotten slot must not fill the disk
		"max_connections":         "200",
		"log_min_messages":        "warning",
		"logging_collector":       "off",
	}
	if p.throwaway {
		set["fsync"], set["synchronous_commit"], set["full_page_writes"] = "off", "off", "off"
		set["shared_buffers"] = "32MB" // many test processes run side by side
	}
	for k, v := range extra {
		set[k] = v
	}
	args := []string{"-D", p.dataDir(), "-p", strconv.Itoa(p.Port)}
	for k, v := range set {
		args = append(args, "-c", k+"="+v)
	}
	return args
}

// socketDir is empty, which means no socket, when the path would be too long for one.
func (p *Postgres) socketDir() string {
	if len(p.Dir) > socketPathLimit || strings.ContainsAny(p.Dir, `,"`) {
		return ""
	}
	return p.Dir
}

func (p *Postgres) portFile() string { return filepath.Join(p.Dir, "port") }

// pickPort prefers the wanted port, then the port of the last start, so that connection strings
// which people stored stay true. An earlier try may have met a port that is in use.
func (p *Postgres) pickPort(wanted int, inUse bool) (int, error) {
	switch {
	case wanted != 0:
		return wanted, nil
	case inUse || p.throwaway: // nobody stores the address of a throwaway one
		return freePort()
	}
	return steadyPort(p.portFile())
}
