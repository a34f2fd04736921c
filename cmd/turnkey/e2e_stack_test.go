//go:build e2e

package main_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"turnkey/internal/devmongo"
	"turnkey/internal/devstack"
	"turnkey/internal/port"
	"turnkey/runtime/hook/engine"
	"turnkey/runtime/hook/worker/child"
)

// The end-to-end suite drives the built binary as a user would: processes, HTTP, the real PowerSync
// SDK, the databases' own drivers to look at what was stored. `make test` runs it with -tags e2e,
// after it has installed what web/e2e needs.

// stack is what the suite's tests share: a PostgreSQL cluster, the development MongoDB, and one
// `turnkey serve` on each, with the demo's configuration.
var stack struct {
	urls    map[string]string // of the instance, by source
	sources map[string]string // connection strings, by source
}

// binary is what the suite has built.
var binary string

func TestMain(m *testing.M) {
	if child.Asked(os.Args) { // a pool of a test started this binary again
		os.Exit(child.Main(child.ForEngine(engine.New(time.Now))))
	}
	os.Exit(runSuite(m))
}

func runSuite(m *testing.M) (code int) {
	fail := func(err error) int {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	dir, err := os.MkdirTemp("", "turnkey e2e ") // with spaces, as some users' paths have
	if err != nil {
		return fail(err)
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "turnkey")
	build := exec.Command("go", "build", "-o", binary, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return fail(fmt.Errorf("building: %w\n%s", err, out))
	}
	stop, err := startSources()
	if err != nil {
		return fail(err)
	}
	defer stop()
	stack.urls = map[string]string{}
	for _, source := range []string{"mongodb", "postgres"} {
		document, err := os.ReadFile(filepath.Join("demo", source+".yaml"))
		if err != nil {
			return fail(err)
		}
		p, err := startServe(filepath.Join(dir, source), string(document), stack.sources[source])
		if err != nil {
			return fail(err)
		}
		defer func() {
			if err := p.stop(); err != nil {
				code = fail(err)
			}
		}()
		stack.urls[source] = p.url
	}
	return m.Run()
}

// startSources brings both databases, with the demo's tables.
func startSources() (stop func(), err error) {
	ctx := context.Background()
	postgres, err := devstack.StartPostgres(ctx, devstack.PostgresConfig{})
	if err != nil {
		return nil, err
	}
	conn, err := pgx.Connect(ctx, postgres.URL("postgres"))
	if err != nil {
		return nil, errors.Join(err, postgres.Stop())
	}
	defer conn.Close(ctx)
	tables, err := os.ReadFile("demo/postgres.sql")
	if err == nil {
		_, err = conn.Exec(ctx, string(tables))
	}
	if err != nil {
		return nil, errors.Join(err, postgres.Stop())
	}
	store, err := devmongo.Open(devmongo.Options{})
	if err != nil {
		return nil, errors.Join(err, postgres.Stop())
	}
	mongo, err := devmongo.Listen(store, "127.0.0.1:0")
	if err != nil {
		return nil, errors.Join(err, postgres.Stop())
	}
	uri := mongo.URI()
	if real := os.Getenv("TURNKEY_MONGODB_URI"); real != "" {
		uri = real
	}
	stack.sources = map[string]string{"mongodb": uri, "postgres": postgres.URL("postgres")}
	return func() {
		mongo.Close()
		if err := postgres.Stop(); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
	}, nil
}

// serveProcess is a running `turnkey serve`.
type serveProcess struct {
	cmd  *exec.Cmd
	log  *bytes.Buffer
	url  string
	done chan error // its end, once
}

func freePort() (int, error) { return port.Free() }

// startServe serves a folder with that configuration and returns once it is healthy.
func startServe(folder, document, sourceURI string) (*serveProcess, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(folder, "turnkey.yaml"), []byte(document), 0o600); err != nil {
		return nil, err
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	address := fmt.Sprintf("127.0.0.1:%d", port)
	p := &serveProcess{log: &bytes.Buffer{}, url: "http://" + address, done: make(chan error, 1)}
	p.cmd = exec.Command(binary, "serve", folder, "--listen", address, "--development", "--allow-private-networks")
	p.cmd.Env = append(os.Environ(), "SOURCE_URI="+sourceURI)
	p.cmd.Stdout, p.cmd.Stderr = p.log, p.log
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() { p.done <- p.cmd.Wait() }()
	for started := time.Now(); time.Since(started) < 2*time.Minute; {
		if response, err := http.Get(p.url + "/health"); err == nil {
			response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return p, nil
			}
		}
		select {
		case err := <-p.done:
			return nil, fmt.Errorf("turnkey serve ended: %w\n%s", err, p.log)
		case <-time.After(20 * time.Millisecond):
		}
	}
	return nil, errors.Join(fmt.Errorf("turnkey serve is not ready:\n%s", p.log), p.stop())
}

// stop sends Ctrl-C and waits; a clean end is part of the promise.
func (p *serveProcess) stop() error {
	_ = p.cmd.Process.Signal(syscall.SIGINT)
	select {
	case err := <-p.done:
		if err != nil {
			return fmt.Errorf("turnkey serve ended badly: %w\n%s", err, p.log)
		}
		return nil
	case <-time.After(2 * time.Minute):
		_ = p.cmd.Process.Kill()
		return fmt.Errorf("turnkey serve did not end within two minutes of Ctrl-C\n%s", p.log)
	}
}

// webE2E is the folder of the Node scripts.
const webE2E = "../../web/e2e"

// nodeCommand is a script of web/e2e under the Node 24 that npm brought, with one JSON argument. It ends
// with the context.
func nodeCommand(ctx context.Context, t *testing.T, script string, argument any) *exec.Cmd {
	t.Helper()
	arch := map[string]string{"amd64": "x64", "arm64": "arm64"}[runtime.GOARCH]
	bin, err := filepath.Abs(filepath.Join(webE2E, "node_modules", "node-"+runtime.GOOS+"-"+arch, "bin", "node"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(bin); err != nil {
		bin = "node" // macOS: the machine's own, which the SDK needs to be 22 or newer
	}
	arg, err := json.Marshal(argument)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(ctx, bin, "--no-warnings", script, string(arg))
	cmd.Dir = webE2E
	return cmd
}

// node runs a script and gives what it printed.
func node(t *testing.T, script string, argument any) []byte {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	cmd := nodeCommand(ctx, t, script, argument)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s: %v\n%s%s", script, err, out.String(), errs.String())
	}
	return out.Bytes()
}

// call sends JSON and gives the status and body.
func call(t *testing.T, method, url, bearer, body string) (int, []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if bearer != "" {
		req.Header.Set("Authorization", "Bearer "+bearer)
	}
	response, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	b, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, b
}
