package upload

import (
	"context"
	"strings"
	"sync"

	"turnkey/runtime/bundle"
	"turnkey/runtime/hook/worker"
	"turnkey/runtime/source"
	"turnkey/runtime/telemetry"
	"turnkey/runtime/value"
)

// verdict is how a transaction ended: with a result that the client may hear, or refused and not yet
// kept.
type verdict struct {
	result result
	known  bool // told before: this was a repeat
	no     *Refusal
	counts []telemetry.TableOperations // of conflicts
	held   *result                     // not possible now, for a reason that is no failure of the source
	why    string                      // it is held, for operators
}

// settle brings a transaction to its end: applied, known from earlier, refused for good, or not
// possible now. Conflicts are retried with fresh reads while the request's patience lasts.
func (e *Engine) settle(ctx context.Context, q *request, t *Transaction, ids *identities) (verdict, *source.Failure) {
	if t.Refused != nil {
		return verdict{no: t.Refused}, nil
	}
	targets := e.targets(t)
	if len(targets) == 0 {
		return verdict{result: result{Status: success}}, nil
	}
	columns, failure := e.columns(ctx, targets)
	if failure != nil {
		return verdict{}, failure
	}
	m := newMember(q, t, ids, targets)
	m.columns, m.watch = columns, stopwatchOf(ctx)
	if e.plan.program != nil {
		m.seed = e.deps.Seed()
	}
	if failure = e.alone(ctx, m); failure != nil {
		return verdict{}, failure
	}
	group, ok := e.turns.enter(ctx, m)
	if !ok {
		return verdict{}, &source.Failure{Class: source.Conflict, Code: "conflict", Message: "Other writes to the same rows are in the way.", Change: -1}
	}
	defer e.turns.leave(m)
	tried := func() {}
	if len(group) > 0 {
		began := e.deps.Now()
		tried = sync.OnceFunc(func() { e.turns.tried(began, group) })
		defer tried()
	}
	if len(group) > 1 {
		e.lead(ctx, group, tried)
	}
	if m.settled {
		return m.end, nil
	}
	return e.byItself(ctx, m, tried)
}

// byItself brings a transaction to its end that shares none; tried is called when the first try is over.
func (e *Engine) byItself(ctx context.Context, m *member, tried func()) (verdict, *source.Failure) {
	if m.watch != nil {
		m.watch.together = 0
	}
	if done, failure := e.direct(ctx, []*member{m}); done || failure != nil {
		return verdict{result: result{Status: success}}, failure
	}
	strict, kills := m.wantsStrict(e.plan.program), 0
	for n := 1; ; n++ {
		a := e.attempt(m)
		a.strict = strict
		if n == 1 && !strict {
			a.blind = e.unreadable(m)
		}
		try := ctx
		if kills > 0 {
			try = worker.Retrying(ctx)
		}
		v, err := a.run(try)
		tried()
		if t := troubleOf(err); t != nil {
			e.recents.forget(m.ids)
			if t.report(a); !t.strict {
				kills++
			}
			if !t.again(kills) {
				a.tellHooks(ctx)
				return t.end(a)
			}
			t.tellKill(ctx, a)
			strict = true
			a.strictly(t)
			continue
		}
		if a.remembered && (v.no != nil || err != nil && source.FailureOf(err).Class == source.Refused) {
			e.recents.forget(m.ids) // it may be a repeat of what was applied elsewhere: read, and decide again
			continue
		}
		if err == nil {
			a.tellHooks(ctx)
			if v.no == nil {
				e.recovered()
			}
			if v.no == nil && !v.known && m.q.replay == nil {
				e.recents.wrote(m.ids, a.memory)
			}
			m.q.shadowed.saw(a)
			return v.settleRetry(), nil
		}
		e.recents.forget(m.ids)
		f := source.FailureOf(err)
		switch f.Class {
		case source.Refused:
			if !strict && len(m.t.Operations) > 1 {
				// The grouped order may be what the database refused, and it rarely says which of many
				// rows it means: once more, one operation at a time.
				strict = true
				continue
			}
			a.tellHooks(ctx)
			return verdict{no: failed(f, a.changes, m.t.Operations, a.dbWrites > 0)}, nil
		case source.Conflict, source.Unknown:
			if f.Code == codeRejectionMoved || f.Code == source.CodeConflictMoved || !e.again(ctx, m.q, n) {
				return verdict{}, f
			}
		default:
			return verdict{}, f
		}
	}
}

func (e *Engine) attempt(m *member) *attempt {
	a := &attempt{engine: e, plan: e.plan, user: m.q.user, ops: m.t.Operations, ids: m.ids, replay: m.q.replay, request: m.q, targets: m.targets, columns: m.columns, seed: m.seed}
	a.hooks = a.newHooking()
	return a
}

// again waits before the next try, and reports whether there is time for one.
func (e *Engine) again(ctx context.Context, q *request, n int) bool {
	if e.deps.Now().Sub(q.arrived) > patience {
		return false
	}
	defer e.deps.Idle(ctx)()
	return e.deps.Pause(ctx, n) == nil
}

// target is where an operation goes, or why it can go nowhere.
type target struct {
	table *table
	id    value.Value
	text  string // the id's canonical text: "AB.." and "ab.." of one ObjectId are one row
	no    *Refusal
}

// targets checks everything that needs no database: tables, ids, the entries themselves. What is wrong
// counts only for operations that are not known already.
func (e *Engine) targets(t *Transaction) []target {
	out := make([]target, len(t.Operations))
	for i := range t.Operations {
		op := &t.Operations[i]
		if out[i] = e.target(op); out[i].no != nil {
			out[i].no = out[i].no.at(i, op)
		}
	}
	return out
}

func (e *Engine) target(op *Operation) target {
	if op.Refused != nil {
		return target{no: op.Refused}
	}
	tab := e.plan.tables[op.Table]
	if tab == nil {
		return target{no: refuse(CodeSchemaMismatch, "The table "+quote(op.Table)+" is not configured.").
			hint("Add it under tables in the instance's configuration.")}
	}
	id, err := value.ParseID(tab.ID, op.RowID)
	if err != nil {
		return target{no: typeRefusal(&field{name: "id"}, err)}
	}
	if sent, ok := op.Data.Get("id"); ok && tab.fields["id"] == nil && !sameID(sent, op.RowID) {
		return target{no: refuse(CodeInvalidData, "The operation's data has another id than the operation.")}
	}
	return target{table: tab, id: id, text: value.FormatID(id)}
}

func sameID(sent value.Value, id string) bool {
	switch sent := sent.(type) {
	case string:
		return sent == id
	case value.Number:
		return string(sent) == id
	}
	return false
}

// columns asks the source what it knows of the tables that are about to be written.
func (e *Engine) columns(ctx context.Context, targets []target) (map[*table]map[string]bundle.Type, *source.Failure) {
	if e.plan.database == bundle.MongoDB {
		return nil, nil
	}
	out := make(map[*table]map[string]bundle.Type, 2)
	for i := range targets {
		t := targets[i].table
		if _, ok := out[t]; ok || targets[i].no != nil {
			continue
		}
		c, err := e.src.Columns(ctx, &t.Table)
		if err != nil {
			return nil, source.FailureOf(err)
		}
		out[t] = c
	}
	return out, nil
}

// alone marks a transaction that must not share one of the source's.
func (e *Engine) alone(ctx context.Context, m *member) *source.Failure {
	m.alone = !e.shares || m.q.replay != nil || e.plan.program != nil && e.plan.program.transaction.transaction ||
		m.q.shadowed != nil // its rows have to be read
	var last *table
	for i := range m.targets {
		t := m.targets[i].table
		if m.alone || t == last || m.targets[i].no != nil {
			continue
		}
		alone, err := e.src.Alone(ctx, &t.Table)
		if err != nil {
			return source.FailureOf(err)
		}
		m.alone, last = alone, t
		m.hooked = m.hooked || t.hooks.inside()
	}
	m.hooked = m.hooked && !m.alone
	m.alone = m.alone || m.hooked
	return nil
}

// storable makes a client's text safe for text columns: no NUL, bounded.
func storable(s string) string {
	const most = 1024
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "")
	}
	return s
}
