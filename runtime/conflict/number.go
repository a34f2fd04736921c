package conflict

import (
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"

	"turnkey/runtime/bundle"
	"turnkey/runtime/value"
)

// number is coefficient * 10^exponent, exactly. Doubles enter by their shortest decimal spelling,
// which is what people wrote; integral ones by their exact value.
type number struct {
	coefficient *big.Int
	exponent    int
}

// maxExponent bounds what a spelled exponent can make this package compute; decimals of every
// source stay below it.
const maxExponent = 7000

// numberOf reads a number of any type; ok is false for all else, NaN and infinities among it.
func numberOf(v value.Value) (n number, ok bool) {
	switch v := v.(type) {
	case int32:
		return number{big.NewInt(int64(v)), 0}, true
	case int64:
		return number{big.NewInt(v), 0}, true
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return n, false
		}
		if v == math.Trunc(v) && v >= -1<<63 && v < 1<<63 {
			return number{big.NewInt(int64(v)), 0}, true
		}
		return parseNumber(strconv.FormatFloat(v, 'e', -1, 64))
	case value.Decimal:
		return parseNumber(string(v))
	case value.Number:
		return parseNumber(string(v))
	}
	return n, false
}

func parseNumber(s string) (n number, ok bool) {
	digits, exponent := s, 0
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		e, err := strconv.Atoi(s[i+1:])
		if err != nil || e > maxExponent || e < -maxExponent {
			return n, false
		}
		digits, exponent = s[:i], e
	}
	whole, fraction, _ := strings.Cut(digits, ".")
	sign := strings.TrimLeft(whole, "+-")
	if len(whole)-len(sign) > 1 || strings.Trim(sign+fraction, "0123456789") != "" || sign+fraction == "" {
		return n, false
	}
	n.coefficient, ok = new(big.Int).SetString(whole+fraction, 10)
	n.exponent = exponent - len(fraction)
	return n, ok
}

// aligned gives the coefficients of both at the lower of the two exponents.
func aligned(a, b number) (x, y *big.Int, exponent int) {
	exponent = min(a.exponent, b.exponent)
	return a.at(exponent), b.at(exponent), exponent
}

// at gives the coefficient at a lower exponent.
func (n number) at(exponent int) *big.Int {
	if n.exponent == exponent || n.coefficient.Sign() == 0 {
		return n.coefficient
	}
	scale := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n.exponent-exponent)), nil)
	return scale.Mul(scale, n.coefficient)
}

func (n number) plus(m number) number {
	x, y, exponent := aligned(n, m)
	return number{new(big.Int).Add(x, y), exponent}
}

func (n number) minus(m number) number {
	x, y, exponent := aligned(n, m)
	return number{new(big.Int).Sub(x, y), exponent}
}

func (n number) compare(m number) int {
	x, y, _ := aligned(n, m)
	return x.Cmp(y)
}

// integer gives the exact whole number; ok is false for fractions and what does not fit 64 bits.
func (n number) integer() (i int64, ok bool) {
	whole := n.coefficient
	switch {
	case n.exponent > 0 && n.coefficient.Sign() != 0:
		if n.exponent > 19 {
			return 0, false
		}
		whole = n.at(0)
	case n.exponent < 0:
		scale := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(-n.exponent)), nil)
		quotient, rest := new(big.Int).QuoRem(n.coefficient, scale, new(big.Int))
		if rest.Sign() != 0 {
			return 0, false
		}
		whole = quotient
	}
	return whole.Int64(), whole.IsInt64()
}

// instants gives two times, if one of the two values is one and the other spells one: a date inside a
// column of JSON text is stored as text.
func instants(a, b value.Value) (x, y time.Time, ok bool) {
	_, first := a.(time.Time)
	_, second := b.(time.Time)
	if !first && !second {
		return x, y, false
	}
	x, first = instant(a)
	y, second = instant(b)
	return x, y, first && second
}

func instant(v value.Value) (time.Time, bool) {
	if text, ok := v.(string); ok {
		v, _, _ = value.Coerce(text, bundle.Type{Name: bundle.TypeDate}, nil, false)
	}
	t, ok := v.(time.Time)
	return t, ok
}

// compare orders two numbers of any types, two instants or two texts (by bytes). ok is false for
// what has no order.
func compare(a, b value.Value) (order int, ok bool) {
	if x, y, ok := instants(a, b); ok {
		return x.Compare(y), true
	}
	switch a := a.(type) {
	case string:
		b, ok := b.(string)
		return strings.Compare(a, b), ok
	case int64:
		if b, ok := b.(int64); ok {
			switch {
			case a < b:
				return -1, true
			case a > b:
				return 1, true
			}
			return 0, true
		}
	}
	x, okX := numberOf(a)
	y, okY := numberOf(b)
	if !okX || !okY {
		return 0, false
	}
	return x.compare(y), true
}
