package upload

import (
	"strings"

	"turnkey/runtime/bundle"
)

// typeAt is what the values of a field are: by the configuration, else by the database's column; empty where nobody knows.
func (d *dbCall) typeAt(path []string) bundle.Type {
	t := d.table
	if len(path) == 1 && path[0] == t.Key {
		return bundle.Type{Name: t.ID}
	}
	for n := len(path); n > 0; n-- {
		dotted := strings.Join(path[:n], ".")
		if f := t.byPath[dotted]; f != nil && f.declared.Name != "" {
			return within(f.declared, path[n:])
		}
		if t.inner[dotted] && n == len(path) && d.columns == nil {
			return t.objectAt(dotted)
		}
	}
	if len(path) == 1 {
		return d.columns[path[0]]
	}
	return bundle.Type{}
}

// within follows a path into a declared type; steps that are a list's positions stay with its elements.
func within(t bundle.Type, path []string) bundle.Type {
	for _, step := range path {
		for t.Name == bundle.TypeArray {
			if t.Elem == nil {
				return bundle.Type{}
			}
			t = *t.Elem
			if position(step) {
				break
			}
		}
		if position(step) {
			continue
		}
		t = t.Fields[step]
	}
	return t
}

func position(step string) bool { return strings.Trim(step, "0123456789") == "" }

// objectAt is the type of an object of which the configuration declares the leaves.
func (t *table) objectAt(dotted string) bundle.Type {
	out := bundle.Type{Name: bundle.TypeObject, Fields: map[string]bundle.Type{}}
	for _, f := range t.ordered {
		rest, inside := strings.CutPrefix(f.dotted, dotted+".")
		if !inside {
			continue
		}
		name, _, deeper := strings.Cut(rest, ".")
		switch {
		case deeper:
			out.Fields[name] = t.objectAt(dotted + "." + name)
		case f.declared.Name != "":
			out.Fields[name] = f.declared
		}
	}
	return out
}
