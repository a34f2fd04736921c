// Package workertest gives tests a program to start workers from: a test binary may be built with cgo or the
// race detector, and then it can be neither locked in nor limited. It must not know what a test asks of it.
package workertest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// Build compiles the program as it is released, without cgo. Remove deletes it.
func Build() (binary string, remove func(), err error) {
	dir, err := os.MkdirTemp("", "turnkey-worker-")
	if err != nil {
		return "", nil, err
	}
	remove = func() { _ = os.RemoveAll(dir) }
	if err := os.Chmod(dir, 0o755); err != nil { // workers start as nobody
		remove()
		return "", nil, err
	}
	binary = filepath.Join(dir, "worker")
	cmd := exec.Command("go", "build", "-o", binary, "turnkey/runtime/hook/worker/workertest/child")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		remove()
		return "", nil, fmt.Errorf("build the test worker: %w\n%s", err, out)
	}
	return binary, remove, nil
}
