package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

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
