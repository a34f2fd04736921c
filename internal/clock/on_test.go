//go:build crash

package clock_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"turnkey/internal/clock"
)

// TestJump: the clock is off for as long as the file is there.
func TestJump(t *testing.T) {
	file := filepath.Join(t.TempDir(), "jump")
	t.Setenv(clock.File, file)
	if err := os.WriteFile(file, []byte("-1h"), 0o600); err != nil {
		t.Fatal(err)
	}
	if since := time.Since(clock.Now()); since < 59*time.Minute || since > 61*time.Minute {
		t.Errorf("the clock is %s behind, want an hour", since)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if since := time.Since(clock.Now()); since > time.Minute {
		t.Errorf("the clock is still %s behind", since)
	}
}
