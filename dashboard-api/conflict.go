package dashboardapi

import (
	"context"
	"encoding/json"
	"time"

	"turnkey/internal/fault"
	"turnkey/runtime/command"
	"turnkey/runtime/source"
)

// Conflict is a recorded conflict as lists show it.
type Conflict struct {
	ID          string                 `json:"id"`
	Status      string                 `json:"status" enum:"open,decided,resolved,dismissed,superseded" doc:"open: its transaction waits as a rejection; decided: by a policy, and stored"`
	UserID      string                 `json:"user_id"`
	ClientID    string                 `json:"client_id"`
	Table       string                 `json:"table"`
	RowID       string                 `json:"row_id"`
	Op          string                 `json:"op" enum:"PUT,PATCH,DELETE"`
	Operation   int                    `json:"operation" doc:"Its place in the client's transaction"`
	Policy      string                 `json:"policy" doc:"What decided: the table's on_conflict, or deletes: lose"`
	Outcome     string                 `json:"outcome" enum:"server,merged,recorded"`
	Fields      []source.ConflictField `json:"fields" nullable:"false" doc:"The columns in conflict"`
	ClientData  json.RawMessage        `json:"client_data,omitempty" doc:"What the device wrote to them, as far as it fits; null for a deletion"`
	ServerData  json.RawMessage        `json:"server_data,omitempty" doc:"What devices are shown of what was stored; absent: nothing"`
	RejectionID string                 `json:"rejection_id,omitempty" doc:"The other half of a case that is open"`
	Deployment  int                    `json:"deployment"`
	RequestID   string                 `json:"request_id"`
	CreatedAt   time.Time              `json:"created_at"`
	SettledAt   *time.Time             `json:"settled_at,omitempty"`
	SettledBy   string                 `json:"settled_by,omitempty"`
	Resolution  json.RawMessage        `json:"resolution,omitempty" doc:"How it was resolved"`
}

func shapeConflict(c source.ConflictRecord) Conflict {
	out := Conflict{
		ID: c.ID, Status: string(c.Status), UserID: c.UserID, ClientID: c.ClientID, Table: c.TableName, RowID: c.RowID, Op: c.Op, Operation: c.Operation,
		Policy: c.Policy, Outcome: c.Outcome, Fields: append([]source.ConflictField{}, c.Fields...), ClientData: asJSON(c.ClientData), ServerData: asJSON(c.ServerData),
		RejectionID: c.Rejection, Deployment: c.Deployment, RequestID: c.RequestID, CreatedAt: c.CreatedAt, SettledBy: c.SettledBy, Resolution: asJSON(c.Resolution),
	}
	if !c.SettledAt.IsZero() {
		out.SettledAt = &c.SettledAt
	}
	return out
}

type conflictsInput struct {
	InstancePage
	WriteFilter
	Status     []string `query:"status,explode" enum:"open,decided,resolved,dismissed,superseded" doc:"Only these"`
	Policy     string   `query:"policy" maxLength:"100"`
	Outcome    string   `query:"outcome" enum:"server,merged,recorded"`
	Rejection  string   `query:"rejection_id" maxLength:"100" doc:"Of this case"`
	Deployment int      `query:"deployment" minimum:"0" doc:"Met under this deployment"`
}

func (a *api) listConflicts(ctx context.Context, in *conflictsInput) (*pageOutput[Conflict], error) {
	p, err := in.open(ctx, a)
	if err != nil {
		return nil, err
	}
	f := source.ConflictFilter{
		Status: statesOf[source.ConflictStatus](in.Status), UserID: in.UserID, ClientID: in.ClientID, TableName: in.Table, RowID: in.RowID, Policy: in.Policy, Outcome: in.Outcome, Rejection: in.Rejection,
		Deployment: in.Deployment, From: in.From, To: in.To, OldestFirst: in.oldestFirst(),
	}
	list, next, err := a.cfg.Plane.Conflicts.List(ctx, actorOf(ctx), placeOf(ctx).Instance, f, p)
	if err != nil {
		return nil, err
	}
	return paged(ctx, a, list, next, shapeConflict), nil
}

// ConflictPath is the path of one conflict.
type ConflictPath struct {
	InstancePath
	Conflict string `path:"conflict"`
}

type conflictOutput struct {
	Body struct {
		Conflict
		Values   json.RawMessage            `json:"values,omitempty" doc:"By column, as devices have them: base, server, client and decided; absent when they are larger than 24 MB"`
		Current  map[string]json.RawMessage `json:"current,omitempty" doc:"What is stored today in the columns in conflict; absent: the row is gone"`
		Claims   json.RawMessage            `json:"claims,omitempty" doc:"Of the user whose write it was; a resolution runs with them"`
		Provider string                     `json:"provider"`
	}
}

func (a *api) getConflict(ctx context.Context, in *ConflictPath) (*conflictOutput, error) {
	c, err := a.cfg.Plane.Conflicts.Get(ctx, actorOf(ctx), placeOf(ctx).Instance, in.Conflict)
	if err != nil {
		return nil, err
	}
	out := &conflictOutput{}
	out.Body.Conflict = shapeConflict(c.ConflictRecord)
	out.Body.Values, out.Body.Current, out.Body.Claims, out.Body.Provider = asJSON(c.Values), c.Current, asJSON(c.Claims), c.Provider
	return out, nil
}

// Choice decides one conflict.
type Choice struct {
	Take   string                     `json:"take,omitempty" enum:"client,server,policy" doc:"For the columns that are not named: what the device wrote, what was stored when it did, or (for the whole) what the policy says today"`
	Fields map[string]string          `json:"fields,omitempty" doc:"By column: client or server"`
	Values map[string]json.RawMessage `json:"values,omitempty" doc:"By column: an edited value, as a device would send it"`
}

func (c Choice) order() command.Choice { return command.Choice(c) }

type caseOutput struct {
	Body struct {
		Conflicts  []source.ConflictOutcome `json:"conflicts" nullable:"false" doc:"The conflict and the others of its case"`
		Rejections []source.Outcome         `json:"rejections" nullable:"false" doc:"The case's other half, then what waited for it"`
	}
}

func cases(list ...source.CaseOutcome) *caseOutput {
	out := &caseOutput{}
	out.Body.Conflicts, out.Body.Rejections = []source.ConflictOutcome{}, []source.Outcome{}
	for _, c := range list {
		out.Body.Conflicts, out.Body.Rejections = append(out.Body.Conflicts, c.Conflicts...), append(out.Body.Rejections, c.Rejections...)
	}
	return out
}

type resolveInput struct {
	ConflictPath
	Body struct {
		Choice
		Also      map[string]Choice `json:"also,omitempty" doc:"Other conflicts of the same case, by id; for those that are left out, take counts"`
		Overwrite bool              `json:"overwrite,omitempty" doc:"Also what was written to the columns since the conflict"`
	}
}

func (in *resolveInput) order() command.ResolveOrder {
	o := command.ResolveOrder{ID: in.Conflict, Choice: in.Body.order(), Overwrite: in.Body.Overwrite}
	for id, c := range in.Body.Also {
		if o.Also == nil {
			o.Also = make(map[string]command.Choice, len(in.Body.Also))
		}
		o.Also[id] = c.order()
	}
	return o
}

func (a *api) resolveConflict(ctx context.Context, in *resolveInput) (*caseOutput, error) {
	out, err := a.cfg.Plane.Conflicts.Resolve(ctx, actorOf(ctx), placeOf(ctx).Instance, in.order())
	return cases(out), err
}

// forceConflict is resolveConflict whatever the allow rules say. It is a route of its own because it asks for
// another permission.
func (a *api) forceConflict(ctx context.Context, in *resolveInput) (*caseOutput, error) {
	order := in.order()
	order.WithoutRules = true
	out, err := a.cfg.Plane.Conflicts.Resolve(ctx, actorOf(ctx), placeOf(ctx).Instance, order)
	return cases(out), err
}

func (a *api) dismissConflict(ctx context.Context, in *ConflictPath) (*caseOutput, error) {
	out, err := a.cfg.Plane.Conflicts.Dismiss(ctx, actorOf(ctx), placeOf(ctx).Instance, in.Conflict)
	return cases(out), err
}

type manyConflictsInput struct {
	InstancePath
	Body struct {
		IDs       []string `json:"ids" minItems:"1" maxItems:"100" doc:"Conflicts, in the order to take them"`
		Take      string   `json:"take" enum:"client,server,policy"`
		Overwrite bool     `json:"overwrite,omitempty" doc:"Also what was written to the columns since the conflict"`
	}
}

// resolveConflicts decides many alike. One that is settled with the case of one before is no error.
func (a *api) resolveConflicts(ctx context.Context, in *manyConflictsInput) (*caseOutput, error) {
	return eachConflict(in.Body.IDs, func(id string) (source.CaseOutcome, error) {
		order := command.ResolveOrder{ID: id, Choice: command.Choice{Take: in.Body.Take}, Overwrite: in.Body.Overwrite}
		return a.cfg.Plane.Conflicts.Resolve(ctx, actorOf(ctx), placeOf(ctx).Instance, order)
	})
}

func (a *api) dismissConflicts(ctx context.Context, in *manyInput) (*caseOutput, error) {
	return eachConflict(in.Body.IDs, func(id string) (source.CaseOutcome, error) {
		return a.cfg.Plane.Conflicts.Dismiss(ctx, actorOf(ctx), placeOf(ctx).Instance, id)
	})
}

// eachConflict does one thing to many; one that fails does not keep the others from being done.
func eachConflict(ids []string, do func(id string) (source.CaseOutcome, error)) (*caseOutput, error) {
	var all []source.CaseOutcome
	closed := map[string]bool{}
	for _, id := range ids {
		if closed[id] {
			continue
		}
		one, err := do(id)
		if f := fault.Of(err); err != nil && f.Kind != fault.NotFound && f.Kind != fault.Conflict && f.Kind != fault.Invalid {
			return nil, err
		} else if err != nil {
			one = source.CaseOutcome{Conflicts: []source.ConflictOutcome{{ID: id, ErrorCode: f.Code, Message: f.Message, Hint: f.Hint}}}
		}
		for _, c := range one.Conflicts {
			closed[c.ID] = true
		}
		all = append(all, one)
	}
	return cases(all...), nil
}
