package crash_test

import (
	"testing"

	"turnkey/internal/crash"
)

// TestNothingHappens: a normal build passes every moment, whatever the environment says.
func TestNothingHappens(t *testing.T) {
	t.Setenv(crash.Control, t.TempDir()+"/orders")
	points := crash.Points()
	if len(points) == 0 {
		t.Fatal("no moments")
	}
	seen := map[string]bool{}
	for _, p := range points {
		if seen[p] {
			t.Errorf("two moments are called %s", p)
		}
		seen[p] = true
		crash.At(p)
	}
}
