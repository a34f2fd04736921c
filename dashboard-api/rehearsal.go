package dashboardapi

import (
	"context"
	"encoding/json"
	"fmt"

	"turnkey/controlplane"
	"turnkey/internal/fault"
	"turnkey/runtime/rehearsal"
)

// CandidateInput says what is tried out.
type CandidateInput struct {
	Of string `json:"of,omitempty" enum:"draft,deployed" default:"draft" doc:"The draft, as it is saved but for config and files, or the active deployment"`
	DraftInput
}

func (in CandidateInput) domain() (controlplane.Candidate, error) {
	c := controlplane.Candidate{Deployed: in.Of == "deployed", Edit: in.edit()}
	if c.Deployed && (in.Config != nil || in.Files != nil) {
		return c, invalidBody("of", "config and files are for a draft")
	}
	return c, nil
}

func invalidBody(name, message string) error {
	return fault.New(fault.Invalid, "invalid_body", "The request does not say what is to be run.").
		WithDetails(fault.Detail{Path: "body." + name, Code: "invalid_body", Message: message})
}

// rehearsedOperation is one operation to be tried, in the words of hooks.
type rehearsedOperation struct {
	Op             string          `json:"op" enum:"PUT,PATCH,DELETE"`
	Table          string          `json:"table" maxLength:"1024" doc:"The client's name of it"`
	ID             string          `json:"id" maxLength:"1024"`
	Data           json.RawMessage `json:"data,omitempty" doc:"The columns, as a device sends them"`
	PreviousValues json.RawMessage `json:"previousValues,omitempty" doc:"What the device had seen of them"`
	Metadata       string          `json:"metadata,omitempty"`
}

type runInput struct {
	InstancePath
	Body struct {
		CandidateInput
		Operation   *rehearsedOperation  `json:"operation,omitempty" doc:"The operation to try"`
		Operations  []rehearsedOperation `json:"operations,omitempty" maxItems:"100" doc:"Or several, as one transaction"`
		User        *rehearsedUser       `json:"user,omitempty" doc:"Who writes"`
		Old         json.RawMessage      `json:"old,omitempty" doc:"Stands in for the stored row of the first operation, in the source's names; null: there is none. Absent: what is stored"`
		ConflictID  string               `json:"conflict_id,omitempty" maxLength:"100" doc:"Or a recorded conflict: its operation, over what was stored then"`
		WriteID     string               `json:"write_id,omitempty" maxLength:"200" doc:"Or one of latest-writes: its transaction, over what is stored now"`
		RejectionID string               `json:"rejection_id,omitempty" maxLength:"100" doc:"Or a refused write: its transaction, over what is stored now"`
	}
}

type rehearsedUser struct {
	ID       string         `json:"id" maxLength:"1024"`
	Claims   map[string]any `json:"claims,omitempty"`
	Provider string         `json:"provider,omitempty" maxLength:"100"`
}

// order reads what is to be run: exactly one thing.
func (in *runInput) order() (o rehearsal.Order, err error) {
	b := &in.Body
	operations := b.Operations
	if b.Operation != nil {
		operations = append([]rehearsedOperation{*b.Operation}, operations...)
	}
	given := 0
	for _, is := range []bool{b.Operation != nil, b.Operations != nil, b.ConflictID != "", b.RejectionID != "", b.WriteID != ""} {
		if is {
			given++
		}
	}
	switch {
	case given != 1 || b.Operations != nil && len(b.Operations) == 0:
		return o, invalidBody("operation", "say one of operation, operations, conflict_id, rejection_id and write_id")
	case len(operations) == 0 && (b.User != nil || b.Old != nil):
		return o, invalidBody("user", "what was recorded has its own user and row")
	case len(operations) > 0 && b.User == nil:
		return o, invalidBody("user", "say who writes")
	}
	o.Conflict, o.Rejection, o.Old = b.ConflictID, b.RejectionID, b.Old
	if b.User != nil {
		o.User = rehearsal.User{ID: b.User.ID, Claims: b.User.Claims, Provider: b.User.Provider}
	}
	if len(operations) > 0 {
		if o.Transaction, err = json.Marshal(map[string]any{"crud": operations}); err != nil {
			return o, fmt.Errorf("writing the operations: %w", err)
		}
	}
	return o, nil
}

type verdictOutput struct{ Body rehearsal.Verdict }

func (a *api) runHooks(ctx context.Context, in *runInput) (*verdictOutput, error) {
	of, err := in.Body.domain()
	if err != nil {
		return nil, err
	}
	order, err := in.order()
	if err == nil && in.Body.WriteID != "" {
		order, err = a.cfg.Plane.Rehearsals.OrderOf(ctx, actorOf(ctx), placeOf(ctx).Instance, in.Body.WriteID)
	}
	if err != nil {
		return nil, err
	}
	v, err := a.cfg.Plane.Rehearsals.Run(ctx, actorOf(ctx), placeOf(ctx).Instance, of, order)
	if err != nil {
		return nil, err
	}
	return &verdictOutput{v}, nil
}

type replayHooksInput struct {
	InstancePath
	Body struct {
		CandidateInput
		Limit  int    `json:"limit,omitempty" minimum:"1" maximum:"10000" default:"1000" doc:"How many recorded conflicts and refused writes, the newest first"`
		Cursor string `json:"cursor,omitempty" maxLength:"100" doc:"Where to go on: next_cursor of an answer that is not complete"`
	}
}

type replayHooksOutput struct {
	Body struct {
		rehearsal.Report
		Complete   bool    `json:"complete" doc:"All that was asked for is in the report; else the time was up: ask again with next_cursor, for the rest"`
		NextCursor *string `json:"next_cursor"`
	}
}

func (a *api) replayHooks(ctx context.Context, in *replayHooksInput) (*replayHooksOutput, error) {
	of, err := in.Body.domain()
	if err != nil {
		return nil, err
	}
	report, err := a.cfg.Plane.Rehearsals.Replay(ctx, actorOf(ctx), placeOf(ctx).Instance, of, in.Body.Limit, in.Body.Cursor)
	if err != nil {
		return nil, err
	}
	out := &replayHooksOutput{}
	out.Body.Report, out.Body.Complete = report.Report, report.Next == ""
	if report.Next != "" {
		out.Body.NextCursor = &report.Next
	}
	return out, nil
}
