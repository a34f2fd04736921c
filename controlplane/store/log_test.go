package store

import (
	"log/slog"
	"testing"
)

// discard logs into the test's output.
func discard(t *testing.T) *slog.Logger { return slog.New(slog.NewTextHandler(t.Output(), nil)) }
