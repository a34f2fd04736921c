package upload

import (
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"turnkey/runtime/bundle"
	"turnkey/runtime/conflict"
	"turnkey/runtime/hook"
	"turnkey/runtime/value"
)

// consult lets resolveConflict decide what the policy leaves to it. It asks first, and does nothing more then: the
// operation is applied again with the answer at hand. What somebody has decided is not asked about.
func (a *attempt) consult(op *Operation, r *row, w *weighed, d *conflict.Decision) *Refusal {
	open := w.open(r.table, d)
	if len(open) == 0 {
		d.Hook = false
		return nil
	}
	o := a.hooks.said[a.at].resolved
	if o == nil {
		return a.askResolve(op, r, w, open)
	}
	d.Hook = false
	switch o.Result {
	case hook.Server:
		for _, i := range open {
			d.Fields[i] = w.changes[i].Decided(w.changes[i].Server)
		}
	case hook.Values:
		return a.takeValues(o, r, w, d, open)
	}
	return nil // the client's values are what they are by now
}

// open are the columns that wait for the hook: under a row's policy those in conflict, else those whose own policy it is.
func (w *weighed) open(t *table, d *conflict.Decision) (list []int) {
	for _, i := range d.Conflicts {
		if w.forced != nil && w.forced[i] {
			continue
		}
		if t.policy.OnConflict.Policy == bundle.RowHook || d.Fields[i].Hook {
			list = append(list, i)
		}
	}
	return list
}

func (a *attempt) askResolve(op *Operation, r *row, w *weighed, open []int) *Refusal {
	c := hook.Conflict{Base: jsontext.Value("null"), Server: a.hooks.said[a.at].oldAs(r.table, r.now)}
	base, server := &value.Object{}, r.now.Clone()
	known := false
	for i := range w.changes {
		if has := &w.changes[i]; has.HasBase {
			known = put(base, w.fields[i].path, has.Base, a.plan.database) || known
		}
	}
	if known {
		c.Base = hookValues(base)
	}
	for _, i := range open { // a policy of today may be asked over what was stored then
		if !value.Equal(w.changes[i].Server, mustAt(server, w.fields[i].path)) && put(server, w.fields[i].path, w.changes[i].Server, a.plan.database) {
			c.Server = nil
		}
		c.Fields = append(c.Fields, w.fields[i].dotted)
	}
	if c.Server == nil {
		c.Server = hookRow(r.table, server)
	}
	values := a.valuesOf(w)
	c.Client = hookValues(values)
	c.Write = a.hookWrite(op, r, values)
	return a.askFor(hook.CallResolveConflict(a.moment(a.at, hook.ResolveConflict), c))
}

func mustAt(doc *value.Object, path []string) value.Value {
	v, _ := at(doc, path)
	return v
}

// takeValues stores what the hook made of the row: under a row's policy whatever it names, else the columns that
// it was asked about. Columns that the operation does not have are written, too; what it leaves out stays the client's.
func (a *attempt) takeValues(o *hook.Outcome, r *row, w *weighed, d *conflict.Decision, open []int) *Refusal {
	of := asked{a.at, hook.Call{Function: hook.ResolveConflict, Name: r.table.Name}}
	list, wrong := r.table.assign(o.Value, r.name.RowID)
	if wrong != "" {
		return a.unusable(of, hook.ClassInvalidResult, "resolveConflict: "+wrong, "")
	}
	own := len(w.changes)
	for _, c := range list {
		i := w.index(c.field, own)
		switch {
		case i < 0:
			if no := a.addColumn(r, w, d, c); no != nil {
				return a.badValue(of, no)
			}
			continue
		case w.changes[i].Absent, w.forced != nil && w.forced[i]:
			continue
		case r.table.policy.OnConflict.Policy != bundle.RowHook && !slices.Contains(open, i):
			continue
		}
		ch := &w.changes[i]
		v, no := a.returned(r, w.fields[i], c.value, ch)
		if no != nil {
			return a.badValue(of, no)
		}
		decided := ch.Decided(v)
		if !slices.Contains(d.Conflicts, i) {
			decided.Outcome = ""
		}
		d.Fields[i] = decided
	}
	return nil
}

// returned types a value that came back. One that was given as the client's or as the server's is that one.
func (a *attempt) returned(r *row, f *field, v value.Value, c *conflict.Change) (value.Value, *Refusal) {
	if sameToHook(c.Client, v) {
		return c.Client, nil
	}
	if sameToHook(c.Server, v) {
		return c.Server, nil
	}
	out, _, no := a.coerce(r.table, f, restored(restored(v, c.Client), c.Server), c.Server, !c.Missing)
	return out, no
}

// addColumn writes a column that the operation does not have.
func (a *attempt) addColumn(r *row, w *weighed, d *conflict.Decision, c assigned) *Refusal {
	old, has := at(r.now, c.field.path)
	if sameToHook(old, c.value) {
		return nil
	}
	v, changed, no := a.coerce(r.table, c.field, restored(c.value, old), old, has)
	if no != nil || !changed {
		return no
	}
	w.fields = append(w.fields, c.field)
	w.changes = append(w.changes, conflict.Change{Field: &c.field.policy, Server: old, Client: v, Missing: !has})
	if w.forced != nil {
		w.forced = append(w.forced, false)
	}
	d.Fields = append(d.Fields, conflict.Resolved{Value: v, Changed: true})
	return nil
}

// badValue says that a hook's value cannot be stored: the code's mistake, not the device's.
func (a *attempt) badValue(of asked, no *Refusal) *Refusal {
	return a.unusable(of, hook.ClassInvalidResult, string(of.call.Function)+": "+no.Message, "")
}

func (w *weighed) index(f *field, most int) int {
	for i := range most {
		if w.fields[i] == f || w.fields[i].name == f.name {
			return i
		}
	}
	return -1
}
