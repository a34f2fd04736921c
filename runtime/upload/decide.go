package upload

import (
	"encoding/json"
	"slices"

	"turnkey/runtime/conflict"
	"turnkey/runtime/source"
	"turnkey/runtime/value"
)

// codeMoved refuses a resolution whose row has moved on since the conflict. It is told to who decides, and
// nothing is kept of it.
const codeMoved = "CONFLICT_MOVED"

// decisions are what somebody has decided about conflicts of a transaction.
type decisions struct {
	of        map[int]*decided // by operation
	closings  []source.Closing
	overwrite bool // also what was written since the conflict
	alone     bool // the transaction is nothing but the resolution
}

// decided is what was decided about one operation.
type decided struct {
	values map[string]value.Value // by column, as a client would send them
	found  map[string]value.Value // what the conflict left there, in the same form
	base   map[string]value.Value // what the device had seen
	// policy asks the table's policy once more, about these columns, as if server were stored.
	policy []string
	server map[string]value.Value
}

func (r *replaying) closings() []source.Closing {
	if r.decided == nil {
		return nil
	}
	return r.decided.closings
}

// decision gives what was decided about an operation; nil: nothing.
func (r *replaying) decision(op int) *decided {
	if r == nil || r.decided == nil {
		return nil
	}
	return r.decided.of[op]
}

// forced reports that somebody has decided an operation.
func (r *replaying) forced(op int) bool { return r.decision(op) != nil }

// wantsRow refuses to resolve a conflict about a row that is gone; any other PATCH of one has no effect.
func (r *replaying) wantsRow() *Refusal {
	if r == nil || r.decided == nil || !r.decided.alone {
		return nil
	}
	return refuse(codeMoved, "The row was deleted since this conflict.").hint("Dismiss the conflict.")
}

// force puts decided values in the place of the device's: as if the device had seen what is stored, so that
// no policy finds anything to say.
func (r *replaying) force(a *attempt, row *row, w *weighed) *Refusal {
	d := r.decision(a.at)
	if d == nil {
		return nil
	}
	w.forced = make([]bool, len(w.changes))
	for i := range w.changes {
		c, f := &w.changes[i], w.fields[i]
		sent, ok := d.values[f.name]
		if c.Absent { // a version: whoever decides has seen the row
			c.Base, c.HasBase = c.Server, true
			continue
		}
		if !ok {
			continue
		}
		old, has := at(row.now, f.path)
		if no := r.unmoved(a, row, f, d, old, has); no != nil {
			return no
		}
		v, _, no := a.coerce(row.table, f, sent, old, has)
		if no != nil {
			return no
		}
		c.Client, c.Base, c.HasBase, w.forced[i] = v, old, true, true
	}
	return nil
}

// unmoved refuses to write over what came after the conflict.
func (r *replaying) unmoved(a *attempt, row *row, f *field, d *decided, old value.Value, has bool) *Refusal {
	if _, ok := d.found[f.name]; !ok || r.decided.overwrite {
		return nil
	}
	for _, expected := range []map[string]value.Value{d.found, d.base} { // with the base nothing is in conflict any more
		then, ok := expected[f.name]
		if !ok {
			continue
		}
		if v, _, no := a.coerce(row.table, f, then, old, has); no == nil && conflict.Key(v) == conflict.Key(old) {
			return nil
		}
	}
	no := refuse(codeMoved, "The column "+quote(f.name)+" was written since this conflict.").hint("Look at the row; then resolve with overwrite, or dismiss the conflict.")
	no.Details = map[string]string{"field": f.name}
	return no
}

// unmovedRow refuses to delete a row in which a column of the conflict was written since.
func (r *replaying) unmovedRow(a *attempt, row *row, d *decided) *Refusal {
	for name := range d.found {
		f, no := row.table.field(name)
		if f == nil || no != nil {
			continue
		}
		old, has := at(row.now, f.path)
		if no := r.unmoved(a, row, f, d, old, has); no != nil {
			return no
		}
	}
	return nil
}

// reweigh decides by the table's policy of today what was decided before: over what was stored then. Only the
// columns in question are written.
func (r *replaying) reweigh(a *attempt, op *Operation, row *row, w *weighed) *Refusal {
	d := r.decision(a.at)
	if d == nil || d.policy == nil {
		return nil
	}
	then := append([]conflict.Change(nil), w.changes...)
	for i := range then {
		c, f := &then[i], w.fields[i]
		sent, known := d.server[f.name]
		if !known {
			continue
		}
		v, _, no := a.coerce(row.table, f, sent, c.Server, c.Server != nil)
		if no != nil {
			return no
		}
		c.Server, c.Missing, c.Own = v, v == nil && c.Missing, false
	}
	again := conflict.Row(row.table.policy, then)
	if again.Refused != nil {
		return conflictRefusal(again.Refused)
	}
	if again.Hook {
		of := &weighed{fields: slices.Clone(w.fields), changes: then}
		if no := a.consult(op, row, of, &again); no != nil || a.asking() {
			return no
		}
	}
	w.forced = make([]bool, len(w.changes))
	for i := range w.changes {
		c, f := &w.changes[i], w.fields[i]
		old, has := at(row.now, f.path)
		c.Client, c.Base, c.HasBase, w.forced[i] = old, old, true, true
		for _, name := range d.policy {
			if name != f.name {
				continue
			}
			if no := r.unmoved(a, row, f, d, old, has); no != nil {
				return no
			}
			c.Client = again.Fields[i].Value
		}
	}
	return nil
}

// recall reads what a conflict left and what its device had seen.
func (d *decided) recall(full *fullValues) (err error) {
	if d.found, err = columnsOf(full.Decided); err == nil {
		d.base, err = columnsOf(full.Base)
	}
	if err != nil {
		return unreadableValues(err)
	}
	return nil
}

// columnsOf reads an object of columns in the client's form.
func columnsOf(raw map[string]json.RawMessage) (map[string]value.Value, error) {
	out := make(map[string]value.Value, len(raw))
	for name, text := range raw {
		v, err := value.DecodeJSON(text)
		if err != nil {
			return nil, err
		}
		out[name] = v
	}
	return out, nil
}
