package store

import (
	"context"
	"strings"

	"turnkey/controlplane"
	"turnkey/internal/fault"
)

// FindPlace implements controlplane.Tx. It reads the kind of thing from the id's prefix.
func (t tx) FindPlace(ctx context.Context, id string) (controlplane.Place, error) {
	switch kind, _, _ := strings.Cut(id, "_"); kind {
	case "prj":
		organization, err := t.q.FindProjectPlace(ctx, id)
		return controlplane.Place{Organization: organization, Project: id}, translate(err)
	case "ins":
		r, err := t.q.FindInstancePlace(ctx, id)
		return controlplane.Place{Organization: r.OrganizationID, Project: r.ProjectID, Instance: id}, translate(err)
	}
	return controlplane.Place{}, fault.New(fault.NotFound, "not_found", "There is no such thing.")
}
