package devmongo

import (
	"math"
	"math/big"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
)

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
