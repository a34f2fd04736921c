package conflict

import (
	"turnkey/runtime/bundle"
	"turnkey/runtime/value"
)

// Inside a column of JSON everything but numbers, booleans and null is text: a decimal, a date and an id as well, and
// there "1.5" and "1.50" are other texts that say the same. Compared is what their declared types make of them; stored is the text as it was.

// Within gives a type if text inside its values has to be read by declared types, else nil.
func Within(t *bundle.Type) *bundle.Type {
	if t.Elem != nil && (Within(t.Elem) != nil || textual(t.Elem.Name)) {
		return t
	}
	for _, member := range t.Fields {
		if Within(&member) != nil || textual(member.Name) {
			return t
		}
	}
	return nil
}

// textual are the types of which JSON has texts, and more than one for a value.
func textual(name bundle.TypeName) bool {
	switch name {
	case bundle.TypeDecimal, bundle.TypeDate, bundle.TypeObjectID, bundle.TypeUUID:
		return true
	}
	return false
}

// same reports whether two values of the column say the same.
func (c *Change) same(a, b value.Value) bool { return alike(a, b, c.Field.Within) }

// alike is same by a declared type; nil: there is none.
func alike(a, b value.Value, t *bundle.Type) bool {
	if same(a, b) {
		return true
	}
	return t != nil && a != nil && b != nil && key(read(a, t)) == key(read(b, t))
}

// element is the declared type of a list's elements.
func (f *Field) element() *bundle.Type {
	if f.Within == nil {
		return nil
	}
	return f.Within.Elem
}

// memberOf is the declared type of an object's member.
func memberOf(t *bundle.Type, name string) *bundle.Type {
	if t == nil {
		return nil
	}
	member, declared := t.Fields[name]
	if !declared {
		return nil
	}
	return &member
}

// read gives a value its declared type, for comparisons alone. What does not fit stands for itself.
func read(v value.Value, t *bundle.Type) value.Value {
	if t == nil {
		return v
	}
	switch v := v.(type) {
	case value.JSON:
		inner, _ := opened(v)
		if _, again := inner.(value.JSON); again {
			return v
		}
		return read(inner, t)
	case value.Array:
		if t.Elem == nil {
			return v
		}
		out := make(value.Array, len(v))
		for i := range v {
			out[i] = read(v[i], t.Elem)
		}
		return out
	case *value.Object:
		if v == nil || len(t.Fields) == 0 {
			return v
		}
		out := &value.Object{Members: make([]value.Member, len(v.Members))}
		for i, m := range v.Members {
			out.Members[i] = value.Member{Name: m.Name, Value: read(m.Value, memberOf(t, m.Name))}
		}
		return out
	case string, value.Number:
		if !textual(t.Name) {
			return v
		}
		if typed, _, err := value.Coerce(v, bundle.Type{Name: t.Name}, nil, false); err == nil {
			return typed
		}
	}
	return v
}
