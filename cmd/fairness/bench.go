package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"turnkey/internal/devstack"
)

// bench is what every scenario shares: keys, the database, a database that never answers, and a client.
type bench struct {
	binary   string
	dir      string
	keys     string // a folder for each plane
	postgres *devstack.Postgres
	hole     net.Listener
	holding  sync.WaitGroup
	client   *http.Client
	written  atomic.Int64 // uploads that were answered by success
}

func newBench(ctx context.Context, binary string) (b *bench, err error) {
	b = &bench{client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 512}, Timeout: 30 * time.Second}}
	defer func() {
		if err != nil {
			err = errors.Join(err, b.stop())
		}
	}()
	if b.binary, err = filepath.Abs(binary); err != nil {
		return b, err
	}
	if b.dir, err = os.MkdirTemp("", "turnkey-fairness"); err != nil {
		return b, err
	}
	if err = os.Chmod(b.dir, 0o711); err != nil { // root's server runs under another account, which passes through
		return b, err
	}
	b.keys = filepath.Join(b.dir, "keys")
	if out, err := exec.CommandContext(ctx, b.binary, "keys", "generate", b.keys).CombinedOutput(); err != nil {
		return b, fmt.Errorf("making keys: %w: %s", err, out)
	}
	if b.postgres, err = devstack.StartPostgres(ctx, devstack.PostgresConfig{Dir: filepath.Join(b.dir, "postgres")}); err != nil {
		return b, devstack.Explain(err)
	}
	if err = devstack.RunSQL(ctx, b.database(), "CREATE TABLE notes (id uuid PRIMARY KEY, title text, done boolean)"); err != nil {
		return b, err
	}
	return b, b.digHole()
}

// database is the address of the one that all instances share.
func (b *bench) database() string { return b.postgres.URL("postgres") }

// digHole listens, accepts, and never says a word.
func (b *bench) digHole() (err error) {
	if b.hole, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return err
	}
	b.holding.Go(func() {
		for {
			conn, err := b.hole.Accept()
			if err != nil {
				return
			}
			b.holding.Go(func() { // until the other side gives up
				_, _ = io.Copy(io.Discard, conn)
				conn.Close()
			})
		}
	})
	return nil
}

// checkWritten looks in the database for what was answered by success: a runtime that is fast because it
// writes nothing, or that loses writes under load, fails here.
func (b *bench) checkWritten(ctx context.Context) error {
	n := b.written.Load()
	const missing = `DO $$ BEGIN IF (SELECT count(*) FROM notes) < %d THEN RAISE EXCEPTION 'writes that were answered by success are missing'; END IF; END $$`
	if err := devstack.RunSQL(ctx, b.database(), fmt.Sprintf(missing, n)); err != nil {
		return err
	}
	fmt.Printf("%d uploads were answered by success, and their rows are in the database\n", n)
	return nil
}

func (b *bench) stop() error {
	var errs []error
	if b.hole != nil {
		b.hole.Close()
		b.holding.Wait()
	}
	if b.postgres != nil {
		errs = append(errs, b.postgres.Stop())
	}
	return errors.Join(append(errs, os.RemoveAll(b.dir))...)
}

const (
	holeHost = "hole"
	// admitted is the configured admission: uploads per second of each instance.
	admitted = 100
)

func hostName(i int) string { return fmt.Sprintf("i%d", i) }

// target is a runtime that serves, and its control plane.
type target struct {
	*bench
	*process
	plane  *plane
	tokens sync.Map // by host and user
}

// start starts both and waits until an upload is answered by success.
func (b *bench) start(ctx context.Context, instances int, limits ...string) (t *target, err error) {
	t = &target{bench: b}
	defer func() {
		if err != nil {
			err = errors.Join(err, t.end())
		}
	}()
	hole := "postgres://u:p@" + b.hole.Addr().String() + "/hole?sslmode=disable"
	if t.plane, err = startPlane(b.keys, instances, b.database(), hole); err != nil {
		return t, err
	}
	limits = append([]string{fmt.Sprintf("--instance-rate=%d", admitted)}, limits...)
	if t.process, err = startRuntime(ctx, b.binary, b.dir, b.keys, t.plane.url, limits...); err != nil {
		return t, err
	}
	if err := t.await(ctx); err != nil {
		return t, err
	}
	if err := t.plane.prepare(ctx, hostName(0), b.database()); err != nil {
		return t, fmt.Errorf("preparing the database: %w", err)
	}
	first, err := t.upload(ctx, hostName(0))
	if err == nil && first.Status != success {
		err = fmt.Errorf("the first upload is answered %+v", first)
	}
	return t, err
}

// await waits until the runtime is ready and has taken every instance.
func (t *target) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		_, err := t.get(ctx, "http://"+t.internal+"/readyz")
		if err == nil {
			err = t.plane.serves()
		}
		if err == nil {
			return nil
		}
		select {
		case how := <-t.ended:
			t.ended <- how // for end, which tells of it
			return errors.New("the runtime ended at its start")
		case <-ctx.Done():
			return fmt.Errorf("the runtime is not ready: %w\n%s", err, t.lastWords())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// end ends the runtime, then what it follows.
func (t *target) end() (err error) {
	if t.process != nil {
		err = t.process.end()
	}
	if t.plane != nil {
		t.plane.stop()
	}
	return err
}
