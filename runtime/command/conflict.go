package command

import (
	"context"
	"encoding/json"
	"time"

	"turnkey/internal/fault"
	"turnkey/runtime/source"
)

// The commands about an instance's conflicts. They work on the instance that serves, not on a candidate.
const (
	// ConflictList takes a source.ConflictFilter and answers []source.ConflictRecord.
	ConflictList Name = "conflict_list"
	// ConflictGet takes an id and answers a ConflictShown.
	ConflictGet Name = "conflict_get"
	// ConflictResolve takes a ResolveOrder and answers a source.CaseOutcome.
	ConflictResolve Name = "conflict_resolve"
	// ConflictDismiss takes an id and answers a source.CaseOutcome: the case of an open one goes with it.
	ConflictDismiss Name = "conflict_dismiss"
)

// Choice is what somebody decides about one conflict: client, server or policy for all columns, or for
// each column client, server or an edited value.
type Choice struct {
	Take   string                     `json:"take,omitempty"`
	Fields map[string]string          `json:"fields,omitempty"`
	Values map[string]json.RawMessage `json:"values,omitempty"`
}

// ResolveOrder asks to decide a conflict, and others of its case.
type ResolveOrder struct {
	ID string `json:"id"`
	Choice
	Also         map[string]Choice `json:"also,omitempty"`
	Overwrite    bool              `json:"overwrite,omitempty"`
	WithoutRules bool              `json:"without_rules,omitempty"`
}

// ConflictShown is a conflict with what is stored today in the columns that it is about.
type ConflictShown struct {
	source.ConflictRecord
	// Current is by column, as devices have it; nil: the row is gone, or cannot be read as the table is configured today.
	Current map[string]json.RawMessage `json:"current,omitempty"`
}

// mostValues is how much of a conflict's values is shown; more would not fit an answer.
const mostValues = 24 << 20

// LiveConflicts is an instance that serves, as far as its conflicts go.
type LiveConflicts interface {
	source.Archive
	Resolve(ctx context.Context, o ResolveOrder, by string) (source.CaseOutcome, error)
	// Current reads what is stored in the columns that a conflict is about.
	Current(ctx context.Context, c *source.ConflictRecord) (map[string]json.RawMessage, error)
}

func forConflicts(use func(ctx context.Context, instance string, do func(Live) error) error, now func() time.Time) map[Name]Do {
	return map[Name]Do{
		ConflictList: on(use, func(ctx context.Context, l Live, f source.ConflictFilter, _ Command) (any, error) {
			list, err := l.Conflicts(ctx, f)
			return list, sourceFault(err)
		}),
		ConflictGet: on(use, func(ctx context.Context, l Live, id string, _ Command) (any, error) { return show(ctx, l, id) }),
		ConflictResolve: on(use, func(ctx context.Context, l Live, o ResolveOrder, c Command) (any, error) {
			return l.Resolve(ctx, o, c.Actor.UserID)
		}),
		ConflictDismiss: on(use, func(ctx context.Context, l Live, id string, c Command) (any, error) {
			return dismiss(ctx, l, id, c.Actor.UserID, now())
		}),
	}
}

func show(ctx context.Context, l Live, id string) (*ConflictShown, error) {
	c, err := conflict(ctx, l, id)
	if err != nil {
		return nil, err
	}
	current, err := l.Current(ctx, c)
	if err != nil {
		return nil, sourceFault(err)
	}
	if len(c.Values) > mostValues {
		c.Values = nil
	}
	return &ConflictShown{*c, current}, nil
}

func conflict(ctx context.Context, l Live, id string) (*source.ConflictRecord, error) {
	c, err := l.Conflict(ctx, id)
	if err != nil {
		return nil, sourceFault(err)
	}
	if c == nil {
		return nil, fault.New(fault.NotFound, "not_found", "There is no such conflict.")
	}
	return c, nil
}

// dismiss lets a conflict be. One that nobody has decided goes with the rejection that is its other half.
func dismiss(ctx context.Context, l Live, id, by string, at time.Time) (*source.CaseOutcome, error) {
	c, err := conflict(ctx, l, id)
	if err != nil {
		return nil, err
	}
	out := &source.CaseOutcome{Conflicts: []source.ConflictOutcome{{ID: id, Status: source.ConflictDismissed}}}
	if !c.Status.Resolvable() {
		return nil, fault.New(fault.Conflict, "conflict_settled", "This conflict was "+string(c.Status)+" already.")
	}
	if c.Status == source.ConflictOpen && c.Rejection != "" {
		out.Rejections, err = discard(ctx, l, c.Rejection, by, at)
		if !fault.Is(err, "not_found") && !fault.Is(err, "rejection_settled") {
			return out, err
		} // the other half ended without this one: by its retention, or by a runtime that knew no conflicts
	}
	closing := source.Closing{ID: id, From: []source.ConflictStatus{c.Status}, To: source.ConflictDismissed, By: by, At: at}
	err = l.CloseConflicts(ctx, []source.Closing{closing})
	if f := source.FailureOf(err); f != nil && f.Code == source.CodeConflictMoved {
		return nil, fault.New(fault.Conflict, "conflict_settled", "This conflict is settled already.")
	}
	return out, sourceFault(err)
}
