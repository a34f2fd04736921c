package upload

import (
	"errors"

	"turnkey/runtime/bundle"
	"turnkey/runtime/rule"
	"turnkey/runtime/source"
	"turnkey/runtime/value"
)

// apply carries out one operation on the row as the transaction has left it. Deletes win: PATCH and
// DELETE of a missing row succeed before any rule is asked, unless the row is missing because this
// client's own creation of it waits as a rejection.
func (a *attempt) apply(op *Operation, r *row) *Refusal {
	if r.stored == nil && r.now == nil && op.Op != Put {
		if w := a.awaited(r); w != nil {
			return depends(w)
		}
	}
	if done, no := a.late(op, r); done {
		return no
	}
	switch {
	case op.Op == Delete:
		return a.delete(op, r)
	case r.now != nil:
		return a.update(op, r)
	case op.Op == Patch:
		return a.replay.wantsRow()
	}
	return a.create(op, r)
}

func (a *attempt) delete(op *Operation, r *row) *Refusal {
	if r.now == nil {
		return nil
	}
	if no := a.mayDelete(r); no != nil {
		return no
	}
	if a.awaitsBefore(r.table) {
		return a.askBefore(op, r, nil)
	}
	if d := a.replay.decision(a.at); d != nil {
		if no := a.replay.unmovedRow(a, r, d); no != nil {
			return no
		}
	} else if r.table.policy.Deletes == bundle.DeletesLose && a.loses(op, r) {
		return nil
	}
	r.now = nil
	return nil
}

func (a *attempt) mayDelete(r *row) *Refusal {
	return a.authorize(r.table.delete, "delete", r.table, rule.Input{User: a.user, Old: r.now})
}

func (a *attempt) create(op *Operation, r *row) *Refusal {
	if r.table.policy.Deletes == bundle.DeletesTombstone && r.stored == nil {
		if !a.marked() {
			return nil // first the tombstones
		}
		if no := a.buried(r); no != nil {
			return no
		}
	}
	doc := &value.Object{Members: make([]value.Member, 0, 1+len(members(op.Data)))}
	doc.Members = append(doc.Members, value.Member{Name: r.table.Key, Value: r.id})
	changed := make([]string, 0, len(members(op.Data)))
	for _, m := range members(op.Data) {
		f, no := a.column(r.table, m)
		if no != nil {
			return no
		}
		if f == nil {
			continue
		}
		v, _, no := a.coerce(r.table, f, m.Value, nil, false)
		if no != nil {
			return a.ofHook(no)
		}
		if !put(doc, f.path, v, a.plan.database) {
			return blocked(f)
		}
		changed = append(changed, f.path[0])
		r.touch(f.path[0])
		if len(f.path) > 1 {
			changed = append(changed, f.dotted)
		}
	}
	if no := checkDocument(doc); no != nil {
		return no
	}
	if no := a.authorize(r.table.create, "create", r.table, rule.Input{User: a.user, New: doc, Changed: changed}); no != nil {
		return no
	}
	if a.awaitsBefore(r.table) {
		return a.askBefore(op, r, withoutKey(doc, r.table.Key))
	}
	a.leaveCreated(r, doc)
	r.reborn = r.stored != nil
	r.now = doc
	return nil
}

// update decides what becomes of each column by the table's policy, and what of that may be. Where
// the policy or a hook may have its way against the device, the rule is asked twice: about what the device wanted,
// before it is told of a conflict, and about what becomes of it.
func (a *attempt) update(op *Operation, r *row) *Refusal {
	w, no := a.weigh(op, r)
	if no != nil {
		return no
	}
	if a.awaitsBefore(r.table) {
		if no := a.store(r, w, w.wanted(), wish); no != nil {
			return no
		}
		return a.askBefore(op, r, a.valuesOf(w))
	}
	if !a.know(r, w) {
		return nil // first what this client's own writes left
	}
	if no := a.replay.reweigh(a, op, r, w); no != nil || a.asking() {
		return no
	}
	decision := w.decide(r.table)
	if !r.table.hooks.before && (decision.Hook || w.overruled(decision)) {
		if no := a.store(r, w, w.wanted(), wish); no != nil {
			return no
		}
	}
	if decision.Hook {
		if no := a.consult(op, r, w, &decision); no != nil || a.asking() {
			return no
		}
	}
	a.conflictsOf(op, r, w, &decision)
	if decision.Refused != nil {
		return a.leaveOpen(op, r, w, decision.Refused)
	}
	a.leave(r, w, decision.Fields)
	return a.store(r, w, decision.Fields, final)
}

// members are the data's columns; the row's id among them is how some dialects send it.
func members(o *value.Object) []value.Member {
	if o == nil {
		return nil
	}
	return o.Members
}

// column finds where a client column goes; nil without refusal means nowhere.
func (a *attempt) column(t *table, m value.Member) (*field, *Refusal) {
	if m.Name == "id" && t.fields["id"] == nil {
		return nil, nil // checked against the entry's id before the transaction began
	}
	if f := a.onlyHooksName(t, m.Name); f != nil {
		return f, nil
	}
	return t.field(m.Name)
}

// coerce types one client value by the configuration, else by the database's own knowledge of the
// column, else by what is stored.
func (a *attempt) coerce(t *table, f *field, client, stored value.Value, has bool) (value.Value, bool, *Refusal) {
	declared := f.declared
	if columns := a.columns[t]; columns != nil && len(f.path) == 1 {
		column, known := columns[f.path[0]]
		if !known && t.fields[f.name] == nil {
			return nil, false, refuse(CodeSchemaMismatch, "The table has no column "+quote(f.name)+".").
				hint("Add the column to the database, or ignore it under tables." + t.Name + ".fields." + f.name + ".")
		}
		if declared.Name == "" {
			declared = column
		}
	}
	v, changed, err := value.Coerce(client, declared, stored, has)
	if err != nil {
		return nil, false, typeRefusal(f, err)
	}
	if text, ok := v.(value.JSON); ok && changed && a.plan.database == bundle.MongoDB {
		if v, err = value.Native(text); err != nil { // MongoDB stores documents, not JSON text
			return nil, false, typeRefusal(f, err)
		}
	}
	return v, changed, nil
}

func typeRefusal(f *field, err error) *Refusal {
	var typed *value.TypeError
	if !errors.As(err, &typed) {
		return refuse(CodeInvalidData, "The column "+quote(f.name)+" has a value that cannot be stored.")
	}
	where := f.name
	if typed.Path != "" {
		where += "." + typed.Path
	}
	return &Refusal{
		Code: typed.Code, Message: "Column " + quote(where) + ": " + typed.Message, Hint: typed.Hint, Operation: -1,
		Details: map[string]string{"field": where},
	}
}

func checkDocument(doc *value.Object) *Refusal {
	err := value.Check(doc)
	if err == nil {
		return nil
	}
	var typed *value.TypeError
	if errors.As(err, &typed) {
		return &Refusal{Code: typed.Code, Message: typed.Message, Hint: typed.Hint, Operation: -1}
	}
	return refuse(CodeInvalidData, "The row cannot be replicated to devices.")
}

func blocked(f *field) *Refusal {
	return refuse(CodeSchemaMismatch, "The path "+quote(f.dotted)+" of column "+quote(f.name)+" leads through a stored value that is not an object.").
		hint("Correct the stored row, or the field's path in the configuration.")
}

// authorize asks a rule. A rule that is absent, says no or fails denies.
func (a *attempt) authorize(r *rule.Rule, verb string, t *table, in rule.Input) *Refusal {
	if a.replay != nil && a.replay.WithoutRules {
		return nil
	}
	setting := "tables." + t.Name + ".allow." + verb
	if r == nil {
		return refuse(CodeUnauthorized, "Nobody may "+verb+" rows of table "+quote(t.Name)+".").
			hint("Set " + setting + " to a rule that allows it.")
	}
	ok, err := r.Allows(in)
	if ok && err == nil {
		return nil
	}
	no := refuse(CodeUnauthorized, "You may not "+verb+" this row of table "+quote(t.Name)+".").
		hint("The rule " + setting + " refused it.")
	if err != nil {
		no.Hint = "The rule " + setting + " could not be evaluated, which denies."
		no.Detail = err.Error()
	}
	return no
}

// failed turns the database's permanent refusal into ours, blaming the operation behind it: the only one, unless code
// has written, too, whose writes are nobody's operation.
func failed(f *source.Failure, changes []source.Change, ops []Operation, codeWrote bool) *Refusal {
	no := &Refusal{Code: f.Code, Message: f.Message, Hint: f.Hint, Operation: -1}
	if f.Err != nil {
		no.Detail = f.Err.Error()
	}
	if f.Field != "" {
		no.Details = map[string]string{"constraint": f.Field}
	}
	if no.Hint == "" && no.Detail != "" {
		no.Hint = "The rejection keeps the database's own words, as its detail."
	}
	if len(ops) == 1 && !codeWrote {
		return no.at(0, &ops[0])
	}
	if f.Change >= 0 && f.Change < len(changes) {
		i := changes[f.Change].Operation
		return no.at(i, &ops[i])
	}
	return no
}
