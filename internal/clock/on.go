//go:build crash

package clock

import (
	"os"
	"strings"
	"time"
)

// Now is the time, or what the torture says it is.
func Now() time.Time {
	now := time.Now()
	text, err := os.ReadFile(os.Getenv(File))
	if err != nil { // no jump
		return now
	}
	jump, err := time.ParseDuration(strings.TrimSpace(string(text)))
	if err != nil { // half written
		return now
	}
	return now.Round(0).Add(jump) // without the monotonic reading, which does not jump
}
