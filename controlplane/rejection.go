package controlplane

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"turnkey/runtime/command"
	"turnkey/runtime/source"
)

// Rejections is the service of what instances refused. The rejections themselves lie in customers'
// databases: every call is an order to a runtime that serves the instance.
type Rejections struct{ *core }

// List gives an instance's rejections, newest first unless the filter says otherwise.
func (s *Rejections) List(ctx context.Context, actor Actor, instance string, f source.RejectionFilter, page Page) (list []source.Rejection, next string, err error) {
	f.After, f.Limit = page.After, page.size()+1
	if err := s.ask(ctx, actor, instance, command.RejectionList, f, &list); err != nil {
		return nil, "", err
	}
	list, next = cut(page, list, func(r source.Rejection) string { return r.ID })
	return list, next, nil
}

// Get gives one with everything that was kept.
func (s *Rejections) Get(ctx context.Context, actor Actor, instance, id string) (r source.Rejection, err error) {
	return r, s.ask(ctx, actor, instance, command.RejectionGet, id, &r)
}

// ReplayEdit says how a rejection is replayed.
type ReplayEdit struct {
	Transaction  json.RawMessage // edited; nil: as it was kept
	WithoutRules bool
}

// Replay applies a rejection after all, and what waits for it. The first outcome is its own.
func (s *Rejections) Replay(ctx context.Context, actor Actor, instance, id string, edit ReplayEdit) (out []source.Outcome, err error) {
	order := command.ReplayOrder{ID: id, Payload: edit.Transaction, WithoutRules: edit.WithoutRules}
	if err := s.ask(ctx, actor, instance, command.RejectionReplay, order, &out); err != nil {
		return nil, err
	}
	changes := Changes{"status": {From: source.Open, To: statusOf(out)}}
	if edit.Transaction != nil {
		changes["edited"] = Change{To: true}
	}
	if edit.WithoutRules {
		changes["without_rules"] = Change{To: true}
	}
	return out, s.tell(ctx, actor, instance, Event{Kind: RejectionReplayed, Target: id, Changes: changes})
}

// Discard settles a rejection, and what waits for it, for good.
func (s *Rejections) Discard(ctx context.Context, actor Actor, instance, id string) (out []source.Outcome, err error) {
	if err := s.ask(ctx, actor, instance, command.RejectionDiscard, id, &out); err != nil {
		return nil, err
	}
	return out, s.tell(ctx, actor, instance, Event{Kind: RejectionDiscarded, Target: id, Changes: Changes{"discarded": {To: len(out)}}})
}

func statusOf(out []source.Outcome) source.RejectionStatus {
	if len(out) == 0 {
		return ""
	}
	return out[0].Status
}

// replayFor bounds one call of ReplayDeployment; what is left goes on with the next call.
const replayFor = 90 * time.Second

// DeploymentReplay is what replaying a deployment's rejections came to.
type DeploymentReplay struct {
	Outcomes []source.Outcome
	// More says that the time was up: call again.
	More bool
}

// ReplayDeployment replays everything that a deployment refused and that still waits, in the order of
// arrival.
func (s *Rejections) ReplayDeployment(ctx context.Context, actor Actor, instance string, number int64) (out DeploymentReplay, err error) {
	if err := s.read(ctx, func(tx Tx) error { _, err := tx.GetDeployment(ctx, instance, number); return err }); err != nil {
		return out, err
	}
	order := command.DeploymentOrder{Deployment: int(number)}
	out.More = true
	for end := s.now().Add(replayFor); out.More && s.now().Before(end); {
		var part command.DeploymentReplayed
		if err := s.ask(ctx, actor, instance, command.DeploymentReplay, order, &part); err != nil {
			return out, err
		}
		out.Outcomes = append(out.Outcomes, part.Done...)
		order.After, out.More = part.Next, part.More
	}
	counts := map[source.RejectionStatus]int{}
	for _, o := range out.Outcomes {
		counts[o.Status]++
	}
	return out, s.tell(ctx, actor, instance, Event{Kind: DeploymentReplayed, Target: instance,
		Changes: Changes{"deployment": {To: number}, "replayed": {To: counts[source.Replayed]}, "still_waiting": {To: counts[source.Open] + counts[source.Held]}}})
}

// ask gives a runtime an order about the instance that it serves, and reads the answer.
func (k *core) ask(ctx context.Context, actor Actor, instance string, name command.Name, argument, result any) error {
	text, err := json.Marshal(argument)
	if err != nil {
		return fmt.Errorf("writing the argument of %s: %w", name, err)
	}
	var i Instance
	if err := k.read(ctx, func(tx Tx) error { i, err = tx.GetInstance(ctx, instance); return err }); err != nil {
		return err
	}
	if i.Deployment == 0 {
		return notDeployed()
	}
	raw, err := k.send(ctx, actor, command.Command{Name: name, Instance: instance, Argument: text})
	if err != nil {
		return err
	}
	if err := json.Unmarshal(raw, result); err != nil {
		return fmt.Errorf("reading a runtime's answer to %s: %w", name, err)
	}
	return nil
}

// tell records the event of a change that a runtime has made.
func (k *core) tell(ctx context.Context, actor Actor, instance string, e Event) error {
	return k.change(ctx, actor, func(tx Tx) (Event, error) {
		i, err := tx.GetInstance(ctx, instance)
		e.Organization = i.Organization
		return e, err
	})
}
