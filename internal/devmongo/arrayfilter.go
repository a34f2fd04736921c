package devmongo

import (
	"strconv"
	"strings"
)

// expand turns a path with $[] (every element) and $[name] (the elements that the array filter of that
// name matches) into the paths that exist in the document. It notes the filters that it used.
func expand(d D, path string, filters A, used map[string]bool) ([]string, error) {
	if !strings.Contains(path, "$") {
		return []string{path}, nil
	}
	paths := []string{""}
	for _, part := range strings.Split(path, ".") {
		var next []string
		for _, p := range paths {
			if !strings.HasPrefix(part, "$") {
				next = append(next, join(p, part))
				continue
			}
			more, err := elements(d, p, part, filters, used)
			if err != nil {
				return nil, err
			}
			next = append(next, more...)
		}
		paths = next
	}
	return paths, nil
}

func join(path, part string) string {
	if path == "" {
		return part
	}
	return path + "." + part
}

// elements are the paths that one $ part of a path stands for.
func elements(d D, path, part string, filters A, used map[string]bool) ([]string, error) {
	if part == "$" {
		return nil, lacking("positional operator $ (it has $[] and $[name] with arrayFilters)")
	}
	name, ok := strings.CutPrefix(strings.TrimSuffix(part, "]"), "$[")
	if !ok || !strings.HasSuffix(part, "]") {
		return nil, errf(52, "DollarPrefixedFieldName", "The dollar ($) prefixed field '%s' is not valid for storage.", part)
	}
	var filter D
	if name != "" {
		if filter = filterOf(filters, name); filter == nil {
			return nil, errf(2, "BadValue", "No array filter found for identifier '%s'", name)
		}
		used[name] = true
	}
	v, _ := at(d, path)
	list, ok := v.(A)
	if !ok {
		return nil, errf(2, "BadValue", "The path '%s' must exist in the document in order to apply array updates.", path)
	}
	var out []string
	for i, x := range list {
		if hit, err := match(D{{Key: name, Value: x}}, filter); err != nil {
			return nil, err
		} else if hit {
			out = append(out, join(path, strconv.Itoa(i)))
		}
	}
	return out, nil
}

// filterOf finds the filter whose fields begin with the name.
func filterOf(filters A, name string) D {
	for _, f := range filters {
		if d, _ := f.(D); nameOf(d) == name {
			return d
		}
	}
	return nil
}

// nameOf is the identifier that a filter speaks of, also inside $and, $or and $nor.
func nameOf(filter D) string {
	if len(filter) == 0 {
		return ""
	}
	first := filter[0]
	if list, ok := first.Value.(A); ok && strings.HasPrefix(first.Key, "$") && len(list) > 0 {
		inner, _ := list[0].(D)
		return nameOf(inner)
	}
	name, _, _ := strings.Cut(first.Key, ".")
	return name
}

// allUsed refuses a filter that no path has used, as MongoDB does.
func allUsed(filters A, used map[string]bool) error {
	for _, f := range filters {
		d, _ := f.(D)
		if name := nameOf(d); !used[name] {
			return errf(9, "FailedToParse", "The array filter for identifier '%s' was not used in the update", name)
		}
	}
	return nil
}
