package dashboardapi

import (
	"context"

	"turnkey/controlplane"
	"turnkey/runtime/rehearsal"
)

type savedOutput struct {
	Body struct {
		Path        string `json:"path" doc:"Of the test among the hook files"`
		Test        string `json:"test"`
		FixturePath string `json:"fixture_path"`
		Fixture     string `json:"fixture" doc:"JSON: the row, the values and the user of the case, as the hook is given them"`
	}
}

// saved makes a test of a recorded case, by one of the service's ways.
func saved(ctx context.Context, o rehearsal.Order, make func(context.Context, controlplane.Actor, string, rehearsal.Order) (rehearsal.Saved, error)) (*savedOutput, error) {
	s, err := make(ctx, actorOf(ctx), placeOf(ctx).Instance, o)
	if err != nil {
		return nil, err
	}
	out := &savedOutput{}
	out.Body.Path, out.Body.Test, out.Body.FixturePath, out.Body.Fixture = s.Path, s.Text, s.FixturePath, s.Fixture
	return out, nil
}

func (a *api) testOfConflict(ctx context.Context, in *ConflictPath) (*savedOutput, error) {
	return saved(ctx, rehearsal.Order{Conflict: in.Conflict}, a.cfg.Plane.Rehearsals.Test)
}

func (a *api) saveTestOfConflict(ctx context.Context, in *ConflictPath) (*savedOutput, error) {
	return saved(ctx, rehearsal.Order{Conflict: in.Conflict}, a.cfg.Plane.Rehearsals.SaveTest)
}

func (a *api) testOfRejection(ctx context.Context, in *RejectionPath) (*savedOutput, error) {
	return saved(ctx, rehearsal.Order{Rejection: in.Rejection}, a.cfg.Plane.Rehearsals.Test)
}

func (a *api) saveTestOfRejection(ctx context.Context, in *RejectionPath) (*savedOutput, error) {
	return saved(ctx, rehearsal.Order{Rejection: in.Rejection}, a.cfg.Plane.Rehearsals.SaveTest)
}
