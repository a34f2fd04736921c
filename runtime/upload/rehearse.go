package upload

import (
	"context"
	"encoding/json"
	"log/slog"
	"time"

	"turnkey/internal/fault"
	"turnkey/runtime/bundle"
	"turnkey/runtime/rehearsal"
	"turnkey/runtime/rule"
	"turnkey/runtime/source"
)

// rehearseFor bounds one run: whoever asks waits for it.
const rehearseFor = 10 * time.Second

// Rehearsal says what a deployment would make of writes, and writes nothing: it is an Engine on a stage. It is
// safe for concurrent use, and keeps nothing between runs.
type Rehearsal struct {
	engine *Engine

	// For saving cases as tests: the same once more, with other hooks.
	bundle *bundle.Bundle
	source source.Source
	deps   Deps
}

// NewRehearsal compiles a bundle, which need not be deployed, to be rehearsed on a source. Nobody hears of its
// transactions but who asks: no brake, no log, no counters.
func NewRehearsal(b *bundle.Bundle, src source.Source, deps Deps) (*Rehearsal, error) {
	deps.Brake, deps.Observe, deps.Log = nil, nil, slog.New(slog.DiscardHandler)
	r := &Rehearsal{bundle: b, source: src, deps: deps}
	if deps.Hooks != nil {
		deps.Hooks = stagedHooks{deps.Hooks}
	}
	e, err := New(b, stage{src}, deps)
	if err != nil {
		return nil, err
	}
	r.engine = e
	return r, nil
}

// Run says what would become of a transaction. An error means that it cannot be told.
func (r *Rehearsal) Run(ctx context.Context, o rehearsal.Order) (rehearsal.Verdict, error) {
	switch {
	case o.Conflict != "":
		c, err := r.engine.recordedConflict(ctx, o.Conflict)
		if err != nil {
			return rehearsal.Verdict{}, err
		}
		again, err := r.engine.conflictAgain(ctx, c)
		if err != nil {
			return rehearsal.Verdict{}, err
		}
		return r.engine.perform(ctx, again), nil
	case o.Rejection != "":
		kept, err := r.engine.recordedRejection(ctx, o.Rejection)
		if err != nil {
			return rehearsal.Verdict{}, err
		}
		again, err := r.engine.rejectionAgain(kept)
		if err != nil {
			return rehearsal.Verdict{}, err
		}
		return r.engine.perform(ctx, again), nil
	}
	s, err := r.engine.given(ctx, &o)
	if err != nil {
		return rehearsal.Verdict{}, err
	}
	return r.engine.perform(ctx, s), nil
}

// scene is a transaction that is to be rehearsed.
type scene struct {
	q    *request
	t    *Transaction
	ids  *identities
	take *take
}

// given is the scene of an order that holds its transaction.
func (e *Engine) given(ctx context.Context, o *rehearsal.Order) (*scene, error) {
	t, err := decodeKept(o.Transaction)
	if err != nil {
		return nil, err
	}
	if len(t.Operations) == 0 && t.Refused == nil {
		return nil, fault.New(fault.Invalid, "nothing_to_run", "The transaction has no operation.")
	}
	q := e.rehearsed(rule.User{ID: o.User.ID, Provider: o.User.Provider, Claims: o.User.Claims}, "")
	// Without operation ids nothing is a repeat: whoever asks twice means it twice.
	s := &scene{q: q, t: t, ids: &identities{holder: owner(e.instance, q.user.ID, "", "client")}, take: &take{}}
	if o.Old != nil {
		return s, e.standInFor(ctx, s, o.Old)
	}
	return s, nil
}

func (e *Engine) rehearsed(user rule.User, client string) *request {
	return &request{upload: &Upload{Form: Transactions, ClientID: client}, user: user, id: "rehearsal", arrived: e.deps.Now(), rehearsal: true}
}

// perform lets the pipeline decide about a scene, and tells what it saw.
func (e *Engine) perform(ctx context.Context, s *scene) rehearsal.Verdict {
	ctx, cancel := context.WithTimeout(ctx, rehearseFor)
	defer cancel()
	began := e.deps.Now()
	v, failure := e.settle(onTake(ctx, s.take), s.q, s.t, s.ids)
	out := s.take.verdict(v, failure)
	out.DurationUS, out.DatabaseCalls = e.deps.Now().Sub(began).Microseconds(), s.take.calls
	return out
}

// verdict puts into words what became of a run.
func (t *take) verdict(v verdict, failure *source.Failure) rehearsal.Verdict {
	out := rehearsal.Verdict{Outcome: rehearsal.Applied, Checked: t.checked,
		Changes: []rehearsal.RowChange{}, Conflicts: []rehearsal.ConflictMet{}, Hooks: []rehearsal.HookCall{}, Effects: []rehearsal.Effect{}}
	switch {
	case failure != nil:
		out.Outcome, out.Code, out.Message, out.Hint = rehearsal.HeldBack, failure.Code, failure.Message, failure.Hint
		if failure.Err != nil {
			out.Detail = failure.Err.Error()
		}
	case v.held != nil:
		out.Outcome, out.Code, out.Message, out.Detail = rehearsal.HeldBack, v.held.ErrorCode, v.held.Message, v.why
	case v.no != nil:
		out.Outcome, out.Code, out.Message, out.Hint, out.Detail = rehearsal.Refused, v.no.Code, v.no.Message, v.no.Hint, v.no.Detail
		if v.no.Operation >= 0 {
			out.Operation = &v.no.Operation
		}
		out.Conflicts = shownConflicts(v.no.conflicts)
	default:
		for _, r := range t.acted {
			if c := r.shown(); c != nil {
				out.Changes = append(out.Changes, *c)
			}
		}
		if t.finish != nil {
			out.Conflicts = shownConflicts(t.finish.Conflicts)
			out.Effects = shownEffects(t.finish.Deliveries)
		}
	}
	out.Hooks = append(out.Hooks, t.hooks...)
	return out
}

func shownConflicts(list []source.ConflictRecord) []rehearsal.ConflictMet {
	out := make([]rehearsal.ConflictMet, 0, len(list))
	for i := range list {
		c := &list[i]
		shown := rehearsal.ConflictMet{Operation: c.Operation, Op: c.Op, Table: c.TableName, ID: c.RowID, Policy: c.Policy, Outcome: c.Outcome,
			Fields: make([]rehearsal.FieldDecision, len(c.Fields))}
		for n, f := range c.Fields {
			shown.Fields[n] = rehearsal.FieldDecision(f)
		}
		if full, err := readValues(c); err == nil { // we have just written it
			shown.Base, shown.Server, shown.Client, shown.Decided = full.Base, full.Server, full.Client, full.Decided
		}
		out = append(out, shown)
	}
	return out
}

func shownEffects(list []source.Delivery) []rehearsal.Effect {
	out := make([]rehearsal.Effect, 0, len(list))
	for _, d := range list {
		shown := rehearsal.Effect{Kind: string(d.Kind), Table: d.TableName, ID: d.RowID, Payload: d.Payload}
		if d.Kind == source.Webhook {
			shown.Outbox = d.Lane
		}
		if !json.Valid(d.Payload) { // an envelope of ours
			shown.Payload = nil
		}
		out = append(out, shown)
	}
	return out
}
