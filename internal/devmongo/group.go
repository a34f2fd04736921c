package devmongo

func group(l []D, spec D) ([]D, error) {
	type g struct {
		id   any
		docs []D
	}
	var order []*g
	m := map[string]*g{}
	for _, x := range l {
		id, err := eval(x, val(spec, "_id"))
		if err != nil {
			return nil, err
		}
		if _, ms := id.(missing); ms {
			id = nil
		}
		k := key(id)
		if m[k] == nil {
			m[k] = &g{id: id}
			order = append(order, m[k])
		}
		m[k].docs = append(m[k].docs, x)
	}
	var out []D
	for _, grp := range order {
		d := D{{Key: "_id", Value: grp.id}}
		for _, f := range spec {
			if f.Key == "_id" {
				continue
			}
			acc, _ := f.Value.(D)
			if len(acc) != 1 {
				return nil, errf(40234, "Location40234", "The field '%s' must be an accumulator object", f.Key)
			}
			var vals A
			for _, x := range grp.docs {
				v, err := eval(x, acc[0].Value)
				if err != nil {
					return nil, err
				}
				vals = append(vals, v)
			}
			var r any
			switch acc[0].Key {
			case "$sum", "$avg", "$count":
				r = int32(0)
				n := 0
				for _, v := range vals {
					if acc[0].Key == "$count" {
						v = int32(1)
					}
					if _, ok := toF(v); ok {
						r, _ = arith("$add", r, v)
						n++
					}
				}
				if acc[0].Key == "$avg" {
					if f, _ := toF(r); n > 0 {
						r = f / float64(n)
					} else {
						r = nil
					}
				}
			case "$max", "$min":
				r, _ = evalOp(D{}, acc[0].Key, A{D{{Key: "$literal", Value: vals}}})
			case "$first":
				r = vals[0]
			case "$last":
				r = vals[len(vals)-1]
			case "$push":
				r = vals
			case "$addToSet":
				o := A{}
				seen := map[string]bool{}
				for _, v := range vals {
					if !seen[key(v)] {
						seen[key(v)] = true
						o = append(o, v)
					}
				}
				r = o
			default:
				return nil, unknown("accumulator", acc[0].Key, theirGroups, errf(15952, "Location15952", "unknown group operator '%s'", acc[0].Key))
			}
			d = append(d, E{Key: f.Key, Value: r})
		}
		out = append(out, d)
	}
	return out, nil
}
