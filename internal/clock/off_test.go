//go:build !crash

package clock_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"turnkey/internal/clock"
)

// TestProductDoesNotJump: a normal build does not read the file.
func TestProductDoesNotJump(t *testing.T) {
	file := filepath.Join(t.TempDir(), "jump")
	if err := os.WriteFile(file, []byte("-1h"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv(clock.File, file)
	if since := time.Since(clock.Now()); since > time.Minute {
		t.Errorf("the clock of a product build jumped back by %s", since)
	}
}
