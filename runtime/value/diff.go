package value

import "strings"

// Edit writes or removes one leaf.
type Edit struct {
	Path   []string
	Value  Value
	Remove bool
}

// Diff lists what turns before into after: one edit for each changed leaf of nested objects, so that
// untouched parts keep their stored bytes. Lists are leaves. A member whose name cannot be a path
// segment (empty, with a dot, or starting with a dollar sign) is written with its nearest safe
// parent; at the top level there is none, and the name stands alone in its path. Member order is not
// compared.
func Diff(before, after *Object) []Edit {
	var edits []Edit
	find, kept := lookup(before), lookup(after)
	if after != nil {
		for i := range after.Members {
			m := &after.Members[i]
			var old Value
			at := find(m.Name)
			if at >= 0 {
				old = before.Members[at].Value
			}
			edits = diffMember(edits, []string{m.Name}, old, at >= 0, m.Value)
		}
	}
	if before != nil {
		for i := range before.Members {
			if name := before.Members[i].Name; kept(name) < 0 {
				edits = append(edits, Edit{Path: []string{name}, Remove: true})
			}
		}
	}
	return edits
}

func diffMember(edits []Edit, path []string, old Value, had bool, now Value) []Edit {
	was, wasObject := old.(*Object)
	is, isObject := now.(*Object)
	if wasObject && isObject && was != nil && is != nil && safeSegment(path[len(path)-1]) {
		if inner, ok := diffObject(edits, path, was, is); ok {
			return inner
		}
		return append(edits, Edit{Path: path, Value: now})
	}
	if had && Equal(old, now) {
		return edits
	}
	return append(edits, Edit{Path: path, Value: now})
}

// diffObject adds the edits below path; ok is false when one of them has no safe path of its own.
func diffObject(edits []Edit, path []string, was, is *Object) (out []Edit, ok bool) {
	if was == is {
		return edits, true
	}
	find, kept := lookup(was), lookup(is)
	out = edits
	for i := range is.Members {
		m := &is.Members[i]
		at := find(m.Name)
		var old Value
		if at >= 0 {
			old = was.Members[at].Value
		}
		before := len(out)
		out = diffMember(out, below(path, m.Name), old, at >= 0, m.Value)
		if len(out) > before && !safeSegment(m.Name) {
			return edits, false
		}
	}
	for i := range was.Members {
		name := was.Members[i].Name
		if kept(name) >= 0 {
			continue
		}
		if !safeSegment(name) {
			return edits, false
		}
		out = append(out, Edit{Path: below(path, name), Remove: true})
	}
	return out, true
}

func below(path []string, name string) []string {
	return append(path[:len(path):len(path)], name)
}

func safeSegment(name string) bool {
	return name != "" && name[0] != '$' && strings.IndexByte(name, '.') < 0
}

// lookup finds members by name: by scanning small objects, by a map in large ones, where scanning
// would let a client make work that grows with the square of what it sends.
func lookup(o *Object) func(name string) int {
	if o == nil {
		return func(string) int { return -1 }
	}
	if len(o.Members) <= 24 {
		return func(name string) int {
			for i := range o.Members {
				if o.Members[i].Name == name {
					return i
				}
			}
			return -1
		}
	}
	index := make(map[string]int, len(o.Members))
	for i := range o.Members {
		index[o.Members[i].Name] = i
	}
	return func(name string) int {
		if i, ok := index[name]; ok {
			return i
		}
		return -1
	}
}
