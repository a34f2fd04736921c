package conflict

import (
	"math"
	"math/big"
	"strconv"
	"strings"

	"turnkey/runtime/bundle"
	"turnkey/runtime/value"
)

// add gives server + client - base, of the declared type, else of the widest type among the three.
// Whole numbers and decimals are exact or refused; doubles are rounded once, at the end. Null (and
// what devices see as null) counts as 0. Where one of the three is no number at all there is
// nothing to count: ok is false. Text that spells a number is one where a number is declared: to set such a column
// would lose what others have counted.
func add(server, client, base value.Value, declared bundle.TypeName) (sum value.Value, ok bool, _ *Refusal) {
	server, base = spelled(server, declared), spelled(base, declared)
	if s, c, b, whole := wholes(server, client, base); whole && declared != bundle.TypeDecimal && declared != bundle.TypeDouble {
		sum, no := fit(exactSum(s, c, b), counterType(declared, server, client, base))
		return sum, true, no
	}
	var parts [3]number
	for i, v := range [3]value.Value{server, client, base} {
		if unseen(v) {
			v = int64(0)
		}
		if parts[i], ok = numberOf(v); !ok {
			return nil, false, nil
		}
	}
	switch name := counterType(declared, server, client, base); name {
	case bundle.TypeDouble:
		f := roundedSum(float(server), float(client), float(base))
		if math.IsInf(f, 0) || math.IsNaN(f) {
			return nil, true, overflow("The counter would leave the range of a double.")
		}
		return f, true, nil
	case bundle.TypeDecimal:
		sum, no := decimalOf(parts[0].plus(parts[1].minus(parts[2])))
		return sum, true, no
	default:
		i, isWhole := parts[0].plus(parts[1].minus(parts[2])).integer()
		if !isWhole {
			return nil, true, overflow("The counter would not be a whole number of type " + string(name) + ".")
		}
		sum, no := fit(big.NewInt(i), name)
		return sum, true, no
	}
}

// spelled gives a number for its text, which a column of text may hold in spite of the declared type.
func spelled(v value.Value, declared bundle.TypeName) value.Value {
	switch declared {
	case bundle.TypeInt32, bundle.TypeInt64, bundle.TypeDouble, bundle.TypeDecimal:
		if text, is := v.(string); is {
			return value.Decimal(text)
		}
	}
	return v
}

func overflow(message string) *Refusal {
	return &Refusal{Code: CodeCounterOverflow, Message: message, Hint: "Declare a wider type for the counter, or correct the stored value."}
}

// counterType is the declared type, else the widest of the values'.
func counterType(declared bundle.TypeName, values ...value.Value) bundle.TypeName {
	switch declared {
	case bundle.TypeInt32, bundle.TypeInt64, bundle.TypeDouble, bundle.TypeDecimal:
		return declared
	}
	widest := bundle.TypeInt32
	for _, v := range values {
		switch v.(type) {
		case value.Decimal:
			return bundle.TypeDecimal
		case float64:
			widest = bundle.TypeDouble
		case int64:
			if widest == bundle.TypeInt32 {
				widest = bundle.TypeInt64
			}
		}
	}
	return widest
}

// wholes reads three integers; ok is false when one is of another type.
func wholes(server, client, base value.Value) (s, c, b int64, ok bool) {
	var out [3]int64
	for i, v := range [3]value.Value{server, client, base} {
		switch v := v.(type) {
		case nil:
		case int32:
			out[i] = int64(v)
		case int64:
			out[i] = v
		default:
			return 0, 0, 0, false
		}
	}
	return out[0], out[1], out[2], true
}

func exactSum(s, c, b int64) *big.Int {
	const safe = 1 << 61
	if s < safe && s > -safe && c < safe && c > -safe && b < safe && b > -safe {
		return big.NewInt(s + c - b)
	}
	sum := big.NewInt(s)
	sum.Add(sum, big.NewInt(c))
	return sum.Sub(sum, big.NewInt(b))
}

// fit types a whole number, or refuses what would wrap around.
func fit(sum *big.Int, name bundle.TypeName) (value.Value, *Refusal) {
	i := sum.Int64()
	switch {
	case name == bundle.TypeInt32 && sum.IsInt64() && i >= math.MinInt32 && i <= math.MaxInt32:
		return int32(i), nil
	case name != bundle.TypeInt32 && sum.IsInt64():
		return i, nil
	}
	return nil, overflow("The counter would leave the range of " + string(name) + ".")
}

func float(v value.Value) float64 {
	switch v := v.(type) {
	case float64:
		if unseen(v) {
			return 0
		}
		return v
	case int32:
		return float64(v)
	case int64:
		return float64(v)
	case value.Decimal:
		f, _ := strconv.ParseFloat(string(v), 64) // it is a number: numberOf has read it
		return f
	}
	return 0
}

// roundedSum is s + c - b with the error of both roundings carried along (Knuth's TwoSum), so that a
// counter does not drift by what c - b loses.
func roundedSum(s, c, b float64) float64 {
	delta, lost := twoSum(c, -b)
	sum, also := twoSum(s, delta)
	if corrected := sum + (lost + also); !math.IsNaN(corrected) {
		return corrected
	}
	return sum
}

func twoSum(a, b float64) (sum, lost float64) {
	sum = a + b
	back := sum - a
	return sum, (a - (sum - back)) + (b - back)
}

// maxDigits is what every source's decimal can hold (Decimal128).
const maxDigits = 34

// decimalOf spells a sum with as many places as its most precise part had, unless trailing zeros are
// all that does not fit.
func decimalOf(n number) (value.Value, *Refusal) {
	digits := new(big.Int).Abs(n.coefficient).String()
	for len(digits) > maxDigits && strings.HasSuffix(digits, "0") {
		digits, n.exponent = digits[:len(digits)-1], n.exponent+1
	}
	if n.coefficient.Sign() == 0 {
		n.exponent = max(min(n.exponent, 0), -maxDigits)
	}
	if leading := n.exponent + len(digits) - 1; len(digits) > maxDigits || leading > 6144 || n.exponent < -6176 {
		return nil, overflow("The counter would have more than 34 digits, or an exponent outside of a decimal's range.")
	}
	text := digits
	switch places := -n.exponent; {
	case places > 2*maxDigits || places < 0:
		text += "E" + strconv.Itoa(n.exponent)
		if places < 0 {
			text = digits + "E+" + strconv.Itoa(n.exponent)
		}
	case places > 0:
		if len(text) <= places {
			text = strings.Repeat("0", places-len(text)+1) + text
		}
		text = text[:len(text)-places] + "." + text[len(text)-places:]
	}
	if n.coefficient.Sign() < 0 {
		text = "-" + text
	}
	return value.Decimal(text), nil
}
