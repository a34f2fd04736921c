package conflict

import (
	"math"
	"sort"
	"strconv"
	"strings"
	"time"

	"turnkey/runtime/value"
)

// same reports whether two typed values say the same: numbers of any width by their value, objects
// in any order of members, JSON text by its structure.
func same(a, b value.Value) bool {
	if value.Equal(a, b) {
		return true
	}
	if a == nil || b == nil {
		return false
	}
	// They differ to the bit, but some kinds have more than one way to say the same.
	switch x, y := looseness(a), looseness(b); {
	case x == structure || y == structure:
		return key(a) == key(b)
	case x == numeric && y == numeric:
		_, isInteger := a.(int64)
		_, bothAre := b.(int64)
		return !(isInteger && bothAre) && key(a) == key(b)
	}
	return false
}

// Key spells a value so that values that say the same have the same key, and no others: what is
// remembered of a value without remembering it.
func Key(v value.Value) string { return key(v) }

const (
	strict = iota // one value, one spelling
	numeric
	structure
)

func looseness(v value.Value) int {
	switch v.(type) {
	case int32, int64, float64, value.Decimal, value.Number:
		return numeric
	case value.Array, *value.Object, value.JSON, value.Opaque:
		return structure
	}
	return strict
}

// key spells a value so that values that say the same have the same key, and no others.
func key(v value.Value) string { return string(appendKey(nil, v)) }

func appendKey(dst []byte, v value.Value) []byte {
	switch v := v.(type) {
	case nil:
		return append(dst, 'n')
	case bool:
		return strconv.AppendBool(dst, v)
	case int32:
		return appendNumberKey(dst, strconv.FormatInt(int64(v), 10))
	case int64:
		return appendNumberKey(dst, strconv.FormatInt(v, 10))
	case float64:
		if v == math.Trunc(v) && v >= -1<<63 && v < 1<<63 {
			return appendNumberKey(dst, strconv.FormatInt(int64(v), 10))
		}
		return appendNumberKey(dst, strconv.FormatFloat(v, 'e', -1, 64))
	case value.Decimal:
		return appendNumberKey(dst, string(v))
	case value.Number:
		return appendNumberKey(dst, string(v))
	case string:
		return appendTagged(dst, 's', v)
	case value.ObjectID:
		return appendTagged(dst, 'o', v.String())
	case value.UUID:
		return appendTagged(dst, 'u', v.String())
	case []byte:
		return appendTagged(dst, 'b', string(v))
	case time.Time:
		return appendTagged(dst, 'd', v.UTC().Format(time.RFC3339Nano))
	case value.JSON:
		inner, err := value.DecodeJSON([]byte(v))
		if err != nil {
			return appendTagged(dst, 'j', string(v))
		}
		return appendKey(dst, inner)
	case value.Opaque:
		return appendKey(append(dst, 'x'), v.Client)
	case value.Array:
		dst = append(dst, '[')
		for _, e := range v {
			dst = append(appendKey(dst, e), ',')
		}
		return append(dst, ']')
	case *value.Object:
		return appendObjectKey(dst, v)
	}
	return append(dst, '?')
}

// appendTagged writes text with its length before it, so that no text can pretend to be structure.
func appendTagged(dst []byte, tag byte, text string) []byte {
	dst = strconv.AppendInt(append(dst, tag), int64(len(text)), 10)
	return append(append(dst, ':'), text...)
}

func appendObjectKey(dst []byte, o *value.Object) []byte {
	if o == nil {
		return append(dst, 'n')
	}
	order := make([]int, len(o.Members))
	for i := range order {
		order[i] = i
	}
	sort.Slice(order, func(i, j int) bool { return o.Members[order[i]].Name < o.Members[order[j]].Name })
	dst = append(dst, '{')
	for _, i := range order {
		dst = appendTagged(dst, 'm', o.Members[i].Name)
		dst = append(appendKey(dst, o.Members[i].Value), ',')
	}
	return append(dst, '}')
}

// appendNumberKey normalises a literal: digits without zeros at either end, and the exponent of the
// last one. What is no literal (NaN) stands for itself.
func appendNumberKey(dst []byte, s string) []byte {
	dst = append(dst, '#')
	digits, exponent := s, 0
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		e, err := strconv.Atoi(s[i+1:])
		if err != nil {
			return append(dst, s...)
		}
		digits, exponent = s[:i], e
	}
	negative := strings.HasPrefix(digits, "-")
	whole, fraction, _ := strings.Cut(strings.TrimLeft(digits, "+-"), ".")
	all := strings.TrimLeft(whole+fraction, "0")
	exponent -= len(fraction)
	short := strings.TrimRight(all, "0")
	if short == "" {
		if strings.Trim(whole+fraction, "0") != "" || whole+fraction == "" {
			return append(dst, s...)
		}
		return append(dst, '0')
	}
	if negative {
		dst = append(dst, '-')
	}
	dst = append(append(dst, short...), 'e')
	return strconv.AppendInt(dst, int64(exponent+len(all)-len(short)), 10)
}
