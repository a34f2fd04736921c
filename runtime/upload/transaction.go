package upload

import (
	"context"
	"strings"

	"turnkey/runtime/bundle"
	"turnkey/runtime/rule"
	"turnkey/runtime/source"
	"turnkey/runtime/value"
)

// settle brings a transaction to its end: applied (nil, nil), refused for good, or not possible now.
// Conflicts are retried with fresh reads while the request's patience lasts.
func (e *Engine) settle(ctx context.Context, q request, t *Transaction) (*Refusal, *source.Failure) {
	targets, no := e.targets(t)
	if no != nil || len(targets) == 0 {
		return no, nil
	}
	columns, failure := e.columns(ctx, targets)
	if failure != nil {
		return nil, failure
	}
	if created, failure := e.create(ctx, q, t, targets, columns); created || failure != nil {
		return nil, failure
	}
	strict := false
	for n := 1; ; n++ {
		a := &attempt{plan: e.plan, user: q.user, ops: t.Operations, targets: targets, columns: columns, strict: strict}
		no, err := a.run(ctx, e.src)
		if err == nil {
			if no == nil {
				e.recovered()
			}
			return no, nil
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
			return failed(f, a.changes, t.Operations), nil
		case source.Conflict, source.Unknown:
			if e.deps.Now().Sub(q.arrived) > patience || e.deps.Pause(ctx, n) != nil {
				return nil, f
			}
		default:
			return nil, f
		}
	}
}

// target is where an operation goes.
type target struct {
	table *table
	id    value.Value
}

// targets checks everything that needs no database: tables, ids, the entries themselves.
func (e *Engine) targets(t *Transaction) ([]target, *Refusal) {
	if t.Refused != nil {
		return nil, t.Refused
	}
	out := make([]target, len(t.Operations))
	for i := range t.Operations {
		op := &t.Operations[i]
		if op.Refused != nil {
			return nil, op.Refused.at(i, op)
		}
		tab := e.plan.tables[op.Table]
		if tab == nil {
			return nil, refuse(CodeSchemaMismatch, "The table "+quote(op.Table)+" is not configured.").
				hint("Add it under tables in the instance's configuration.").at(i, op)
		}
		id, err := value.ParseID(tab.ID, op.RowID)
		if err != nil {
			return nil, typeRefusal(&field{name: "id"}, err).at(i, op)
		}
		if sent, ok := op.Data.Get("id"); ok && tab.fields["id"] == nil && !sameID(sent, op.RowID) {
			return nil, refuse(CodeInvalidData, "The operation's data has another id than the operation.").at(i, op)
		}
		out[i] = target{tab, id}
	}
	return out, nil
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
		if _, ok := out[t]; ok {
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

// attempt is one try at one client transaction.
type attempt struct {
	plan    *plan
	user    rule.User
	ops     []Operation
	targets []target
	columns map[*table]map[string]bundle.Type
	// strict sends each operation by itself, in order.
	strict bool

	rows    map[rowKey]*row
	order   []*row // by first appearance
	changes []source.Change
	weighed weighed
}

// run reads, decides and applies. An error is a *source.Failure.
func (a *attempt) run(ctx context.Context, src source.Source) (*Refusal, error) {
	tx, err := src.Begin(ctx, source.Session{UserID: a.user.ID, Claims: a.user.Claims})
	if err != nil {
		return nil, err
	}
	defer tx.Rollback(ctx)
	if err := a.read(ctx, tx); err != nil {
		return nil, err
	}
	if a.strict {
		return a.oneByOne(ctx, tx)
	}
	for i := range a.ops {
		r := a.rows[a.key(i)]
		if no := a.apply(&a.ops[i], r); no != nil {
			return no.at(i, &a.ops[i]), nil
		}
		r.last = i
		if r.reborn { // delete, then create: the net effect would lose the deletion's own effects
			return a.again(ctx, src, tx)
		}
	}
	for _, r := range a.order {
		if c := r.change(r.stored, r.last); c != nil {
			a.changes = append(a.changes, *c)
		}
	}
	if len(a.changes) == 0 {
		return nil, nil
	}
	return nil, tx.Apply(ctx, a.changes, true)
}

// again starts over, one operation at a time.
func (a *attempt) again(ctx context.Context, src source.Source, tx source.Tx) (*Refusal, error) {
	tx.Rollback(ctx)
	a.strict, a.rows, a.order = true, nil, nil
	return a.run(ctx, src)
}

// oneByOne applies every operation by itself, so that the database's checks see the client's order
// and its refusal names the operation.
func (a *attempt) oneByOne(ctx context.Context, tx source.Tx) (*Refusal, error) {
	written := false
	for i := range a.ops {
		r := a.rows[a.key(i)]
		before := r.now
		r.touched = nil
		if no := a.apply(&a.ops[i], r); no != nil {
			return no.at(i, &a.ops[i]), nil
		}
		c := r.change(before, i)
		if c == nil {
			continue
		}
		a.changes = []source.Change{*c}
		if err := tx.Apply(ctx, a.changes, false); err != nil {
			f := *source.FailureOf(err)
			f.Change = 0 // the only one
			return nil, &f
		}
		written = true
	}
	if !written {
		return nil, nil
	}
	a.changes = nil // what fails at commit is no single operation's fault
	return nil, tx.Apply(ctx, nil, true)
}

func (a *attempt) key(i int) rowKey {
	// The id's canonical text: "AB.." and "ab.." of one ObjectId are one row.
	return rowKey{a.targets[i].table, value.FormatID(a.targets[i].id)}
}

// read gets every row that the transaction names, once.
func (a *attempt) read(ctx context.Context, tx source.Tx) error {
	a.rows = make(map[rowKey]*row, len(a.ops))
	refs := make([]source.Ref, 0, len(a.ops))
	for i := range a.ops {
		k := a.key(i)
		if a.rows[k] != nil {
			continue
		}
		r := &row{table: a.targets[i].table, id: a.targets[i].id}
		a.rows[k] = r
		a.order = append(a.order, r)
		refs = append(refs, source.Ref{Table: &r.table.Table, ID: r.id})
	}
	found, err := tx.Read(ctx, refs)
	if err != nil {
		return err
	}
	for i, r := range a.order {
		r.stored = found[i].Doc
		r.now = r.stored
	}
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
