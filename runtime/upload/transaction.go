package upload

import (
	"context"
	"strings"

	"turnkey/runtime/bundle"
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
	if created, failure := e.create(ctx, q, t, ids, targets, columns); created || failure != nil {
		return verdict{result: result{Status: success}}, failure
	}
	strict := false
	for n := 1; ; n++ {
		a := &attempt{engine: e, plan: e.plan, user: q.user, ops: t.Operations, ids: ids, replay: q.replay, request: q, targets: targets, columns: columns, strict: strict}
		v, err := a.run(ctx)
		if err == nil {
			if v.no == nil {
				e.recovered()
			}
			return v, nil
		}
		f := source.FailureOf(err)
		switch f.Class {
		case source.Refused:
			if !strict && len(t.Operations) > 1 {
				// The grouped order may be what the database refused, and it rarely says which of many
				// rows it means: once more, one operation at a time.
				strict = true
				continue
			}
			return verdict{no: failed(f, a.changes, t.Operations)}, nil
		case source.Conflict, source.Unknown:
			if f.Code == codeRejectionMoved || f.Code == source.CodeConflictMoved || !e.again(ctx, q, n) {
				return verdict{}, f
			}
		default:
			return verdict{}, f
		}
	}
}

// again waits before the next try, and reports whether there is time for one.
func (e *Engine) again(ctx context.Context, q *request, n int) bool {
	return e.deps.Now().Sub(q.arrived) <= patience && e.deps.Pause(ctx, n) == nil
}

// target is where an operation goes, or why it can go nowhere.
type target struct {
	table *table
	id    value.Value
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
	return target{table: tab, id: id}
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

// storable makes a client's text safe for text columns: no NUL, bounded.
func storable(s string) string {
	const most = 1024
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "")
	}
	return s
}
