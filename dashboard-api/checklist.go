package dashboardapi

import (
	"context"
	"time"

	"turnkey/controlplane"
)

type checklistStep struct {
	Code    string     `json:"code" doc:"deployed, keys, token, write, previous_values"`
	Done    bool       `json:"done"`
	FirstAt *time.Time `json:"first_at" doc:"When it was seen first; null: not yet, or not known"`
	LastAt  *time.Time `json:"last_at"`
	Message string     `json:"message"`
	Hint    string     `json:"hint,omitempty" doc:"What to do where it has not happened"`
}

type checklistOutput struct {
	Body struct {
		Steps []checklistStep `json:"steps" nullable:"false"`
	}
}

func (a *api) getChecklist(ctx context.Context, _ *InstancePath) (*checklistOutput, error) {
	list, err := a.cfg.Plane.Connections.Checklist(ctx, placeOf(ctx).Instance)
	if err != nil {
		return nil, err
	}
	out := &checklistOutput{}
	out.Body.Steps = make([]checklistStep, len(list))
	for n, s := range list {
		out.Body.Steps[n] = checklistStep{Code: s.Code, Done: s.Done, FirstAt: moment(s.First), LastAt: moment(s.Last), Message: s.Message, Hint: s.Hint}
	}
	return out, nil
}

// moment is null for a time that is not known.
func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

type liveCheck struct {
	Code     string   `json:"code"`
	State    string   `json:"state" enum:"passed,failed,unknown"`
	Message  string   `json:"message"`
	Fix      string   `json:"fix,omitempty"`
	Commands []string `json:"commands" nullable:"false" doc:"To be pasted where the fix is made"`
}

type goLiveOutput struct {
	Body struct {
		Ready  bool        `json:"ready" doc:"Every check passed"`
		Checks []liveCheck `json:"checks" nullable:"false"`
	}
}

func (a *api) getGoLive(ctx context.Context, _ *InstancePath) (*goLiveOutput, error) {
	i, err := a.cfg.Plane.Instances.Get(ctx, placeOf(ctx).Instance)
	if err != nil {
		return nil, err
	}
	list, err := a.cfg.Plane.GoLive.Check(ctx, actorOf(ctx), i.ID, a.shapeInstance(i).URLs.JWKS)
	if err != nil {
		return nil, err
	}
	out := &goLiveOutput{}
	out.Body.Ready, out.Body.Checks = true, make([]liveCheck, len(list))
	for n, c := range list {
		out.Body.Checks[n] = liveCheck{c.Code, string(c.State), c.Message, c.Fix, append([]string{}, c.Commands...)}
		out.Body.Ready = out.Body.Ready && c.State == controlplane.Passed
	}
	return out, nil
}

func (a *api) confirmKeys(ctx context.Context, _ *InstancePath) (*struct{}, error) {
	return nil, a.cfg.Plane.GoLive.ConfirmKeys(ctx, actorOf(ctx), placeOf(ctx).Instance)
}
