package devmongo

import (
	"slices"
	"strings"
)

// push appends one value or, with $each, many; $addToSet only those that are not there.
func (e *edit) push() error {
	l, isArray := e.cur.(A)
	if e.has && !isArray {
		return errf(2, "BadValue", "The field '%s' must be an array but is of type other", e.path)
	}
	add, how, err := e.pushed()
	if err != nil {
		return err
	}
	if e.op == "$addToSet" {
		out := slices.Clone(l)
		for _, x := range add {
			if !slices.ContainsFunc(out, func(y any) bool { return cmp(x, y) == 0 }) {
				out = append(out, x)
			}
		}
		return e.put(append(A{}, out...))
	}
	at := len(l)
	if p, ok := get(how, "$position"); ok {
		if at = int(toI(p)); at < 0 {
			at = max(0, len(l)+at)
		}
		at = min(at, len(l))
	}
	out := append(A{}, slices.Insert(slices.Clone(l), at, add...)...)
	if order, ok := get(how, "$sort"); ok {
		sortValues(out, order)
	}
	if n, ok := get(how, "$slice"); ok {
		out = sliced(out, toI(n))
	}
	return e.put(out)
}

// pushed are the values to add, and the modifiers beside $each.
func (e *edit) pushed() (add A, how D, err error) {
	m, _ := e.arg.(D)
	each, ok := get(m, "$each")
	if !ok {
		return A{e.arg}, nil, nil
	}
	list, ok := each.(A)
	if !ok {
		return nil, nil, errf(2, "BadValue", "The argument to $each in %s must be an array", e.op)
	}
	for _, x := range m {
		known := x.Key == "$each" || e.op == "$push" && slices.Contains([]string{"$position", "$sort", "$slice"}, x.Key)
		if !known {
			return nil, nil, errf(2, "BadValue", "Unrecognized clause in %s: %s", e.op, x.Key)
		}
	}
	return list, m, nil
}

// sortValues sorts by a direction, or by fields of documents.
func sortValues(l A, order any) {
	spec, byFields := order.(D)
	direction, _ := toF(order)
	slices.SortStableFunc(l, func(a, b any) int {
		if !byFields {
			return cmp(a, b) * int(direction)
		}
		for _, k := range spec {
			x, _ := at(D{{Key: "v", Value: a}}, "v."+k.Key)
			y, _ := at(D{{Key: "v", Value: b}}, "v."+k.Key)
			if c := cmp(x, y); c != 0 {
				return c * int(toI(k.Value))
			}
		}
		return 0
	})
}

// sliced keeps the first n values, or the last -n.
func sliced(l A, n int64) A {
	switch size := int64(len(l)); {
	case n < 0 && size > -n:
		return l[size+n:]
	case n >= 0 && size > n:
		return l[:n]
	}
	return l
}

// pull removes the values that match a condition, or those of a list.
func (e *edit) pull() error {
	if !e.has {
		return nil
	}
	l, ok := e.cur.(A)
	if !ok {
		return errf(2, "BadValue", "Cannot apply %s to a non-array value", e.op)
	}
	out := A{}
	for _, x := range l {
		drop, err := e.pulls(x)
		if err != nil {
			return err
		}
		if !drop {
			out = append(out, x)
		}
	}
	return e.put(out)
}

func (e *edit) pulls(x any) (bool, error) {
	if e.op == "$pullAll" {
		all, _ := e.arg.(A)
		return slices.ContainsFunc(all, func(y any) bool { return cmp(x, y) == 0 }), nil
	}
	f, ok := e.arg.(D)
	if !ok {
		return eq(x, e.arg), nil
	}
	if xd, ok := x.(D); ok && (len(f) == 0 || !strings.HasPrefix(f[0].Key, "$")) {
		return match(xd, f)
	}
	return matchOne(D{{Key: "x", Value: x}}, "x", f)
}

// pop removes the first or the last value.
func (e *edit) pop() error {
	l, _ := e.cur.(A)
	if len(l) == 0 {
		return nil
	}
	if n, _ := toF(e.arg); n < 0 {
		return e.put(append(A{}, l[1:]...))
	}
	return e.put(append(A{}, l[:len(l)-1]...))
}
