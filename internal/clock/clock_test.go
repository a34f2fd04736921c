package clock_test

import (
	"path/filepath"
	"testing"
	"time"

	"turnkey/internal/clock"
)

// TestNoJump: without an order the clock is the machine's, in either build.
func TestNoJump(t *testing.T) {
	t.Setenv(clock.File, filepath.Join(t.TempDir(), "jump"))
	before := time.Now()
	if now := clock.Now(); now.Before(before) || now.After(time.Now()) {
		t.Errorf("it is %s after %s", now, before)
	}
}
