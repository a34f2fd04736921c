package command

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"time"

	"turnkey/internal/fault"
	"turnkey/runtime/bundle"
	"turnkey/runtime/source"
)

// The commands about what an instance refused. They work on the instance that serves, not on a candidate.
const (
	// RejectionList takes a source.RejectionFilter and answers []source.Rejection.
	RejectionList Name = "rejection_list"
	// RejectionGet takes an id and answers a source.Rejection.
	RejectionGet Name = "rejection_get"
	// RejectionReplay takes a ReplayOrder and answers []source.Outcome.
	RejectionReplay Name = "rejection_replay"
	// RejectionDiscard takes an id and answers []source.Outcome: a group goes with its head.
	RejectionDiscard Name = "rejection_discard"
	// DeploymentReplay takes a DeploymentOrder and answers a DeploymentReplayed.
	DeploymentReplay Name = "deployment_replay"
	// UserErase takes a user's id and answers the number of rejections and conflicts that are gone.
	UserErase Name = "user_erase"
)

// ReplayOrder asks to apply a rejection after all.
type ReplayOrder struct {
	ID           string `json:"id"`
	Payload      []byte `json:"payload,omitempty"` // edited; nil: as it was kept
	WithoutRules bool   `json:"without_rules,omitempty"`
}

// DeploymentOrder asks to replay what a deployment refused, after an id.
type DeploymentOrder struct {
	Deployment int    `json:"deployment"`
	After      string `json:"after,omitempty"`
}

// DeploymentReplayed is how far a DeploymentOrder came.
type DeploymentReplayed struct {
	Done []source.Outcome `json:"done"`
	Next string           `json:"next"`
	More bool             `json:"more"`
}

// Live is an instance that serves, as commands need it.
type Live interface {
	source.Inbox
	LiveConflicts
	Replay(ctx context.Context, o ReplayOrder, by string) ([]source.Outcome, error)
	ReplayDeployment(ctx context.Context, o DeploymentOrder, by string) (DeploymentReplayed, error)
}

// ForLive are the commands that work on live instances. use finds one by its id and keeps it
// alive while do runs.
func ForLive(use func(ctx context.Context, instance string, do func(Live) error) error, now func() time.Time) map[Name]Do {
	do := map[Name]Do{
		RejectionList: on(use, func(ctx context.Context, l Live, f source.RejectionFilter, _ Command) (any, error) {
			list, err := l.Rejections(ctx, f)
			return list, sourceFault(err)
		}),
		RejectionGet: on(use, func(ctx context.Context, l Live, id string, _ Command) (any, error) { return get(ctx, l, id) }),
		RejectionReplay: on(use, func(ctx context.Context, l Live, o ReplayOrder, c Command) (any, error) {
			return l.Replay(ctx, o, c.Actor.UserID)
		}),
		RejectionDiscard: on(use, func(ctx context.Context, l Live, id string, c Command) (any, error) {
			return discard(ctx, l, id, c.Actor.UserID, now())
		}),
		DeploymentReplay: on(use, func(ctx context.Context, l Live, o DeploymentOrder, c Command) (any, error) {
			return l.ReplayDeployment(ctx, o, c.Actor.UserID)
		}),
		UserErase: on(use, func(ctx context.Context, l Live, user string, _ Command) (any, error) {
			n, err := l.Erase(ctx, user)
			return n, sourceFault(err)
		}),
		InboxCount: on(use, func(ctx context.Context, l Live, _ any, _ Command) (any, error) { return countInbox(ctx, l) }),
	}
	maps.Copy(do, forConflicts(use, now))
	return do
}

// on reads a command's argument and finds its instance.
func on[L, T any](use func(context.Context, string, func(L) error) error, do func(context.Context, L, T, Command) (any, error)) Do {
	return func(ctx context.Context, c Command, _ *bundle.Bundle) (result any, err error) {
		var argument T
		if err := json.Unmarshal(c.Argument, &argument); err != nil {
			return nil, fmt.Errorf("reading the argument of %s: %w", c.Name, err)
		}
		err = use(ctx, c.Instance, func(l L) error {
			result, err = do(ctx, l, argument, c)
			return err
		})
		return result, err
	}
}

func get(ctx context.Context, l Live, id string) (*source.Rejection, error) {
	r, err := l.Rejection(ctx, id)
	if err != nil {
		return nil, sourceFault(err)
	}
	if r == nil {
		return nil, fault.New(fault.NotFound, "not_found", "There is no such rejection.")
	}
	return r, nil
}

// discard settles a rejection for good. What waits for it could never be applied without it, and goes
// with it.
func discard(ctx context.Context, l Live, id, by string, at time.Time) ([]source.Outcome, error) {
	r, err := get(ctx, l, id)
	if err != nil {
		return nil, err
	}
	if !r.Status.Waiting() {
		return nil, fault.New(fault.Conflict, "rejection_settled", "This rejection was "+string(r.Status)+" already.")
	}
	out := []source.Outcome{{ID: id, Status: source.Discarded}}
	if r.Group != r.ID {
		return out, giveUp(ctx, l, []source.Rejection{*r}, by, at)
	}
	// The head goes with the last of those that wait for it: when this is cut short before, it is open still, and
	// discarding it again goes on. What comes to wait afterwards finds it settled, and stands for itself.
	for {
		held, err := l.Rejections(ctx, source.RejectionFilter{Group: r.ID, Status: []source.RejectionStatus{source.Held}, OldestFirst: true, Limit: source.MostInGroup})
		if err != nil {
			return nil, sourceFault(err)
		}
		for i := range held {
			out = append(out, source.Outcome{ID: held[i].ID, Status: source.Discarded})
		}
		last := len(held) < source.MostInGroup
		if last {
			held = append([]source.Rejection{*r}, held...)
		}
		if err := giveUp(ctx, l, held, by, at); err != nil || last {
			return out, err
		}
	}
}

// giveUp gives up what is on a list.
func giveUp(ctx context.Context, l Live, list []source.Rejection, by string, at time.Time) error {
	settle := make([]source.Settlement, len(list))
	for i := range list {
		settle[i] = source.Settlement{ID: list[i].ID, From: source.WaitingStates(), To: source.Discarded, By: by, At: at}
	}
	return sourceFault(l.Settle(ctx, settle))
}
