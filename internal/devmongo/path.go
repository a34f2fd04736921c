package devmongo

import (
	"strconv"
	"strings"
)

// lookup collects the values at a dotted path, walking into arrays as queries do.
func lookup(v any, path string) []any {
	if path == "" {
		return []any{v}
	}
	head, rest, _ := strings.Cut(path, ".")
	switch x := v.(type) {
	case D:
		if f, ok := get(x, head); ok {
			return lookup(f, rest)
		}
	case A:
		var out []any
		if i, err := strconv.Atoi(head); err == nil && i >= 0 && i < len(x) {
			out = append(out, lookup(x[i], rest)...)
		}
		for _, e := range x {
			if d, ok := e.(D); ok {
				out = append(out, lookup(d, path)...)
			}
		}
		return out
	}
	return []any{missing{}}
}

// setPath returns d with the dotted path set; copies what it changes.
func setPath(v any, path string, x any) (any, error) {
	head, rest, more := strings.Cut(path, ".")
	switch c := v.(type) {
	case D:
		if !more {
			return set(c, head, x), nil
		}
		sub, ok := get(c, head)
		if !ok {
			sub = D{}
		}
		r, err := setPath(sub, rest, x)
		if err != nil {
			return nil, err
		}
		return set(c, head, r), nil
	case A:
		i, err := strconv.Atoi(head)
		if err != nil || i < 0 || i > len(c)+10000 {
			return nil, errf(28, "PathNotViable", "Cannot create field '%s' in element of array", head)
		}
		out := append(A(nil), c...)
		for len(out) <= i {
			out = append(out, nil)
		}
		if !more {
			out[i] = x
			return out, nil
		}
		sub := out[i]
		if sub == nil {
			sub = D{}
		}
		r, err := setPath(sub, rest, x)
		if err != nil {
			return nil, err
		}
		out[i] = r
		return out, nil
	}
	return nil, errf(28, "PathNotViable", "Cannot create field '%s' in element {%v}", head, v)
}

func unsetPath(v any, path string) any {
	head, rest, more := strings.Cut(path, ".")
	switch c := v.(type) {
	case D:
		if !more {
			return unset(c, head)
		}
		if sub, ok := get(c, head); ok {
			return set(c, head, unsetPath(sub, rest))
		}
	case A:
		if i, err := strconv.Atoi(head); err == nil && i >= 0 && i < len(c) {
			out := append(A(nil), c...)
			if more {
				out[i] = unsetPath(out[i], rest)
			} else {
				out[i] = nil
			}
			return out
		}
	}
	return v
}
