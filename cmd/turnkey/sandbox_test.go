package main

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"turnkey/runtime/hook"
	"turnkey/runtime/hook/worker"
	"turnkey/runtime/hook/worker/child"
)

// asWorker makes this test binary a worker when a pool of a test has started it as one: workers are this
// program again.
func asWorker() {
	if child.Asked(os.Args) {
		os.Exit(sandboxWorker())
	}
}

// TestRequireSandbox: a layer that is not there, or that nobody knows, ends the start with a message that says so.
func TestRequireSandbox(t *testing.T) {
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "turnkey.yaml"), []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, runtimes := newKeys(t)
	for name, args := range map[string][]string{
		"serve":   {"serve", folder, "--listen", "127.0.0.1:0"},
		"runtime": {"runtime", "--keys-dir", runtimes, "--cache-dir", t.TempDir(), "--control-plane", "http://127.0.0.1:1", "--pool-token", canary, "--listen", "127.0.0.1:0", "--internal-listen", "127.0.0.1:0"},
		"dev":     {"dev", "--dir", t.TempDir(), "--port", "1"},
	} {
		t.Run(name, func(t *testing.T) {
			var out, errs bytes.Buffer
			code := run(t.Context(), append(args, "--require-sandbox", "seccomp,moat"), terminal{&out, &errs})
			if code != 1 || !strings.Contains(errs.String(), `"moat"`) || !strings.Contains(errs.String(), "landlock") {
				t.Errorf("exit %d: %s%s", code, &out, &errs)
			}
		})
	}
}

// TestOwnProgramRunsHooks: workers are this program again, and this test's is built as a plain `go build` builds: with cgo
// where there is a C compiler, whose threads begin in other ways and are larger.
func TestOwnProgramRunsHooks(t *testing.T) {
	pool, err := worker.New(worker.Options{Log: slog.New(slog.NewTextHandler(t.Output(), nil))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	const text = `export default { beforeWrite(write) { let n = 0; for (let i = 0; i < 20000; i++) n += [i, {}].length; return { name: write.data.name + n }; } }`
	out, err := pool.Bundle(t.Context(), "bundler", hook.Bundle{Files: []hook.File{{Path: "hooks/lists.ts", Text: text}}})
	if err != nil || out.Program == nil {
		t.Fatalf("%v: %+v", err, out)
	}
	limits := hook.DefaultLimits()
	limits.TimeMS = 10_000 // the machine's speed is no matter here
	for n := range 3 {     // each a worker of its own
		if file, err := pool.Prove(t.Context(), fmt.Sprint("instance ", n), out.Program, limits); err != nil {
			t.Fatalf("worker %d: %v %s", n, err, file)
		}
	}
	layers, err := pool.Layers(t.Context())
	if err != nil || !slices.Contains(layers.Active, "seccomp") || !slices.Contains(layers.Active, "memory") {
		t.Errorf("layers: %s, %v", layers, err)
	}
}
