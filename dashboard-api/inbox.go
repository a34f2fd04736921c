package dashboardapi

import (
	"context"

	"turnkey/runtime/command"
)

type inboxesOutput struct {
	Body struct {
		Conflicts  map[string]int `json:"conflicts" doc:"By state: open, decided"`
		Rejections map[string]int `json:"rejections" doc:"By state: open, held"`
		Deliveries map[string]int `json:"deliveries" doc:"By state: pending, dead"`
		Most       int            `json:"most" doc:"As far as is counted: this number means that there are at least as many"`
	}
}

func (a *api) countInboxes(ctx context.Context, _ *InstancePath) (*inboxesOutput, error) {
	counts, err := a.cfg.Plane.Inboxes.Count(ctx, actorOf(ctx), placeOf(ctx).Instance)
	if err != nil {
		return nil, err
	}
	out := &inboxesOutput{}
	out.Body.Conflicts, out.Body.Rejections, out.Body.Deliveries = byName(counts.Conflicts), byName(counts.Rejections), byName(counts.Deliveries)
	out.Body.Most = command.MostCounted
	return out, nil
}

func byName[S ~string](counts map[S]int) map[string]int {
	out := make(map[string]int, len(counts))
	for s, n := range counts {
		out[string(s)] = n
	}
	return out
}
