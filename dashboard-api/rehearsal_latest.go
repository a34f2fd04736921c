package dashboardapi

import (
	"context"
	"time"

	"turnkey/runtime/rehearsal"
)

// latestWrite is one of the last writes of a development instance, without its values.
type latestWrite struct {
	ID         string            `json:"id" doc:"For write_id of hooks/run"`
	At         time.Time         `json:"at"`
	UserID     string            `json:"user_id"`
	Operations []latestOperation `json:"operations" nullable:"false" doc:"The first ones"`
	Count      int               `json:"count" doc:"Of operations"`
	Outcome    string            `json:"outcome" enum:"applied,refused"`
	Code       string            `json:"error_code,omitempty"`
}

type latestOperation struct {
	Op    string `json:"op"`
	Table string `json:"table"`
	ID    string `json:"id"`
}

func shapeLatest(l rehearsal.Latest) latestWrite {
	out := latestWrite{l.ID, l.At, l.User.ID, make([]latestOperation, len(l.Operations)), l.Count, string(l.Outcome), l.Code}
	for n, o := range l.Operations {
		out.Operations[n] = latestOperation(o)
	}
	return out
}

type latestOutput struct {
	Body struct {
		Data []latestWrite `json:"data" nullable:"false" doc:"The newest first; only development instances have any"`
	}
}

func (a *api) listLatest(ctx context.Context, _ *InstancePath) (*latestOutput, error) {
	list, err := a.cfg.Plane.Rehearsals.Latest(ctx, actorOf(ctx), placeOf(ctx).Instance)
	if err != nil {
		return nil, err
	}
	out := &latestOutput{}
	out.Body.Data = make([]latestWrite, len(list))
	for n, l := range list {
		out.Body.Data[n] = shapeLatest(l)
	}
	return out, nil
}
