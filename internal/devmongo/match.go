package devmongo

import (
	"regexp"
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

func matchOp(vals []any, op string, v any, all D) (bool, error) {
	same := func(x any) bool { return rank(x) == rank(v) || rank(v) == 0 || rank(v) == 14 }
	switch op {
	case "$eq":
		return anyOf(vals, func(x any) bool { return eq(x, v) }), nil
	case "$ne":
		return !anyOf(vals, func(x any) bool { return eq(x, v) }), nil
	case "$gt":
		return anyOf(vals, func(x any) bool { return same(x) && cmp(x, v) > 0 }), nil
	case "$gte":
		return anyOf(vals, func(x any) bool { return same(x) && cmp(x, v) >= 0 }), nil
	case "$lt":
		return anyOf(vals, func(x any) bool { return same(x) && rank(x) != 1 && cmp(x, v) < 0 }), nil
	case "$lte":
		return anyOf(vals, func(x any) bool { return same(x) && rank(x) != 1 && cmp(x, v) <= 0 }), nil
	case "$in", "$nin":
		a, ok := v.(A)
		if !ok {
			return false, errf(2, "BadValue", "%s needs an array", op)
		}
		in := anyOf(vals, func(x any) bool {
			for _, c := range a {
				if eq(x, c) {
					return true
				}
			}
			return false
		})
		return in == (op == "$in"), nil
	case "$exists":
		ex := false
		for _, x := range vals {
			if _, m := x.(missing); !m {
				ex = true
			}
		}
		return ex == truthy(v), nil
	case "$not":
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
		for _, x := range vals {
			if a, ok := x.(A); ok && len(a) == int(n) {
				return true, nil
			}
		}
		return false, nil
	case "$all":
		a, _ := v.(A)
		for _, c := range a {
			if !anyOf(vals, func(x any) bool { return eq(x, c) }) {
				return false, nil
			}
		}
		return len(a) > 0, nil
	case "$elemMatch":
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
	case "$type":
		return anyOf(vals, func(x any) bool { return typeIs(x, v) }), nil
	case "$mod":
		a, _ := v.(A)
		if len(a) != 2 {
			return false, errf(2, "BadValue", "malformed mod")
		}
		p, _ := toF(a[0])
		q, _ := toF(a[1])
		return anyOf(vals, func(x any) bool { f, ok := toF(x); return ok && int64(f)%int64(p) == int64(q) }), nil
	}
	return false, unknown("query operator", op, theirQueries, errf(2, "BadValue", "unknown operator: %s", op))
}
