package devmongo

import "strings"

// eval is a small expression evaluator.
func eval(d D, x any) (any, error) {
	switch v := x.(type) {
	case string:
		return evalText(d, v)
	case A:
		out := make(A, len(v))
		for i := range v {
			r, err := eval(d, v[i])
			if err != nil {
				return nil, err
			}
			if _, m := r.(missing); m {
				r = nil
			}
			out[i] = r
		}
		return out, nil
	case D:
		if len(v) == 1 && strings.HasPrefix(v[0].Key, "$") {
			return evalOp(d, v[0].Key, v[0].Value)
		}
		out := make(D, 0, len(v))
		for _, e := range v {
			r, err := eval(d, e.Value)
			if err != nil {
				return nil, err
			}
			if _, m := r.(missing); !m {
				out = append(out, E{Key: e.Key, Value: r})
			}
		}
		return out, nil
	}
	return x, nil
}

// evalText reads a variable or a field, or is itself.
func evalText(d D, s string) (any, error) {
	switch {
	case s == "$$ROOT" || s == "$$CURRENT":
		return d, nil
	case s == "$$NOW":
		return now(), nil
	case s == "$$REMOVE":
		return missing{}, nil
	case strings.HasPrefix(s, "$$"):
		return nil, errf(17276, "Location17276", "Use of undefined variable: %s", s[2:])
	case strings.HasPrefix(s, "$"):
		if r := lookup(d, s[1:]); len(r) > 0 {
			return r[0], nil
		}
		return missing{}, nil
	}
	return s, nil
}
