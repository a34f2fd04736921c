package value

import (
	"strings"

	"turnkey/runtime/bundle"
)

// Coerce types one untyped client value (nil, bool, string, Number, Array, *Object). A leaf that
// stands for the stored leaf keeps the stored value to the bit; a changed one is typed by the
// declared type, else by the stored type at that path, else as JSON. changed is false when nothing
// at all differs; v is then the stored value itself. Errors are *TypeError.
func Coerce(client Value, declared bundle.Type, stored Value, hasStored bool) (v Value, changed bool, err error) {
	v, changed, e := coercion{}.value(client, at{declared: &declared, stored: stored, has: hasStored, hint: stored})
	if e != nil {
		return nil, false, e
	}
	return v, changed, nil
}

// coercion carries what holds for a whole value.
type coercion struct {
	// json is inside JSON text, where numbers stay as they are spelled.
	json bool
}

// at is what is known about the place that a client value goes to.
type at struct {
	declared *bundle.Type // nil or without a name: not declared
	stored   Value
	has      bool  // whether something is stored; null counts
	hint     Value // a stored value whose types new leaves follow
	nested   bool  // inside a list or an object
}

// typeName gives the declared type. Inside a list or an object, json says nothing that JSON's own
// kinds do not.
func (p at) typeName() bundle.TypeName {
	if p.declared == nil || p.nested && p.declared.Name == bundle.TypeJSON {
		return ""
	}
	return p.declared.Name
}

func (p at) unchanged(client Value) bool {
	return p.has && new(work).same(client, p.stored, p.nested)
}

func (c coercion) value(client Value, p at) (Value, bool, *TypeError) {
	if client == nil {
		return null(p)
	}
	name := p.typeName()
	if _, opaque := p.stored.(Opaque); opaque && p.unchanged(client) {
		return p.stored, false, nil
	}
	if isContainer(p.stored) || isContainer(client) || holdsContainer(name) || name == "" && isContainer(p.hint) {
		return c.container(client, p)
	}
	if p.unchanged(client) {
		return p.stored, false, nil
	}
	var v Value
	var e *TypeError
	if name != "" {
		v, e = typed(client, name)
	} else {
		v, e = c.like(client, p.hint, p.nested)
	}
	if e != nil {
		return nil, false, e
	}
	if p.has && Equal(v, p.stored) {
		return p.stored, false, nil
	}
	return v, true, nil
}

// null keeps a stored value that devices see as null; a declared binary column can be cleared.
func null(p at) (Value, bool, *TypeError) {
	if _, binary := p.stored.([]byte); p.has && unseen(p.stored) && !(binary && !p.nested && p.typeName() == bundle.TypeBinary) {
		return p.stored, false, nil
	}
	return nil, true, nil
}

// like types a leaf as the sample is typed. Where the sample's type is one that JSON has, a client
// value of another JSON kind is the client's change of type (in a column of its own, SQLite would
// have cast it, so text stays text); where JSON lacks the type, what cannot be of it is an error.
func (c coercion) like(client, sample Value, nested bool) (Value, *TypeError) {
	number, isNumeric := client.(Number)
	switch s := sample.(type) {
	case string:
		if isNumeric && !nested {
			return string(number), nil
		}
	case bool:
		if v, e := newBool(client); e == nil {
			if _, text := client.(string); !text || !nested {
				return v, nil
			}
		}
	case int32, int64, float64:
		if text, ok := client.(string); ok && !nested && isNumber(text) {
			number, isNumeric = Number(text), true
		}
		if isNumeric && !c.json {
			return likeNumber(number, s)
		}
	case Number:
		return client, nil
	case Opaque:
		return c.like(client, s.Client, nested)
	default:
		if name := exact(sample); name != "" {
			v, e := typed(client, name)
			if e != nil && e.Hint == "" {
				e.Hint = "The stored value has this type; declare the field's type in the configuration if it may hold something else."
			}
			return v, e
		}
	}
	return c.plain(client)
}

// likeNumber follows the stored width as far as the number fits: int32, int64, double.
func likeNumber(n Number, sample Value) (Value, *TypeError) {
	if _, isDouble := sample.(float64); isDouble {
		return double(n)
	}
	i, ok := integer(string(n))
	if !ok {
		return double(n)
	}
	if _, narrow := sample.(int32); narrow && i == int64(int32(i)) {
		return int32(i), nil
	}
	return i, nil
}

// plain types a value as JSON: integral numbers to int32 or int64, others to double. Inside JSON
// text it stays as it is.
func (c coercion) plain(client Value) (Value, *TypeError) {
	switch v := client.(type) {
	case Number:
		if c.json {
			return v, nil
		}
		return plainNumber(v)
	case Array:
		out := make(Array, len(v))
		for i := range v {
			e, err := c.plain(v[i])
			if err != nil {
				return nil, err.under(itoa(i))
			}
			out[i] = e
		}
		return out, nil
	case *Object:
		out := &Object{Members: make([]Member, len(v.Members))}
		for i, m := range v.Members {
			if err := c.name(m.Name); err != nil {
				return nil, err
			}
			e, err := c.plain(m.Value)
			if err != nil {
				return nil, err.under(m.Name)
			}
			out.Members[i] = Member{m.Name, e}
		}
		return out, nil
	}
	return client, nil
}

// name refuses member names that a document database could take for operators. JSON text is never
// interpreted, so there any name will do.
func (c coercion) name(name string) *TypeError {
	if c.json || name != "" && name[0] != '$' && strings.IndexByte(name, 0) < 0 {
		return nil
	}
	return invalid("object", "A member's name is empty, starts with a dollar sign or has a zero byte.")
}

func isContainer(v Value) bool {
	switch v.(type) {
	case Array, *Object, JSON:
		return true
	}
	return false
}

func holdsContainer(name bundle.TypeName) bool {
	return name == bundle.TypeArray || name == bundle.TypeObject || name == bundle.TypeJSON
}
