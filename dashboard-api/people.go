package dashboardapi

import (
	"context"

	"turnkey/controlplane"
)

// colleague is what everybody on a project may know of the others: who an id is. Roles and addresses are of the
// organization, and its members' list.
type colleague struct {
	UserID string `json:"user_id"`
	Name   string `json:"name"`
}

func shapeColleague(m controlplane.Member) colleague {
	return colleague{UserID: m.UserID, Name: m.Name}
}

func (a *api) listPeople(ctx context.Context, in *projectPage) (*pageOutput[colleague], error) {
	p, err := in.open(ctx, a)
	if err != nil {
		return nil, err
	}
	at := placeOf(ctx)
	list, next, err := a.cfg.Plane.Members.Reaching(ctx, at.Organization, at.Project, p)
	if err != nil {
		return nil, err
	}
	return paged(ctx, a, list, next, shapeColleague), nil
}
