package config

import (
	"fmt"
	"strings"

	"turnkey/runtime/bundle"
)

var typeNames = []string{"string", "objectid", "uuid", "int32", "int64", "double", "decimal", "bool", "date", "binary", "json", "array", "object"}

func (r *reader) fields(n *node, path string, t *bundle.Table) {
	if !n.isMap {
		r.fail(path, "type", "This is "+n.kind()+"; it must be a mapping of the client's columns.", "")
		return
	}
	for _, e := range n.entries {
		at := join(path, e.key)
		if !columnName(e.key) {
			r.fail(at, "identifier", "This is not the name of a client column.", "")
		}
		f := r.field(e.value, at, e.key)
		t.Fields[e.key] = f
	}
}

// field reads one column: {type: date, ...}, or the type alone.
func (r *reader) field(n *node, path, name string) bundle.Field {
	f := bundle.Field{Path: name}
	if !n.isMap {
		f.Type = r.typeOf(n, path)
		return f
	}
	r.object(n, path, members{
		"path":        func(n *node, path string) { f.Path = r.fieldPath(n, path) },
		"type":        func(n *node, path string) { f.Type.Name = bundle.TypeName(r.choice(n, path, typeNames...)) },
		"of":          func(*node, string) {},
		"immutable":   func(n *node, path string) { f.Immutable = r.boolean(n, path) },
		"ignored":     func(n *node, path string) { f.Ignored = r.boolean(n, path) },
		"transitions": func(n *node, path string) { f.Transitions = r.transitions(n, path) },
		"merge":       func(n *node, path string) { r.mergeOf(n, path, &f) },
	})
	r.of(n, path, &f.Type)
	return f
}

// typeOf reads a type: a name, or {type: ..., of: ...}.
func (r *reader) typeOf(n *node, path string) bundle.Type {
	var t bundle.Type
	if !n.isMap {
		t.Name = bundle.TypeName(r.choice(n, path, typeNames...))
		return t
	}
	r.object(n, path, members{
		"type": func(n *node, path string) { t.Name = bundle.TypeName(r.choice(n, path, typeNames...)) },
		"of":   func(*node, string) {},
	})
	r.required(n, path, "type", "")
	r.of(n, path, &t)
	return t
}

// of reads what an array or object contains: for an array one type, or the members of its objects.
func (r *reader) of(n *node, path string, t *bundle.Type) {
	inner := n.get("of")
	if inner == nil {
		return
	}
	at := join(path, "of")
	switch t.Name {
	case bundle.TypeObject:
		t.Fields = r.shape(inner, at)
	case bundle.TypeArray:
		elem := bundle.Type{Name: bundle.TypeObject}
		if inner.isMap && !isType(inner) {
			elem.Fields = r.shape(inner, at)
		} else {
			elem = r.typeOf(inner, at)
		}
		t.Elem = &elem
	default:
		r.fail(at, "of", "Only arrays and objects contain something.", "Set type: array or type: object.")
	}
}

// isType tells {type: date} from an object that has a member named type: the latter's value is a
// mapping, or there are other members than type and of.
func isType(n *node) bool {
	t := n.get("type")
	if t == nil || t.isMap {
		return false
	}
	for _, e := range n.entries {
		if e.key != "type" && e.key != "of" {
			return false
		}
	}
	return true
}

func (r *reader) shape(n *node, path string) map[string]bundle.Type {
	if !n.isMap {
		r.fail(path, "type", "This is "+n.kind()+"; it must be a mapping of members to types.", "Such as of: {city: string, since: date}.")
		return nil
	}
	out := make(map[string]bundle.Type, len(n.entries))
	for _, e := range n.entries {
		at := join(path, e.key)
		if e.key == "" || strings.HasPrefix(e.key, "$") || strings.ContainsAny(e.key, ".\x00") {
			r.fail(at, "identifier", "This is not the name of a member.", "")
		}
		out[e.key] = r.typeOf(e.value, at)
	}
	return out
}

func (r *reader) fieldPath(n *node, path string) string {
	s := r.text(n, path)
	segments := strings.Split(s, ".")
	for i, segment := range segments {
		if !columnName(segment) || i == 0 && strings.HasPrefix(segment, "_powersync") {
			r.fail(path, "path", fmt.Sprintf("%q is not a path of a row.", s), "Write names with dots between them, such as address.city.")
			break
		}
	}
	if len(segments) > 8 {
		r.fail(path, "path", "The path has more than 8 steps.", "")
	}
	return s
}

func (r *reader) transitions(n *node, path string) map[string][]string {
	if !n.isMap {
		r.fail(path, "type", "This is "+n.kind()+"; it must be a mapping of old values to lists of new ones.", "Such as transitions: {open: [done, cancelled]}.")
		return nil
	}
	out := make(map[string][]string, len(n.entries))
	for _, e := range n.entries {
		out[e.key] = r.texts(e.value, join(path, e.key))
	}
	return out
}

// columnName accepts names of client tables and columns: no operator, no path.
func columnName(s string) bool {
	for i, c := range s {
		letter := c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !letter && (i == 0 || c != '-' && (c < '0' || c > '9')) {
			return false
		}
	}
	return s != "" && len(s) <= 64
}
