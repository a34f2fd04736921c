package upload

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"turnkey/internal/fault"
	"turnkey/runtime/bundle"
	"turnkey/runtime/conflict"
	"turnkey/runtime/hook"
	"turnkey/runtime/rehearsal"
	"turnkey/runtime/source"
	"turnkey/runtime/value"
)

// listening stands in for workers: it lets everything pass, and keeps what hooks would be asked. So a saved test gives
// its hook exactly what the pipeline would.
type listening struct{ calls []hook.Call }

// Session implements Hooks.
func (l *listening) Session(context.Context, string, *hook.Program) (HookSession, error) {
	return l, nil
}

// Do implements HookSession.
func (l *listening) Do(_ context.Context, run *hook.Run, _ HookHost) (*hook.Ran, error) {
	if run.Begin {
		l.calls = nil
	}
	l.calls = append(l.calls, run.Calls...)
	ran := &hook.Ran{Outcomes: make([]hook.Outcome, len(run.Calls))}
	for i := range run.Calls {
		if ran.Outcomes[i].Result = hook.Kept; run.Calls[i].Function == hook.ResolveConflict {
			ran.Outcomes[i].Result = hook.Client
		}
	}
	return ran, nil
}

// Close implements HookSession.
func (l *listening) Close() {}

// listener is the rehearsal with a hook file for each table, whose functions do nothing; conflicts of one table are
// left to it, if they are not yet.
func (r *Rehearsal) listener(asks string, f hook.Function) (*Engine, *listening, error) {
	b, l := *r.bundle, &listening{}
	b.Program = &hook.Program{Hash: "listening"}
	b.Config.Tables = maps.Clone(b.Config.Tables)
	for name := range b.Config.Tables {
		b.Program.Hooks = append(b.Program.Hooks, hook.Exports{Name: name, Functions: []hook.Function{hook.ResolveConflict}})
	}
	if f == hook.BeforeWrite {
		for i := range b.Program.Hooks {
			b.Program.Hooks[i].Functions = append(b.Program.Hooks[i].Functions, f)
		}
	}
	if t, ok := b.Config.Tables[asks]; ok && f == hook.ResolveConflict {
		t.OnConflict = bundle.OnConflict{Policy: bundle.RowHook}
		b.Config.Tables[asks] = t
	}
	deps := r.deps
	deps.Hooks, deps.Seed = l, func() string { return "saved" }
	e, err := New(&b, stage{r.source}, deps)
	return e, l, err
}

// Case gives a recorded conflict or rejection as its hook would have been asked.
func (r *Rehearsal) Case(ctx context.Context, o rehearsal.Order) (rehearsal.Case, error) {
	if o.Conflict != "" {
		return r.conflictCase(ctx, o.Conflict)
	}
	return r.rejectionCase(ctx, o.Rejection)
}

func (r *Rehearsal) conflictCase(ctx context.Context, id string) (out rehearsal.Case, err error) {
	c, err := r.engine.recordedConflict(ctx, id)
	if err != nil {
		return out, err
	}
	if c.Policy == policyDeletesLose {
		return out, fault.New(fault.Conflict, "case_without_hook", "No hook decides about a deletion that lost: the setting deletes: lose does.")
	}
	e, l, err := r.listener(c.TableName, hook.ResolveConflict)
	if err != nil {
		return out, err
	}
	s, err := e.conflictAgain(ctx, c)
	if err != nil {
		return out, err
	}
	v := e.perform(ctx, s)
	at := slices.IndexFunc(l.calls, func(c hook.Call) bool { return c.Function == hook.ResolveConflict })
	if at < 0 {
		return out, notAsked(&v)
	}
	var asked hook.Conflict
	if err := json.Unmarshal(l.calls[at].Argument, &asked); err != nil {
		return out, fault.Wrap(err, fault.Internal, "internal", "A hook's argument cannot be read.")
	}
	out = rehearsal.Case{Kind: rehearsal.ConflictCase, ID: c.ID, At: c.CreatedAt, Table: c.TableName, Function: string(hook.ResolveConflict), Input: inputOf(&asked.Write, s.q, l.calls[at].NowMS)}
	aboutConflict(&out.Input, &asked)
	if c.Outcome != string(conflict.Recorded) {
		if !r.bundle.Program.Has(c.TableName, hook.ResolveConflict) {
			return out, nobodyToTest(c)
		}
		out.Decided, err = e.decidedAsHook(ctx, c, s)
	}
	return out, err
}

// decidedAsHook are the columns in conflict as they were stored, as hooks see them.
func (e *Engine) decidedAsHook(ctx context.Context, c *source.ConflictRecord, s *scene) (json.RawMessage, error) {
	full, err := readValues(c)
	if err != nil {
		return nil, err
	}
	decided, err := columnsOf(full.Decided)
	if err != nil {
		return nil, unreadableValues(err)
	}
	targets := e.targets(s.t)
	columns, failure := e.columns(ctx, targets)
	if failure != nil {
		return nil, replayFault(failure)
	}
	a, t, out := &attempt{engine: e, plan: e.plan, columns: columns}, targets[0].table, &value.Object{}
	row := s.take.of(targets[0].text)
	for _, named := range c.Fields {
		f, no := t.field(named.Name)
		if f == nil || no != nil || row == nil {
			continue
		}
		old, has := at(row.old, f.path)
		if v, _, no := a.coerce(t, f, decided[named.Name], old, has); no == nil {
			put(out, f.path, v, e.plan.database)
		}
	}
	return raw(hookValues(out)), nil
}

func inputOf(w *hook.Write, q *request, nowMS int64) rehearsal.Input {
	return rehearsal.Input{
		Op: w.Op, Table: w.Table, ID: w.ID, Data: raw(w.Data), PreviousValues: raw(w.PreviousValues), Metadata: raw(w.Metadata), Old: raw(w.Old),
		User: rehearsal.User{ID: q.user.ID, Provider: q.user.Provider, Claims: q.user.Claims}, Now: time.UnixMilli(nowMS).UTC().Format("2006-01-02T15:04:05.000Z07:00"),
	}
}

// aboutConflict makes an input resolveConflict's.
func aboutConflict(in *rehearsal.Input, c *hook.Conflict) {
	in.Data, in.Old = nil, nil
	in.Base, in.Server, in.Client, in.Fields = raw(c.Base), raw(c.Server), raw(c.Client), c.Fields
}

func raw(v []byte) json.RawMessage {
	if len(v) == 0 {
		return nil
	}
	return json.RawMessage(v)
}

// nobodyToTest is about what a policy decided while the draft has no function that decides: its test could only fail.
func nobodyToTest(c *source.ConflictRecord) error {
	return fault.Newf(fault.Conflict, "case_without_hook", "The policy %q decided this conflict, and tests run hooks alone: the draft's hooks/%s.ts has no resolveConflict to be tested.", c.Policy, c.TableName).
		WithHint("Write resolveConflict there first; the test then holds it to what the policy decided.")
}

// notAsked says why a case makes no test.
func notAsked(v *rehearsal.Verdict) error {
	no := fault.New(fault.Conflict, "case_without_hook", "No hook would be asked about this case.")
	if v.Outcome != rehearsal.Applied {
		return no.WithHint("It ends before: " + v.Code + ". " + v.Message)
	}
	return no.WithHint("Nothing is in conflict any more under the draft's configuration.")
}
