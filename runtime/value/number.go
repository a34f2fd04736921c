package value

import (
	"math"
	"strconv"
	"strings"
)

// integer gives the exact integer that a number literal spells: 3, 3.0 and 3e0 are the same.
// ok is false for fractions and for what does not fit 64 bits.
func integer(n string) (i int64, ok bool) {
	if !strings.ContainsAny(n, ".eE") {
		i, err := strconv.ParseInt(n, 10, 64)
		return i, err == nil
	}
	d, ok := parseDecimal(n)
	if !ok || d.digits == "" {
		return 0, ok
	}
	if d.exponent < 0 || len(d.digits)+d.exponent > 19 {
		return 0, false
	}
	text := d.digits + strings.Repeat("0", d.exponent)
	if d.negative {
		text = "-" + text
	}
	i, err := strconv.ParseInt(text, 10, 64)
	return i, err == nil
}

// isNumber reports whether text is a JSON number, so that text columns can carry exact integers.
func isNumber(s string) bool {
	i := 0
	if i < len(s) && s[i] == '-' {
		i++
	}
	start := i
	for i < len(s) && isDigit(s[i]) {
		i++
	}
	if i == start || i-start > 1 && s[start] == '0' {
		return false
	}
	if i < len(s) && s[i] == '.' {
		for i++; i < len(s) && isDigit(s[i]); i++ {
		}
		if !isDigit(s[i-1]) {
			return false
		}
	}
	if i < len(s) && (s[i] == 'e' || s[i] == 'E') {
		if i++; i < len(s) && (s[i] == '+' || s[i] == '-') {
			i++
		}
		for start = i; i < len(s) && isDigit(s[i]); i++ {
		}
		if i == start {
			return false
		}
	}
	return i == len(s)
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// sameInteger compares a literal with a stored integer. Inside JSON text, JavaScript has rounded
// integers beyond 2^53 to doubles before the client could see them: a literal that is exactly what
// JavaScript prints for the stored integer is then the stored integer.
func sameInteger(n string, stored int64, nested bool) bool {
	if i, ok := integer(n); ok && i == stored {
		return true
	}
	const exact = 1 << 53
	if !nested || stored <= exact && stored >= -exact {
		return false
	}
	return n == strconv.FormatFloat(float64(stored), 'f', -1, 64)
}

func sameFloat(n string, stored float64) bool {
	f, err := strconv.ParseFloat(n, 64)
	return err == nil && f == stored
}

// plainNumber types a literal as JSON would: int32 if it fits, else int64, else double.
func plainNumber(n Number) (Value, *TypeError) {
	if !strings.ContainsAny(string(n), ".eE") && n != "-0" {
		if i, err := strconv.ParseInt(string(n), 10, 64); err == nil {
			if i >= math.MinInt32 && i <= math.MaxInt32 {
				return int32(i), nil
			}
			return i, nil
		}
	}
	return double(n)
}

func double(n Number) (Value, *TypeError) {
	f, err := strconv.ParseFloat(string(n), 64)
	if err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
		return nil, invalid("double", "The number is too large for a double.")
	}
	return f, nil
}
