package devmongo

import (
	"bytes"
	"fmt"
	"math"
	"math/big"
	"regexp"
	"strconv"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
)

type D = bson.D
type E = bson.E
type A = bson.A

type missing struct{}

// get a top-level field.
func get(d D, k string) (any, bool) {
	for i := range d {
		if d[i].Key == k {
			return d[i].Value, true
		}
	}
	return nil, false
}
func val(d D, k string) any    { v, _ := get(d, k); return v }
func str(d D, k string) string { s, _ := val(d, k).(string); return s }
func doc(d D, k string) D      { s, _ := val(d, k).(D); return s }
func arr(d D, k string) A      { s, _ := val(d, k).(A); return s }
func num(d D, k string) int64  { f, _ := toF(val(d, k)); return int64(f) }
func truthy(v any) bool {
	switch x := v.(type) {
	case nil, missing:
		return false
	case bool:
		return x
	}
	if f, ok := toF(v); ok {
		return f != 0
	}
	return true
}

func toF(v any) (float64, bool) {
	switch x := v.(type) {
	case int32:
		return float64(x), true
	case int64:
		return float64(x), true
	case float64:
		return x, true
	case bson.Decimal128:
		f, err := strconv.ParseFloat(x.String(), 64)
		return f, err == nil
	}
	return 0, false
}

func rank(v any) int {
	switch v.(type) {
	case bson.MinKey:
		return 0
	case missing, bson.Undefined:
		return 1
	case nil, bson.Null:
		return 2
	case int32, int64, float64, bson.Decimal128:
		return 3
	case string, bson.Symbol:
		return 4
	case D:
		return 5
	case A:
		return 6
	case bson.Binary:
		return 7
	case bson.ObjectID:
		return 8
	case bool:
		return 9
	case bson.DateTime:
		return 10
	case bson.Timestamp:
		return 11
	case bson.Regex:
		return 12
	case bson.MaxKey:
		return 14
	}
	return 13
}

func rat(v any) *big.Rat {
	switch x := v.(type) {
	case int32:
		return new(big.Rat).SetInt64(int64(x))
	case int64:
		return new(big.Rat).SetInt64(x)
	case float64:
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return nil
		}
		return new(big.Rat).SetFloat64(x)
	case bson.Decimal128:
		r, ok := new(big.Rat).SetString(x.String())
		if ok {
			return r
		}
	}
	return nil
}

func sign(b bool) int {
	if b {
		return -1
	}
	return 1
}

// cmp is the BSON comparison order.
func cmp(a, b any) int {
	ra, rb := rank(a), rank(b)
	if ra != rb {
		return sign(ra < rb)
	}
	switch x := a.(type) {
	case int32, int64, float64, bson.Decimal128:
		if i, ok := a.(int32); ok {
			if j, ok := b.(int32); ok {
				if i == j {
					return 0
				}
				return sign(i < j)
			}
		}
		p, q := rat(a), rat(b)
		if p != nil && q != nil {
			return p.Cmp(q)
		}
		f, _ := toF(a)
		g, _ := toF(b)
		switch {
		case f == g || f != f && g != g:
			return 0
		case f != f:
			return -1
		case g != g:
			return 1
		}
		return sign(f < g)
	case string:
		return strings.Compare(x, fmt.Sprint(b))
	case D:
		y := b.(D)
		for i := 0; i < len(x) && i < len(y); i++ {
			if c := rank(x[i].Value) - rank(y[i].Value); c != 0 {
				return sign(c < 0)
			}
			if c := strings.Compare(x[i].Key, y[i].Key); c != 0 {
				return c
			}
			if c := cmp(x[i].Value, y[i].Value); c != 0 {
				return c
			}
		}
		return len(x) - len(y)
	case A:
		y := b.(A)
		for i := 0; i < len(x) && i < len(y); i++ {
			if c := cmp(x[i], y[i]); c != 0 {
				return c
			}
		}
		return len(x) - len(y)
	case bson.Binary:
		y := b.(bson.Binary)
		if len(x.Data) != len(y.Data) {
			return sign(len(x.Data) < len(y.Data))
		}
		if x.Subtype != y.Subtype {
			return sign(x.Subtype < y.Subtype)
		}
		return bytes.Compare(x.Data, y.Data)
	case bson.ObjectID:
		y := b.(bson.ObjectID)
		return bytes.Compare(x[:], y[:])
	case bool:
		if x == b.(bool) {
			return 0
		}
		return sign(!x)
	case bson.DateTime:
		if x == b.(bson.DateTime) {
			return 0
		}
		return sign(x < b.(bson.DateTime))
	case bson.Timestamp:
		y := b.(bson.Timestamp)
		if x == y {
			return 0
		}
		return sign(x.T < y.T || x.T == y.T && x.I < y.I)
	case bson.Regex:
		y := b.(bson.Regex)
		return strings.Compare(x.Pattern+"\x00"+x.Options, y.Pattern+"\x00"+y.Options)
	}
	return 0
}

// key is a canonical map key: equal values, equal keys (1 == 1.0 == NumberLong(1)).
func key(v any) string {
	switch x := v.(type) {
	case string:
		return "s" + x
	case bson.ObjectID:
		return "o" + string(x[:])
	case nil, missing, bson.Undefined, bson.Null:
		return "n"
	case int32:
		return "#" + strconv.Itoa(int(x))
	case int64, float64, bson.Decimal128:
		if r := rat(v); r != nil {
			return "#" + r.RatString()
		}
		return fmt.Sprint("#", v)
	case D:
		var b strings.Builder
		b.WriteString("{")
		for _, e := range x {
			fmt.Fprintf(&b, "%q:%s,", e.Key, key(e.Value))
		}
		return b.String() + "}"
	case A:
		var b strings.Builder
		b.WriteString("[")
		for _, e := range x {
			b.WriteString(strconv.Quote(key(e)) + ",")
		}
		return b.String() + "]"
	}
	return fmt.Sprintf("%d:%T:%v", rank(v), v, v)
}

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
		return schemaOK(d, s), nil
	}
	if strings.HasPrefix(k, "$") {
		return false, errf(2, "BadValue", "unknown top level operator: %s", k)
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
	return false, errf(2, "BadValue", "unknown operator: %s", op)
}

var typeNames = map[string]func(any) bool{
	"double": func(x any) bool { _, ok := x.(float64); return ok }, "string": func(x any) bool { _, ok := x.(string); return ok },
	"object": func(x any) bool { _, ok := x.(D); return ok }, "array": func(x any) bool { _, ok := x.(A); return ok },
	"binData": func(x any) bool { _, ok := x.(bson.Binary); return ok }, "objectId": func(x any) bool { _, ok := x.(bson.ObjectID); return ok },
	"bool": func(x any) bool { _, ok := x.(bool); return ok }, "date": func(x any) bool { _, ok := x.(bson.DateTime); return ok },
	"null": func(x any) bool { return x == nil }, "int": func(x any) bool { _, ok := x.(int32); return ok },
	"long": func(x any) bool { _, ok := x.(int64); return ok }, "decimal": func(x any) bool { _, ok := x.(bson.Decimal128); return ok },
	"timestamp": func(x any) bool { _, ok := x.(bson.Timestamp); return ok }, "number": func(x any) bool { _, ok := toF(x); return ok },
}
var typeNumbers = map[int]string{1: "double", 2: "string", 3: "object", 4: "array", 5: "binData", 7: "objectId", 8: "bool", 9: "date", 10: "null", 16: "int", 17: "timestamp", 18: "long", 19: "decimal"}

func typeIs(x, t any) bool {
	switch v := t.(type) {
	case A:
		for _, e := range v {
			if typeIs(x, e) {
				return true
			}
		}
		return false
	case string:
		f := typeNames[v]
		return f != nil && f(x)
	}
	n, _ := toF(t)
	f := typeNames[typeNumbers[int(n)]]
	return f != nil && f(x)
}

// schemaOK checks the commonly used part of $jsonSchema.
func schemaOK(v any, s D) bool {
	if t, ok := get(s, "bsonType"); ok && !typeIs(v, t) {
		return false
	}
	if e := arr(s, "enum"); e != nil {
		found := false
		for _, x := range e {
			found = found || cmp(x, v) == 0
		}
		if !found {
			return false
		}
	}
	if f, ok := toF(v); ok {
		if m, ok := toF(val(s, "minimum")); ok && f < m {
			return false
		}
		if m, ok := toF(val(s, "maximum")); ok && f > m {
			return false
		}
	}
	if t, ok := v.(string); ok {
		if m, ok := toF(val(s, "maxLength")); ok && len([]rune(t)) > int(m) {
			return false
		}
		if m, ok := toF(val(s, "minLength")); ok && len([]rune(t)) < int(m) {
			return false
		}
		if p := str(s, "pattern"); p != "" && !reMatch(bson.Regex{Pattern: p}, t) {
			return false
		}
	}
	if d, ok := v.(D); ok {
		for _, r := range arr(s, "required") {
			if _, ok := get(d, fmt.Sprint(r)); !ok {
				return false
			}
		}
		props := doc(s, "properties")
		for _, e := range d {
			if p, ok := val(props, e.Key).(D); ok {
				if !schemaOK(e.Value, p) {
					return false
				}
			} else if ap, ok := val(s, "additionalProperties").(bool); ok && !ap {
				return false
			}
		}
	}
	if a, ok := v.(A); ok {
		if it, ok := val(s, "items").(D); ok {
			for _, e := range a {
				if !schemaOK(e, it) {
					return false
				}
			}
		}
	}
	return true
}

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
	return nil, errf(168, "InvalidPipelineOperator", "Unrecognized expression '%s'", op)
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

func toI(v any) int64 {
	switch x := v.(type) {
	case int32:
		return int64(x)
	case int64:
		return x
	}
	f, _ := toF(v)
	return int64(f)
}

func set(d D, k string, v any) D {
	for i := range d {
		if d[i].Key == k {
			out := append(D(nil), d...)
			out[i].Value = v
			return out
		}
	}
	return append(append(make(D, 0, len(d)+1), d...), E{Key: k, Value: v})
}

func unset(d D, k string) D {
	out := make(D, 0, len(d))
	for _, e := range d {
		if e.Key != k {
			out = append(out, e)
		}
	}
	return out
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

func at(d D, path string) (any, bool) {
	var v any = d
	for _, p := range strings.Split(path, ".") {
		switch c := v.(type) {
		case D:
			x, ok := get(c, p)
			if !ok {
				return nil, false
			}
			v = x
		case A:
			i, err := strconv.Atoi(p)
			if err != nil || i < 0 || i >= len(c) {
				return nil, false
			}
			v = c[i]
		default:
			return nil, false
		}
	}
	return v, true
}
