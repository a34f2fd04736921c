package value

import (
	"strconv"
	"strings"
)

// decimal is a number taken apart: (-1)^negative * digits * 10^exponent. Digits have neither leading
// nor trailing zeros; zero has none at all.
type decimal struct {
	negative bool
	digits   string
	exponent int
}

// parseDecimal reads [+-]digits[.digits][e[+-]digits]. Exponents beyond six digits are refused.
func parseDecimal(s string) (d decimal, ok bool) {
	whole, fraction, exponent, negative, ok := splitDecimal(s)
	if !ok {
		return d, false
	}
	digits := strings.TrimLeft(whole+fraction, "0")
	d.negative, d.exponent = negative, exponent-len(fraction)
	d.digits = strings.TrimRight(digits, "0")
	d.exponent += len(digits) - len(d.digits)
	if d.digits == "" {
		d.exponent = 0
	}
	return d, true
}

func splitDecimal(s string) (whole, fraction string, exponent int, negative, ok bool) {
	if s != "" && (s[0] == '+' || s[0] == '-') {
		negative = s[0] == '-'
		s = s[1:]
	}
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		e := s[i+1:]
		digits := strings.TrimLeft(e, "+-")
		if len(e)-len(digits) > 1 || len(digits) == 0 || len(digits) > 6 || !allDigits(digits) {
			return "", "", 0, false, false
		}
		exponent, _ = strconv.Atoi(e)
		s = s[:i]
	}
	whole, fraction, _ = strings.Cut(s, ".")
	return whole, fraction, exponent, negative, whole+fraction != "" && allDigits(whole) && allDigits(fraction)
}

func allDigits(s string) bool {
	for i := 0; i < len(s); i++ {
		if !isDigit(s[i]) {
			return false
		}
	}
	return true
}

// sameDecimal compares by exact text, else by numeric value: 1.50 is 1.5.
func sameDecimal(client string, stored Decimal) bool {
	if client == string(stored) {
		return true
	}
	a, ok := parseDecimal(client)
	if !ok {
		return false
	}
	b, ok := parseDecimal(string(stored))
	return ok && a.digits == b.digits && a.exponent == b.exponent && (a.negative == b.negative || a.digits == "")
}

// The range of Decimal128, which every source can hold.
const (
	maxDecimalDigits   = 34
	minDecimalExponent = -6176
	maxDecimalExponent = 6144 // of the leading digit
)

// newDecimal checks and normalises the spelling; digits after the point stay as they are, because
// they carry the precision.
func newDecimal(s string) (Value, *TypeError) {
	whole, fraction, exponent, negative, ok := splitDecimal(s)
	if !ok {
		return nil, invalid("decimal", "The value is not a decimal number.").
			hint(`Send digits with an optional point, as text, such as "12.50".`)
	}
	whole = strings.TrimLeft(whole, "0")
	significant := strings.TrimLeft(whole+fraction, "0")
	lowest := exponent - len(fraction)
	if len(significant) > maxDecimalDigits || lowest < minDecimalExponent || lowest+len(significant)-1 > maxDecimalExponent {
		return nil, invalid("decimal", "The value has more than 34 digits, or an exponent outside of a decimal's range.")
	}
	if whole == "" {
		whole = "0"
	}
	if negative {
		whole = "-" + whole
	}
	if fraction != "" {
		whole += "." + fraction
	}
	if exponent > 0 {
		whole += "E+" + strconv.Itoa(exponent)
	} else if exponent < 0 {
		whole += "E" + strconv.Itoa(exponent)
	}
	return Decimal(whole), nil
}
