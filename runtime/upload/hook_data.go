package upload

import (
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"turnkey/runtime/hook"
	"turnkey/runtime/value"
)

// assigned is one column that users' code writes.
type assigned struct {
	field *field
	value value.Value // as a client would send it; its type is still to be found
}

// assign finds out which columns an object with the source's names writes. The row's own key may be among
// its members, as it is. The text says what is wrong with it, to its author; "": nothing.
func (t *table) assign(text jsontext.Value, id string) (list []assigned, wrong string) {
	v, err := value.DecodeJSON(text)
	if err != nil {
		return nil, "The values cannot be read: " + err.Error()
	}
	o, ok := v.(*value.Object)
	if !ok {
		return nil, "The values are no object."
	}
	return t.assignMembers(nil, "", o, id, false)
}

// assignMembers walks an object of the row. ignored says that the configuration passes over it, but for columns inside.
func (t *table) assignMembers(list []assigned, prefix string, o *value.Object, id string, ignored bool) (_ []assigned, wrong string) {
	for _, m := range o.Members {
		path := prefix + m.Name
		if path == t.Key && t.byPath[path] == nil {
			if text, ok := keyText(m.Value); !ok || text != id {
				return nil, "The key " + quote(path) + " of a row cannot be changed."
			}
			continue
		}
		f, inner := t.byPath[path], t.inner[path]
		switch object, isObject := m.Value.(*value.Object); {
		case f != nil && !f.ignored:
			list = append(list, assigned{f, m.Value})
		case inner && isObject:
			if list, wrong = t.assignMembers(list, path+".", object, id, ignored || f != nil); wrong != "" {
				return nil, wrong
			}
		case inner && m.Value == nil:
			list = t.clear(list, path+".")
		case inner:
			return nil, "The field " + quote(path) + " holds an object."
		case f != nil || ignored: // the configuration passes it over
		case !t.keepUnknown:
			return nil, "The field " + quote(path) + " is not configured for table " + quote(t.Name) + "."
		case !plainName(m.Name):
			return nil, "The name " + quote(path) + " cannot be stored."
		default:
			list = append(list, assigned{&field{name: path, path: strings.Split(path, "."), dotted: path}, m.Value})
			list[len(list)-1].field.policy.Name = path
		}
	}
	return list, ""
}

// clear writes null to every column under a path.
func (t *table) clear(list []assigned, prefix string) []assigned {
	for _, f := range t.ordered {
		if !f.ignored && strings.HasPrefix(f.dotted, prefix) {
			list = append(list, assigned{f, nil})
		}
	}
	return list
}

// keyText is a key as hooks are shown it.
func keyText(v value.Value) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case value.Number:
		return string(v), true
	}
	return "", false
}

// takeBefore takes beforeWrite's answer about an operation.
func (a *attempt) takeBefore(of asked, o *hook.Outcome) *Refusal {
	s, op, r := &a.hooks.said[of.operation], &a.ops[of.operation], a.rowOf[of.operation]
	s.before = true
	switch o.Result {
	case hook.Dropped:
		s.dropped = true
	case hook.Changed:
		list, wrong := r.table.assign(o.Value, r.name.RowID)
		if wrong != "" {
			return a.unusable(of, hook.ClassInvalidResult, "beforeWrite: "+wrong, "")
		}
		r.table.rewrite(s, op, list)
	}
	return nil
}

// rewrite makes the operation that beforeWrite wants. A column that came back as it was given keeps what the
// device sent.
func (t *table) rewrite(s *said, op *Operation, list []assigned) {
	next := *op
	next.Data = &value.Object{Members: make([]value.Member, 0, len(list))}
	for _, c := range list {
		given, _ := at(s.sent, c.field.path)
		stored, _ := at(s.row, c.field.path)
		own, sent := op.Data.Get(c.field.name)
		if sent && sameToHook(given, c.value) {
			c.value = own
		} else {
			c.value = restored(restored(c.value, given), stored)
		}
		if !sent {
			s.added = append(s.added, c.field.name)
		}
		if len(c.field.path) > 1 && t.fields[c.field.name] == nil {
			if s.extra == nil {
				s.extra = map[string]*field{}
			}
			s.extra[c.field.name] = c.field
		}
		next.Data.Members = append(next.Data.Members, value.Member{Name: c.field.name, Value: c.value})
	}
	s.op = &next
}

// sameToHook reports that a hook gave back what it was given.
func sameToHook(given, back value.Value) bool {
	if g, is := given.(string); is && g == back { // most are
		return true
	}
	return string(appendHook(nil, given)) == string(appendHook(nil, back))
}

// restored makes numbers again of what a hook was shown as text inside a list or an object, where it is as it was given: the
// types of such members may be known from nothing else.
func restored(back, given value.Value) value.Value {
	if text, ok := given.(value.JSON); ok {
		given, _ = value.DecodeJSON([]byte(text))
	}
	switch b := back.(type) {
	case string:
		switch given.(type) {
		case int64, value.Number:
			if sameToHook(given, back) {
				return value.Number(b)
			}
		}
	case value.Array:
		g, _ := given.(value.Array)
		out := slices.Clone(b)
		for i := range min(len(b), len(g)) {
			out[i] = restored(b[i], g[i])
		}
		return out
	case *value.Object:
		g, _ := given.(*value.Object)
		out := b.Clone()
		for i := range out.Members {
			if v, has := g.Get(out.Members[i].Name); has {
				out.Members[i].Value = restored(out.Members[i].Value, v)
			}
		}
		return out
	}
	return back
}

// addedByHook reports a column that the device did not send: it says nothing of what the device saw there.
func (a *attempt) addedByHook(t *table, f *field) bool {
	s := a.of(t)
	return s != nil && s.op != nil && slices.Contains(s.added, f.name)
}
