package devmongo

// grouped are the documents of one _id of $group.
type grouped struct {
	id   any
	docs []D
}

func group(l []D, spec D) ([]D, error) {
	groups, err := groupBy(l, val(spec, "_id"))
	if err != nil {
		return nil, err
	}
	var out []D
	for _, g := range groups {
		d := D{{Key: "_id", Value: g.id}}
		for _, f := range spec {
			if f.Key == "_id" {
				continue
			}
			r, err := g.field(f)
			if err != nil {
				return nil, err
			}
			d = append(d, E{Key: f.Key, Value: r})
		}
		out = append(out, d)
	}
	return out, nil
}

// groupBy sorts documents by an expression, in the order in which its values come first.
func groupBy(l []D, by any) (order []*grouped, err error) {
	m := map[string]*grouped{}
	for _, x := range l {
		id, err := eval(x, by)
		if err != nil {
			return nil, err
		}
		if _, ms := id.(missing); ms {
			id = nil
		}
		k := key(id)
		if m[k] == nil {
			m[k] = &grouped{id: id}
			order = append(order, m[k])
		}
		m[k].docs = append(m[k].docs, x)
	}
	return order, nil
}

// field accumulates one field of the result.
func (g *grouped) field(f E) (any, error) {
	acc, _ := f.Value.(D)
	if len(acc) != 1 {
		return nil, errf(40234, "Location40234", "The field '%s' must be an accumulator object", f.Key)
	}
	vals := make(A, len(g.docs))
	for i, x := range g.docs {
		v, err := eval(x, acc[0].Value)
		if err != nil {
			return nil, err
		}
		vals[i] = v
	}
	switch by := acc[0].Key; by {
	case "$count":
		return int32(len(vals)), nil
	case "$sum", "$avg":
		return sumOf(vals, by == "$avg"), nil
	case "$max", "$min":
		return extreme(by, vals), nil
	case "$first":
		return vals[0], nil
	case "$last":
		return vals[len(vals)-1], nil
	case "$push":
		return vals, nil
	case "$addToSet":
		return distinct(vals), nil
	default:
		return nil, unknown("accumulator", by, theirGroups, errf(15952, "Location15952", "unknown group operator '%s'", by))
	}
}

// sumOf adds the numbers among values; null for the average of none.
func sumOf(vals A, average bool) any {
	var sum any = int32(0)
	n := 0
	for _, v := range vals {
		if _, ok := toF(v); ok {
			sum, _ = arith("$add", sum, v)
			n++
		}
	}
	if !average {
		return sum
	}
	if n == 0 {
		return nil
	}
	f, _ := toF(sum)
	return f / float64(n)
}

func distinct(vals A) A {
	out := A{}
	seen := map[string]bool{}
	for _, v := range vals {
		if !seen[key(v)] {
			seen[key(v)] = true
			out = append(out, v)
		}
	}
	return out
}
