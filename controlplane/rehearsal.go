package controlplane

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"turnkey/controlplane/publish"
	"turnkey/internal/fault"
	"turnkey/runtime/command"
	"turnkey/runtime/rehearsal"
)

// Rehearsals is the service of dry runs: what a draft, or what is deployed, would make of writes. A runtime tries
// them on the customer's database, in transactions that are rolled back.
type Rehearsals struct{ *core }

// Candidate says what is tried out: the draft as it is saved, with what an editor has changed, or the active
// deployment.
type Candidate struct {
	Deployed bool
	Edit     DraftEdit
}

// name is what audit events call it.
func (c Candidate) name() string {
	if c.Deployed {
		return "deployed"
	}
	return "draft"
}

// Run says what would become of one transaction.
func (s *Rehearsals) Run(ctx context.Context, actor Actor, instance string, of Candidate, o rehearsal.Order) (v rehearsal.Verdict, err error) {
	sealed, err := s.sealCandidate(ctx, instance, of)
	if err != nil {
		return v, err
	}
	if err := s.rehearse(ctx, actor, instance, sealed, command.RehearsalRun, o, &v); err != nil {
		return v, err
	}
	changes := Changes{"of": {To: of.name()}, "outcome": {To: v.Outcome}}
	if o.Recorded() {
		changes["recorded"] = Change{To: o.Conflict + o.Rejection}
	}
	return v, s.tell(ctx, actor, instance, Event{Kind: RehearsalRun, Target: instance, Changes: changes})
}

const (
	// MostReplayed and DefaultReplayed bound a report of recorded cases.
	MostReplayed    = 10_000
	DefaultReplayed = 1000
	// rehearseFor bounds one call of Replay; what is left goes on with the next call.
	rehearseFor = time.Minute
	// rehearsePart bounds one order to a runtime.
	rehearsePart = 12 * time.Second
)

// ReplayReport is what replaying recorded cases came to.
type ReplayReport struct {
	rehearsal.Report
	// Next is where to go on; "": all that was asked for is done.
	Next string
}

// Replay says what would become of the last recorded conflicts and rejections, after a report's Next.
func (s *Rehearsals) Replay(ctx context.Context, actor Actor, instance string, of Candidate, limit int, after string) (out ReplayReport, err error) {
	if limit == 0 {
		limit = DefaultReplayed
	}
	sealed, err := s.sealCandidate(ctx, instance, of)
	if err != nil {
		return out, err
	}
	out.Examples = []rehearsal.Example{}
	order := rehearsal.ReplayOrder{After: after, For: rehearsePart}
	for end := s.now().Add(rehearseFor); out.Total < limit; {
		order.Limit = limit - out.Total
		var part rehearsal.Part
		if err := s.rehearse(ctx, actor, instance, sealed, command.RehearsalReplay, order, &part); err != nil {
			return out, err
		}
		out.Join(&part.Report)
		order.After, out.Next = part.Next, part.Next
		if !part.More {
			out.Next = ""
			break
		}
		if out.Total < limit && !s.now().Before(end) {
			break
		}
	}
	if out.Total >= limit {
		out.Next = ""
	}
	return out, s.tell(ctx, actor, instance, Event{Kind: RehearsalReplayed, Target: instance,
		Changes: Changes{"of": {To: of.name()}, "total": {To: out.Total}, "differ": {To: out.Differ}, "complete": {To: out.Next == ""}}})
}

// sealCandidate seals what is tried out, with its program and secrets.
func (k *core) sealCandidate(ctx context.Context, instance string, of Candidate) ([]byte, error) {
	if !of.Deployed {
		sealed, _, err := k.sealDraft(ctx, instance, of.Edit)
		return sealed, err
	}
	var i Instance
	var d Deployment
	var secrets publish.Secrets
	err := k.read(ctx, func(tx Tx) (err error) {
		if i, err = tx.GetInstance(ctx, instance); err != nil {
			return err
		}
		if i.Deployment == 0 {
			return notDeployed()
		}
		if d, err = tx.GetDeployment(ctx, instance, i.Deployment); err != nil {
			return err
		}
		secrets, err = k.openSecrets(ctx, tx, instance, publish.References(&d.Config))
		return err
	})
	if err != nil {
		return nil, err
	}
	return k.candidate(i, &publish.Release{Config: &d.Config, Program: d.Program}, secrets)
}

func notDeployed() error {
	return fault.New(fault.Conflict, "not_deployed", "Nothing is deployed to this instance yet.").
		WithHint("Deploy its configuration first: POST .../deployments.")
}

// rehearse gives a runtime an order about a candidate, and reads the answer.
func (k *core) rehearse(ctx context.Context, actor Actor, instance string, sealed []byte, name command.Name, argument, result any) error {
	text, err := json.Marshal(argument)
	if err != nil {
		return fmt.Errorf("writing the argument of %s: %w", name, err)
	}
	raw, err := k.send(ctx, actor, command.Command{Name: name, Instance: instance, Bundle: sealed, Argument: text})
	if err != nil {
		return err
	}
	if err := json.Unmarshal(raw, result); err != nil {
		return fmt.Errorf("reading a runtime's answer to %s: %w", name, err)
	}
	return nil
}
