package controlplane

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"turnkey/internal/fault"
	"turnkey/runtime/command"
	"turnkey/runtime/rehearsal"
)

// Shadow is a draft that runs beside the active deployment, at every runtime that was there when it was started.
// Nothing of it is kept here: runtimes have it in memory, for as long as it was ordered.
type Shadow struct {
	rehearsal.ShadowReport
	ID         string
	Running    bool
	Deployment int64
	Sample     float64
	Until      time.Time
	// Runtimes have it; Silent ones did not answer, and their part is missing.
	Runtimes, Silent int
}

// StartShadow lets the draft run beside the active deployment, in the place of the shadow before.
func (s *Rehearsals) StartShadow(ctx context.Context, actor Actor, instance string, edit DraftEdit, sample float64, lasts time.Duration) (out Shadow, err error) {
	var i Instance
	if err := s.read(ctx, func(tx Tx) error { i, err = tx.GetInstance(ctx, instance); return err }); err != nil {
		return out, err
	}
	if i.Deployment == 0 {
		return out, notDeployed()
	}
	sealed, err := s.sealCandidate(ctx, instance, Candidate{Edit: edit})
	if err != nil {
		return out, err
	}
	order := rehearsal.ShadowOrder{ID: actor.RequestID, Deployment: int(i.Deployment), Sample: sample, Until: s.now().Add(lasts)}
	text, err := json.Marshal(order)
	if err != nil {
		return out, fmt.Errorf("writing the order of a shadow: %w", err)
	}
	answers, silent, err := s.sendAll(ctx, actor, command.Command{Name: command.ShadowStart, Instance: instance, Bundle: sealed, Argument: text})
	if err != nil {
		return out, err
	}
	out = Shadow{ID: order.ID, Running: true, Deployment: i.Deployment, Sample: sample, Until: order.Until, Runtimes: len(answers), Silent: silent}
	return out, s.tell(ctx, actor, instance, Event{Kind: ShadowStarted, Target: instance,
		Changes: Changes{"deployment": {To: i.Deployment}, "sample": {To: sample}, "until": {To: order.Until}}})
}

// GetShadow adds up what the runtimes have counted.
func (s *Rehearsals) GetShadow(ctx context.Context, actor Actor, instance string) (Shadow, error) {
	return s.shadow(ctx, actor, instance, command.ShadowGet)
}

// StopShadow ends it, and gives what it came to.
func (s *Rehearsals) StopShadow(ctx context.Context, actor Actor, instance string) (Shadow, error) {
	out, err := s.shadow(ctx, actor, instance, command.ShadowStop)
	if err != nil {
		return out, err
	}
	out.Running = false
	return out, s.tell(ctx, actor, instance, Event{Kind: ShadowStopped, Target: instance, Changes: Changes{"total": {To: out.Total}, "differ": {To: out.Differ}}})
}

func (s *Rehearsals) shadow(ctx context.Context, actor Actor, instance string, name command.Name) (out Shadow, err error) {
	answers, silent, err := s.sendAll(ctx, actor, command.Command{Name: name, Instance: instance})
	if err != nil {
		return out, err
	}
	out.Silent = silent
	for _, raw := range answers {
		var state rehearsal.ShadowState
		if err := json.Unmarshal(raw, &state); err != nil {
			return out, fmt.Errorf("reading a runtime's answer to %s: %w", name, err)
		}
		if state.Order == nil {
			continue // it came later
		}
		out.Runtimes++
		out.Running = out.Running || state.Running
		out.ID, out.Deployment, out.Sample, out.Until = state.Order.ID, int64(state.Order.Deployment), state.Order.Sample, state.Order.Until
		out.JoinShadow(&state.Report)
	}
	if out.Runtimes == 0 {
		return out, fault.New(fault.NotFound, "not_found", "There is no shadow.").WithHint("Start one: POST .../shadow. It is gone when its runtimes have restarted.")
	}
	return out, nil
}

// sendAll gives a command to every runtime that carries it out; silent ones did not answer.
func (k *core) sendAll(ctx context.Context, actor Actor, c command.Command) (answers []json.RawMessage, silent int, err error) {
	var list []Runtime
	err = k.read(ctx, func(tx Tx) (err error) { list, err = tx.ListRuntimes(ctx, k.now().Add(-runtimeGone)); return err })
	if err != nil {
		return nil, 0, err
	}
	c.Actor = command.Actor{UserID: actor.UserID, TokenID: actor.TokenID, RequestID: actor.RequestID}
	for _, r := range list {
		if r.LeftAt != nil || !slices.Contains(r.Capabilities, string(c.Name)) {
			continue
		}
		raw, err := k.commander.Send(ctx, r.Address, r.ID, c)
		switch {
		case fault.Is(err, "runtime_unreachable"):
			silent++
		case err != nil:
			return nil, silent, err
		default:
			answers = append(answers, raw)
		}
	}
	if len(answers) == 0 {
		return nil, silent, fault.New(fault.Unavailable, "no_runtime", "No runtime is registered that could do this.").WithHint("Start one: turnkey runtime. It registers within seconds.")
	}
	return answers, silent, nil
}
