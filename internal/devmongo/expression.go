package devmongo

import (
	"math"
	"math/big"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// eval is a small expression evaluator.
func eval(d D, x any) (any, error) {
	switch v := x.(type) {
	case string:
		if v == "$$ROOT" || v == "$$CURRENT" {
			return d, nil
		}
		if v == "$$NOW" {
			return now(), nil
		}
		if v == "$$REMOVE" {
			return missing{}, nil
		}
		if strings.HasPrefix(v, "$$") {
			return nil, errf(17276, "Location17276", "Use of undefined variable: %s", v[2:])
		}
		if strings.HasPrefix(v, "$") {
			r := lookup(d, v[1:])
			if len(r) == 0 {
				return missing{}, nil
			}
			return r[0], nil
		}
		return v, nil
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

func evalOp(d D, op string, arg any) (any, error) {
	if op == "$literal" {
		return arg, nil
	}
	if op == "$cond" {
		var c, t, f any
		if a, ok := arg.(A); ok && len(a) == 3 {
			c, t, f = a[0], a[1], a[2]
		} else if o, ok := arg.(D); ok {
			c, t, f = val(o, "if"), val(o, "then"), val(o, "else")
		}
		r, err := eval(d, c)
		if err != nil {
			return nil, err
		}
		if truthy(r) {
			return eval(d, t)
		}
		return eval(d, f)
	}
	list, ok := arg.(A)
	if !ok {
		list = A{arg}
	}
	a := make([]any, len(list))
	for i := range list {
		r, err := eval(d, list[i])
		if err != nil {
			return nil, err
		}
		a[i] = r
	}
	two := func() error {
		if len(a) != 2 {
			return errf(16020, "Location16020", "Expression %s takes exactly 2 arguments", op)
		}
		return nil
	}
	switch op {
	case "$eq", "$ne", "$gt", "$gte", "$lt", "$lte", "$cmp":
		if err := two(); err != nil {
			return nil, err
		}
		c := cmp(a[0], a[1])
		switch op {
		case "$eq":
			return c == 0, nil
		case "$ne":
			return c != 0, nil
		case "$gt":
			return c > 0, nil
		case "$gte":
			return c >= 0, nil
		case "$lt":
			return c < 0, nil
		case "$lte":
			return c <= 0, nil
		}
		return int32(c), nil
	case "$and", "$or":
		for _, x := range a {
			if truthy(x) == (op == "$or") {
				return op == "$or", nil
			}
		}
		return op == "$and", nil
	case "$not":
		return !truthy(a[0]), nil
	case "$ifNull":
		for _, x := range a {
			if rank(x) > 2 || rank(x) == 0 {
				return x, nil
			}
		}
		return a[len(a)-1], nil
	case "$in":
		if err := two(); err != nil {
			return nil, err
		}
		l, _ := a[1].(A)
		for _, x := range l {
			if cmp(a[0], x) == 0 {
				return true, nil
			}
		}
		return false, nil
	case "$max", "$min":
		if len(a) == 1 {
			if l, ok := a[0].(A); ok {
				a = l
			}
		}
		var best any
		for _, x := range a {
			if rank(x) <= 2 && rank(x) > 0 {
				continue
			}
			if best == nil || (cmp(x, best) > 0) == (op == "$max") {
				best = x
			}
		}
		return best, nil
	case "$add", "$subtract", "$multiply":
		if len(a) == 0 {
			return int32(0), nil
		}
		acc := a[0]
		for _, x := range a[1:] {
			if rank(acc) <= 2 || rank(x) <= 2 {
				return nil, nil
			}
			r, err := arith(op, acc, x)
			if err != nil {
				return nil, err
			}
			acc = r
		}
		return acc, nil
	case "$concat":
		s := ""
		for _, x := range a {
			t, ok := x.(string)
			if !ok {
				return nil, nil
			}
			s += t
		}
		return s, nil
	case "$type":
		for n, f := range typeNames {
			if n != "number" && f(a[0]) {
				return n, nil
			}
		}
		return "missing", nil
	case "$mergeObjects":
		var out D
		for _, x := range a {
			o, _ := x.(D)
			for _, e := range o {
				out = set(out, e.Key, e.Value)
			}
		}
		return out, nil
	case "$size":
		l, ok := a[0].(A)
		if !ok {
			return nil, errf(17124, "Location17124", "The argument to $size must be an array")
		}
		return int32(len(l)), nil
	}
	return nil, unknown("expression", op, theirExprs, errf(168, "InvalidPipelineOperator", "Unrecognized expression '%s'", op))
}

func arith(op string, a, b any) (any, error) {
	if t, ok := a.(bson.DateTime); ok {
		f, ok := toF(b)
		if !ok {
			if u, ok := b.(bson.DateTime); ok && op == "$subtract" {
				return int64(t - u), nil
			}
			return nil, errf(14, "TypeMismatch", "cannot %s", op)
		}
		if op == "$subtract" {
			f = -f
		}
		return t + bson.DateTime(f), nil
	}
	_, da := a.(bson.Decimal128)
	_, db := b.(bson.Decimal128)
	_, fa := a.(float64)
	_, fb := b.(float64)
	f, ok1 := toF(a)
	g, ok2 := toF(b)
	if !ok1 || !ok2 {
		return nil, errf(14, "TypeMismatch", "Cannot apply %s to a value of non-numeric type", op)
	}
	if da || db {
		p, q := rat(a), rat(b)
		if p == nil || q == nil {
			return nil, errf(2, "BadValue", "unsupported decimal arithmetic")
		}
		r := new(big.Rat)
		switch op {
		case "$subtract":
			r.Sub(p, q)
		case "$multiply":
			r.Mul(p, q)
		default:
			r.Add(p, q)
		}
		s := strings.TrimRight(r.FloatString(33), "0")
		d, err := bson.ParseDecimal128(strings.TrimSuffix(s, "."))
		return d, err
	}
	if fa || fb {
		switch op {
		case "$subtract":
			return f - g, nil
		case "$multiply":
			return f * g, nil
		}
		return f + g, nil
	}
	i, j := toI(a), toI(b)
	var r int64
	over := false
	switch op {
	case "$subtract":
		r = i - j
		over = (j > 0) == (r > i) && j != 0
	case "$multiply":
		r = i * j
		over = i != 0 && r/i != j
	default:
		r = i + j
		over = (j > 0) == (r < i) && j != 0
	}
	if over {
		return nil, errf(2, "BadValue", "integer overflow")
	}
	_, l1 := a.(int64)
	_, l2 := b.(int64)
	if !l1 && !l2 && r >= math.MinInt32 && r <= math.MaxInt32 {
		return int32(r), nil
	}
	return r, nil
}
