package value

import (
	"math"
	"strconv"
	"time"

	"turnkey/runtime/bundle"
)

// typed makes a scalar of a declared type from what a client sent.
func typed(client Value, name bundle.TypeName) (Value, *TypeError) {
	switch name {
	case bundle.TypeString:
		return newString(client)
	case bundle.TypeBool:
		return newBool(client)
	case bundle.TypeInt32:
		return newInteger(client, name, math.MinInt32, math.MaxInt32)
	case bundle.TypeInt64:
		return newInteger(client, name, math.MinInt64, math.MaxInt64)
	case bundle.TypeDouble:
		return newDouble(client)
	case bundle.TypeDecimal:
		if n, ok := client.(Number); ok {
			return newDecimal(string(n))
		}
	}
	s, ok := client.(string)
	if !ok {
		return nil, wrong(client, name)
	}
	switch name {
	case bundle.TypeObjectID:
		return newObjectID(s)
	case bundle.TypeUUID:
		return newUUID(s)
	case bundle.TypeDate:
		return newDate(s)
	case bundle.TypeDecimal:
		return newDecimal(s)
	case bundle.TypeBinary:
		return newBinary(s)
	}
	return nil, invalid(string(name), "The declared type "+string(name)+" is not known to this version.")
}

// spoken are the types in messages.
var spoken = map[bundle.TypeName]string{
	bundle.TypeString: "text", bundle.TypeObjectID: "an ObjectId as text", bundle.TypeUUID: "a UUID as text",
	bundle.TypeInt32: "a whole number", bundle.TypeInt64: "a whole number", bundle.TypeDouble: "a number",
	bundle.TypeDecimal: "a decimal number as text", bundle.TypeBool: "true, false, 1 or 0", bundle.TypeDate: "a date as text",
	bundle.TypeBinary: "base64 text", bundle.TypeJSON: "JSON text", bundle.TypeArray: "a list as JSON text", bundle.TypeObject: "an object as JSON text",
}

func wrong(client Value, name bundle.TypeName) *TypeError {
	e := invalid(string(name), "Expected "+spoken[name]+" ("+string(name)+"), got "+kind(client)+".")
	if name == bundle.TypeDate {
		if _, isNumber := client.(Number); isNumber {
			e.Hint = "A number could mean seconds or milliseconds; send ISO 8601 text such as 2026-01-31T12:00:00.000Z."
		}
	}
	return e
}

// newString also takes numbers: SQLite's columns hold whichever the app bound.
func newString(client Value) (Value, *TypeError) {
	switch v := client.(type) {
	case string:
		return v, nil
	case Number:
		return string(v), nil
	}
	return nil, wrong(client, bundle.TypeString)
}

func newBool(client Value) (Value, *TypeError) {
	switch v := client.(type) {
	case bool:
		return v, nil
	case Number:
		if i, ok := integer(string(v)); ok && (i == 0 || i == 1) {
			return i == 1, nil
		}
	case string:
		if b, ok := boolText(v); ok {
			return b, nil
		}
	}
	return nil, wrong(client, bundle.TypeBool)
}

// newInteger also takes digits as text, which is how apps carry integers that JavaScript rounds.
func newInteger(client Value, name bundle.TypeName, least, most int64) (Value, *TypeError) {
	text, isText := client.(string)
	if n, ok := client.(Number); ok {
		text = string(n)
	} else if !isText || !isNumber(text) {
		return nil, wrong(client, name)
	}
	i, ok := integer(text)
	if !ok {
		if d, valid := parseDecimal(text); valid && d.exponent < 0 {
			return nil, invalid(string(name), "Expected a whole number ("+string(name)+"), got a fraction.")
		}
	}
	if !ok || i < least || i > most {
		return nil, invalid(string(name), "The number does not fit "+string(name)+" ("+strconv.FormatInt(least, 10)+" to "+strconv.FormatInt(most, 10)+").")
	}
	if name == bundle.TypeInt32 {
		return int32(i), nil
	}
	return i, nil
}

func newDouble(client Value) (Value, *TypeError) {
	switch v := client.(type) {
	case Number:
		return double(v)
	case string:
		if isNumber(v) {
			return double(Number(v))
		}
	}
	return nil, wrong(client, bundle.TypeDouble)
}

func newBinary(s string) (Value, *TypeError) {
	b, err := decodeBase64(s)
	if err != nil {
		return nil, invalid("binary", "The text is not base64.")
	}
	return b, nil
}

// exact names the type of a stored scalar that JSON has no kind for; empty for all others.
func exact(v Value) bundle.TypeName {
	switch v.(type) {
	case ObjectID:
		return bundle.TypeObjectID
	case UUID:
		return bundle.TypeUUID
	case time.Time:
		return bundle.TypeDate
	case Decimal:
		return bundle.TypeDecimal
	case []byte:
		return bundle.TypeBinary
	}
	return ""
}

func itoa(i int) string { return strconv.Itoa(i) }
