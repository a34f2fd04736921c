package upload

import (
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"turnkey/runtime/value"
)

// Rows as hooks see them: JSON text with the source's names, in the form that rules see. Ids, UUIDs and
// decimals are text, dates ISO 8601 text, binary is base64; declared members that are absent are null. A
// JavaScript number is a double, so whole numbers beyond maxSafe are text; what comes back as text
// for a number is one again when its column is typed.

// maxSafe is the largest whole number that a double, and each of its neighbours, tells apart.
const maxSafe = 1<<53 - 1

// hookRow writes a whole row; null when there is none.
func hookRow(t *table, doc *value.Object) jsontext.Value {
	if doc == nil {
		return jsontext.Value("null")
	}
	dst := make([]byte, 1, 64+32*len(doc.Members))
	dst[0] = '{'
	for i := range doc.Members {
		dst = appendHookMember(dst, doc.Members[i].Name, doc.Members[i].Value)
	}
	for _, name := range t.declared {
		if _, has := doc.Get(name); !has {
			dst = appendHookMember(dst, name, nil)
		}
	}
	return append(dst, '}')
}

// hookValues writes some columns of a row; null when o is nil.
func hookValues(o *value.Object) jsontext.Value { return appendHook(nil, o) }

// appendHook writes one value.
func appendHook(dst []byte, v value.Value) []byte {
	switch v := v.(type) {
	case int64:
		if v > maxSafe || v < -maxSafe {
			return append(strconv.AppendInt(append(dst, '"'), v, 10), '"')
		}
	case value.Number:
		if unsafeNumber(string(v)) {
			return append(append(append(dst, '"'), v...), '"')
		}
	case value.JSON:
		return appendHookJSON(dst, v)
	case value.Opaque:
		return appendHook(dst, v.Client)
	case value.Array:
		dst = append(dst, '[')
		for i := range v {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendHook(dst, v[i])
		}
		return append(dst, ']')
	case *value.Object:
		if v == nil {
			return append(dst, "null"...)
		}
		dst = append(dst, '{')
		for i := range v.Members {
			dst = appendHookMember(dst, v.Members[i].Name, v.Members[i].Value)
		}
		return append(dst, '}')
	}
	return value.AppendJSON(dst, v)
}

// appendHookMember writes a member, after a comma unless it is the first. A name that is not UTF-8 is
// mended as values are.
func appendHookMember(dst []byte, name string, v value.Value) []byte {
	if dst[len(dst)-1] != '{' {
		dst = append(dst, ',')
	}
	dst, _ = jsontext.AppendQuote(dst, name)
	return appendHook(append(dst, ':'), v)
}

// appendHookJSON writes a column of JSON text. Databases keep texts that JavaScript would read otherwise than
// they do (a name twice, long numbers); what is no JSON to us is shown as text.
func appendHookJSON(dst []byte, text value.JSON) []byte {
	if !longDigits(string(text)) && jsontext.Value(text).IsValid() {
		return append(dst, text...)
	}
	parsed, err := value.DecodeJSON([]byte(text))
	if err != nil {
		return value.AppendJSON(dst, string(text))
	}
	return appendHook(dst, parsed)
}

// longDigits reports a run of digits that may be an unsafe number.
func longDigits(s string) bool {
	run := 0
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			run = 0
		} else if run++; run > 15 {
			return true
		}
	}
	return false
}

// unsafeNumber reports a whole number that a double may not hold.
func unsafeNumber(n string) bool {
	i, err := strconv.ParseInt(n, 10, 64)
	if err != nil {
		return longDigits(n) && !fraction(n)
	}
	return i > maxSafe || i < -maxSafe
}

// fraction reports a number that is spelled with a point or an exponent.
func fraction(n string) bool {
	for i := range len(n) {
		if n[i] == '.' || n[i] == 'e' || n[i] == 'E' {
			return true
		}
	}
	return false
}
