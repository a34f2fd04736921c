package devmongo

import (
	"regexp"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// match evaluates a filter.
func match(d D, f D) (bool, error) {
	for _, e := range f {
		ok, err := matchOne(d, e.Key, e.Value)
		if err != nil || !ok {
			return false, err
		}
	}
	return true, nil
}

func matchOne(d D, k string, v any) (bool, error) {
	switch k {
	case "$and", "$or", "$nor":
		a, ok := v.(A)
		if !ok || len(a) == 0 {
			return false, errf(2, "BadValue", "%s must be a nonempty array", k)
		}
		for _, c := range a {
			cd, ok := c.(D)
			if !ok {
				return false, errf(2, "BadValue", "%s entries need to be full objects", k)
			}
			m, err := match(d, cd)
			if err != nil {
				return false, err
			}
			if k == "$and" && !m || k != "$and" && m {
				return k == "$or", nil
			}
		}
		return k != "$or", nil
	case "$expr":
		r, err := eval(d, v)
		return truthy(r), err
	case "$comment":
		return true, nil
	case "$jsonSchema":
		s, _ := v.(D)
		if err := schemaLacks(s); err != nil {
			return false, err
		}
		return schemaOK(d, s), nil
	}
	if strings.HasPrefix(k, "$") {
		return false, unknown("query operator", k, theirQueries, errf(2, "BadValue", "unknown top level operator: %s", k))
	}
	vals := lookup(d, k)
	if ops, ok := v.(D); ok && len(ops) > 0 && strings.HasPrefix(ops[0].Key, "$") {
		for _, o := range ops {
			ok, err := matchOp(vals, o.Key, o.Value, ops)
			if err != nil || !ok {
				return false, err
			}
		}
		return true, nil
	}
	return anyOf(vals, func(x any) bool { return eq(x, v) }), nil
}

func eq(x, v any) bool {
	if re, ok := v.(bson.Regex); ok {
		if s, ok := x.(string); ok {
			return reMatch(re, s)
		}
	}
	if v == nil {
		return rank(x) == 2 || rank(x) == 1
	}
	return cmp(x, v) == 0
}

func reMatch(re bson.Regex, s string) bool {
	fl := ""
	for _, c := range re.Options {
		if strings.ContainsRune("ims", c) {
			fl += string(c)
		}
	}
	p := re.Pattern
	if fl != "" {
		p = "(?" + fl + ")" + p
	}
	r, err := regexp.Compile(p)
	return err == nil && r.MatchString(s)
}

// anyOf: the value itself, or any element where it is an array.
func anyOf(vals []any, f func(any) bool) bool {
	for _, x := range vals {
		if f(x) {
			return true
		}
		if a, ok := x.(A); ok {
			for _, e := range a {
				if f(e) {
					return true
				}
			}
		}
	}
	return len(vals) == 0 && f(missing{})
}

// matchOp evaluates one operator of a field; all are the operators beside it.
func matchOp(vals []any, op string, v any, all D) (bool, error) {
	switch op {
	case "$eq":
		return anyOf(vals, func(x any) bool { return eq(x, v) }), nil
	case "$ne":
		return !anyOf(vals, func(x any) bool { return eq(x, v) }), nil
	case "$gt", "$gte", "$lt", "$lte":
		return anyOf(vals, func(x any) bool { return inOrder(op, x, v) }), nil
	case "$in", "$nin":
		return matchIn(vals, op, v)
	case "$exists":
		return slices.ContainsFunc(vals, func(x any) bool { _, m := x.(missing); return !m }) == truthy(v), nil
	case "$not":
		return matchNot(vals, v)
	case "$regex":
		re, ok := v.(bson.Regex)
		if !ok {
			s, _ := v.(string)
			re = bson.Regex{Pattern: s, Options: str(all, "$options")}
		}
		return anyOf(vals, func(x any) bool { s, ok := x.(string); return ok && reMatch(re, s) }), nil
	case "$options", "$comment":
		return true, nil
	case "$size":
		n, _ := toF(v)
		return slices.ContainsFunc(vals, func(x any) bool { a, ok := x.(A); return ok && len(a) == int(n) }), nil
	case "$all":
		a, _ := v.(A)
		for _, c := range a {
			if !anyOf(vals, func(x any) bool { return eq(x, c) }) {
				return false, nil
			}
		}
		return len(a) > 0, nil
	case "$elemMatch":
		return matchElement(vals, v)
	case "$type":
		return anyOf(vals, func(x any) bool { return typeIs(x, v) }), nil
	case "$mod":
		return matchMod(vals, v)
	}
	return false, unknown("query operator", op, theirQueries, errf(2, "BadValue", "unknown operator: %s", op))
}

// inOrder compares values of one kind; those of others are in no order, but for the ends of the scale.
func inOrder(op string, x, v any) bool {
	if rank(x) != rank(v) && rank(v) != 0 && rank(v) != 14 {
		return false
	}
	c := cmp(x, v)
	switch op {
	case "$gt":
		return c > 0
	case "$gte":
		return c >= 0
	case "$lt":
		return rank(x) != 1 && c < 0
	}
	return rank(x) != 1 && c <= 0
}

func matchIn(vals []any, op string, v any) (bool, error) {
	a, ok := v.(A)
	if !ok {
		return false, errf(2, "BadValue", "%s needs an array", op)
	}
	in := anyOf(vals, func(x any) bool { return slices.ContainsFunc(a, func(c any) bool { return eq(x, c) }) })
	return in == (op == "$in"), nil
}

func matchNot(vals []any, v any) (bool, error) {
	sub, ok := v.(D)
	if !ok {
		return !anyOf(vals, func(x any) bool { return eq(x, v) }), nil
	}
	for _, o := range sub {
		m, err := matchOp(vals, o.Key, o.Value, sub)
		if err != nil {
			return false, err
		}
		if !m {
			return true, nil
		}
	}
	return false, nil
}

func matchElement(vals []any, v any) (bool, error) {
	f, _ := v.(D)
	for _, x := range vals {
		a, _ := x.(A)
		for _, e := range a {
			if d, ok := e.(D); ok {
				if m, err := match(d, f); err != nil || m {
					return m, err
				}
			} else if m, err := matchOne(D{{Key: "x", Value: e}}, "x", f); err != nil || m {
				return m, err
			}
		}
	}
	return false, nil
}

func matchMod(vals []any, v any) (bool, error) {
	a, _ := v.(A)
	if len(a) != 2 {
		return false, errf(2, "BadValue", "malformed mod")
	}
	p, _ := toF(a[0])
	q, _ := toF(a[1])
	if int64(p) == 0 {
		return false, errf(2, "BadValue", "divisor cannot be 0")
	}
	return anyOf(vals, func(x any) bool { f, ok := toF(x); return ok && int64(f)%int64(p) == int64(q) }), nil
}
