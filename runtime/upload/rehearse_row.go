package upload

import (
	"context"
	"encoding/json"
	"sort"

	"turnkey/internal/fault"
	"turnkey/runtime/rehearsal"
	"turnkey/runtime/source"
	"turnkey/runtime/value"
)

// shown is a row that a run changes; nil: it stays as it is.
func (r *acted) shown() *rehearsal.RowChange {
	if r.kind == 0 || r.read && r.old == nil && r.now == nil {
		return nil
	}
	c := &rehearsal.RowChange{Op: "update", Table: r.table.Name, ID: r.text, Old: docJSON(r.old), New: docJSON(r.keyed())}
	switch {
	case r.now == nil:
		c.Op = "delete"
	case r.old == nil && (r.read || r.kind == source.Insert):
		c.Op = "insert"
	}
	if c.Fields = r.fields(); c.Op == "update" && len(c.Fields) == 0 {
		return nil
	}
	return c
}

// keyed is the row afterwards with its key, which changes leave out.
func (r *acted) keyed() *value.Object {
	if r.now == nil {
		return nil
	}
	if _, has := r.now.Get(r.table.Key); has {
		return r.now
	}
	doc := &value.Object{Members: make([]value.Member, 0, 1+len(r.now.Members))}
	doc.Members = append(doc.Members, value.Member{Name: r.table.Key, Value: r.id})
	doc.Members = append(doc.Members, r.now.Members...)
	return doc
}

// fields are the top-level members that change.
func (r *acted) fields() []string { return differing(r.old, r.keyed()) }

func differing(old, now *value.Object) []string {
	out := []string{}
	for _, m := range members(now) {
		if was, has := old.Get(m.Name); !has || !value.Equal(was, m.Value) {
			out = append(out, m.Name)
		}
	}
	for _, m := range members(old) {
		if _, has := now.Get(m.Name); !has {
			out = append(out, m.Name)
		}
	}
	sort.Strings(out)
	return out
}

func docJSON(doc *value.Object) json.RawMessage {
	if doc == nil {
		return json.RawMessage("null")
	}
	return value.AppendJSON(nil, doc)
}

// standInFor puts a row that somebody made up in the place of the one that the first operation is about.
func (e *Engine) standInFor(ctx context.Context, s *scene, old json.RawMessage) error {
	targets := e.targets(s.t)
	if len(targets) == 0 || targets[0].table == nil {
		return nil // the pipeline says what is wrong with the operation
	}
	t, text := targets[0].table, targets[0].text
	var doc *value.Object
	v, err := value.DecodeJSON(old)
	given, isObject := v.(*value.Object)
	switch {
	case err == nil && v == nil:
	case err != nil || !isObject:
		return fault.New(fault.Invalid, "old_invalid", "The row in old is an object, in the names of the source, or null.")
	default:
		columns, failure := e.columns(ctx, targets[:1])
		if failure != nil {
			return replayFault(failure)
		}
		a := &attempt{engine: e, plan: e.plan, columns: columns}
		if doc, err = a.typed(t, targets[0].id, given); err != nil {
			return err
		}
	}
	s.take.stand = func(ref source.Ref, stored *value.Object) (*value.Object, bool) {
		if ref.Table == &t.Table && value.FormatID(ref.ID) == text {
			return doc, true
		}
		return stored, false
	}
	return nil
}

// typed reads a row in the source's names: members have the types of the fields that lead to them, else those
// that the database has for them.
func (a *attempt) typed(t *table, id value.Value, given *value.Object) (*value.Object, error) {
	doc := &value.Object{Members: []value.Member{{Name: t.Key, Value: id}}}
	for _, m := range given.Members {
		if m.Name != t.Key {
			f := t.leading(m.Name)
			v, _, no := a.coerce(t, f, m.Value, nil, false)
			if no != nil {
				return nil, fault.New(fault.Invalid, "old_invalid", "In the row in old: "+no.Message).WithHint(no.Hint)
			}
			doc.Set(m.Name, v)
		}
	}
	for _, f := range t.fields {
		if len(f.path) < 2 || f.ignored {
			continue
		}
		sent, has := at(doc, f.path)
		if !has {
			continue
		}
		v, _, no := a.coerce(t, f, sent, nil, false)
		if no != nil {
			return nil, fault.New(fault.Invalid, "old_invalid", "In the row in old: "+no.Message).WithHint(no.Hint)
		}
		put(doc, f.path, v, a.plan.database)
	}
	return doc, nil
}

// leading is the field of a top-level member, made up where none is configured.
func (t *table) leading(name string) *field {
	for _, f := range t.fields {
		if len(f.path) == 1 && f.path[0] == name {
			return f
		}
	}
	return &field{name: name, path: []string{name}, dotted: name}
}
