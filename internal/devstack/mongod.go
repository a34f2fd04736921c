package devstack

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"time"

	"turnkey/internal/fault"
)

const (
	// mongodReady is how long a mongod may take until it is primary; recovery after a kill takes time.
	mongodReady = 60 * time.Second
	// mongodGrace is how long it may take to shut down.
	mongodGrace = 20 * time.Second
)

// mongod is a private server: a process of ours, on loopback, a replica set of one member.
type mongod struct {
	binary, dir string
	port        int
	process     *os.Process
	done        chan error
}

// startMongod starts the server, makes it a replica set on first use, and returns when it is primary.
//
//	start ── answers ping ── replSetInitiate, or replSetReconfig when the port is another ── primary
func startMongod(ctx context.Context, binary, dir string) (*Mongo, error) {
	m := &mongod{binary: binary, dir: dir}
	if err := os.MkdirAll(m.dataDir(), 0o700); err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "data_folder", "The folder "+dir+" cannot be made.").WithHint("Choose another one with TURNKEY_DIR.")
	}
	portFile := filepath.Join(dir, "port")
	last := lastPort(portFile)
	var err error
	if m.port, err = steadyPort(portFile); err != nil {
		return nil, err
	}
	logStart := sizeOf(m.logFile())
	if err := m.start(); err != nil {
		return nil, m.failed(err, logStart)
	}
	if err := m.becomePrimary(ctx); err != nil {
		_ = m.stop()
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, m.failed(err, logStart)
	}
	if err := rememberPort(portFile, m.port); err != nil {
		return nil, errors.Join(err, m.stop())
	}
	return &Mongo{uri: m.uri(), note: "MongoDB: a private replica set of one member, run by " + binary + ".", moved: moved("The private MongoDB", last, m.port), stop: m.stop}, nil
}

func (m *mongod) failed(err error, logStart int64) error {
	return fault.Wrap(fmt.Errorf("%w: %s", err, tailFrom(m.logFile(), logStart)), fault.Unavailable, "mongod_start", "The private MongoDB server ("+m.binary+") did not start.").
		WithHint("Its log is " + m.logFile() + ". Set TURNKEY_MONGODB_URI to use another server; `turnkey devmongo` starts a double and prints its URI.")
}

func (m *mongod) dataDir() string { return filepath.Join(m.dir, "data") }
func (m *mongod) logFile() string { return filepath.Join(m.dir, "mongod.log") }
func (m *mongod) host() string    { return local(m.port) }
func (m *mongod) uri() string     { return "mongodb://" + m.host() + "/?replicaSet=" + replicaSet }

func (m *mongod) arguments() []string {
	return []string{"--dbpath", m.dataDir(), "--logpath", m.logFile(), "--logappend", "--port", strconv.Itoa(m.port), "--bind_ip", "127.0.0.1",
		"--nounixsocket", "--replSet", replicaSet, "--oplogSize", "128", "--wiredTigerCacheSizeGB", "0.25"}
}

// start forks the server. It ends when we die, however we die.
func (m *mongod) start() error {
	cmd := exec.Command(m.binary, m.arguments()...)
	cmd.Dir = m.dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // a terminal's Ctrl-C is for us
	endWithParent(cmd.SysProcAttr)
	m.done = make(chan error, 1)
	started := make(chan error, 1)
	go func() {
		// As in Postgres.start: the parent-death signal follows the thread that forked. The goroutine ends
		// with the child, whose end stop waits for.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			m.done <- cmd.Wait()
			close(m.done)
		}
	}()
	err := <-started
	m.process = cmd.Process
	return err
}

// stop shuts the server down and waits for its end.
func (m *mongod) stop() error {
	_ = m.process.Signal(syscall.SIGTERM) // an error means that it has ended already
	select {
	case err := <-m.done:
		return err
	case <-time.After(mongodGrace):
	}
	_ = m.process.Kill()
	<-m.done
	return fmt.Errorf("mongod did not stop within %s and was killed; it recovers at the next start", mongodGrace)
}

// becomePrimary waits for the server and configures the set. It gives up when the process ends.
func (m *mongod) becomePrimary(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, mongodReady, fmt.Errorf("it is not primary after %s", mongodReady))
	defer cancel()
	configured := make(chan error, 1)
	go func() { configured <- configureReplicaSet(ctx, m.host()) }()
	select {
	case err := <-configured:
		if cause := context.Cause(ctx); err != nil && cause != nil {
			return errors.Join(cause, err)
		}
		return err
	case err := <-m.done:
		cancel()
		<-configured
		return fmt.Errorf("mongod ended: %w", errors.Join(err, errors.New("see its log")))
	}
}

func sizeOf(file string) int64 {
	info, err := os.Stat(file)
	if err != nil {
		return 0
	}
	return info.Size()
}
