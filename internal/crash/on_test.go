//go:build crash

package crash_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"turnkey/internal/crash"
)

// TestOrder: the second pass of the named moment kills the process, and the order is used up.
func TestOrder(t *testing.T) {
	if os.Getenv("TURNKEY_CRASH_TEST") != "" {
		crash.At(crash.Parsed)
		crash.At(crash.Committed)
		if _, err := os.Stat(os.Getenv(crash.Control)); err != nil {
			os.Exit(3) // carried out too early
		}
		crash.At(crash.Committed)
		os.Exit(4) // survived
	}
	file := filepath.Join(t.TempDir(), "order")
	if err := os.WriteFile(file, []byte("c4 2 kill"), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0], "-test.run", "^TestOrder$")
	cmd.Env = append(os.Environ(), "TURNKEY_CRASH_TEST=1", crash.Control+"="+file)
	_ = cmd.Run() // how it ended is what is tested
	status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus)
	if !ok || !status.Signaled() || status.Signal() != syscall.SIGKILL {
		t.Errorf("the process ended with %v", cmd.ProcessState)
	}
	if _, err := os.Stat(file + ".done"); err != nil {
		t.Errorf("the order is not used up: %v", err)
	}
}
