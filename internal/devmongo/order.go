package devmongo

import (
	"bytes"
	order "cmp"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
)

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

// cmpNumbers compares the exact values, across types. NaN is the lowest and equal to itself.
func cmpNumbers(a, b any) int {
	if i, ok := integer(a); ok {
		if j, ok := integer(b); ok {
			return order.Compare(i, j)
		}
	}
	p, q := rat(a), rat(b)
	if p != nil && q != nil {
		return p.Cmp(q)
	}
	f, g := 0.0, 0.0 // stands for all that are finite
	if p == nil {
		f, _ = toF(a)
	}
	if q == nil {
		g, _ = toF(b)
	}
	return order.Compare(f, g)
}

func integer(v any) (int64, bool) {
	switch x := v.(type) {
	case int32:
		return int64(x), true
	case int64:
		return x, true
	}
	return 0, false
}

// cmp is the BSON comparison order.
func cmp(a, b any) int {
	ra, rb := rank(a), rank(b)
	if ra != rb {
		return sign(ra < rb)
	}
	switch x := a.(type) {
	case int32, int64, float64, bson.Decimal128:
		return cmpNumbers(a, b)
	case string:
		if y, ok := b.(string); ok {
			return strings.Compare(x, y)
		}
		return strings.Compare(x, fmt.Sprint(b))
	case bson.Symbol:
		return strings.Compare(string(x), fmt.Sprint(b))
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
	case bson.Symbol:
		return "s" + string(x)
	case bson.ObjectID:
		return "o" + string(x[:])
	case nil, missing, bson.Undefined, bson.Null:
		return "n"
	case bson.Binary:
		return "b" + string(rune(x.Subtype)) + string(x.Data)
	case bson.DateTime:
		return "t" + strconv.FormatInt(int64(x), 10)
	case bool:
		return "?" + strconv.FormatBool(x)
	case int32:
		return "#" + strconv.Itoa(int(x))
	case int64:
		return "#" + strconv.FormatInt(x, 10)
	case float64, bson.Decimal128:
		if r := rat(v); r != nil {
			return "#" + r.RatString()
		}
		f, _ := toF(v) // the same for all types
		return fmt.Sprint("#", f)
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
