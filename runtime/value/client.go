package value

import (
	"encoding/base64"
	"math"
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// ClientForm gives a stored value as a device's column holds it: nil, string, int64 or float64.
// Booleans are 1 and 0, lists and objects JSON text; what cannot sync (binary, NaN) is nil.
func ClientForm(v Value) Value {
	switch v := v.(type) {
	case string, int64, nil:
		return v
	case bool:
		if v {
			return int64(1)
		}
		return int64(0)
	case int32:
		return int64(v)
	case float64:
		return clientFloat(v)
	case Decimal:
		return string(v)
	case ObjectID:
		return v.String()
	case UUID:
		return v.String()
	case time.Time:
		return string(appendDate(nil, v))
	case JSON:
		return string(v)
	case Number:
		if i, ok := integer(string(v)); ok {
			return i
		}
		f, _ := strconv.ParseFloat(string(v), 64)
		return clientFloat(f)
	case Opaque:
		return ClientForm(v.Client)
	case Array, *Object:
		return string(appendJSON(nil, v, true))
	}
	return nil
}

// clientFloat: SQLite is sent integral doubles as integers, and null for what JSON cannot write.
func clientFloat(f float64) Value {
	switch {
	case math.IsNaN(f) || math.IsInf(f, 0):
		return nil
	case f == math.Trunc(f) && f >= -1<<63 && f < 1<<63:
		return int64(f)
	}
	return f
}

// AppendJSON writes a value as JSON with its own kinds: booleans true and false, ids, decimals and
// dates as text, binary as base64, NaN and infinities null.
func AppendJSON(dst []byte, v Value) []byte { return appendJSON(dst, v, false) }

// appendJSON writes JSON; device makes it what PowerSync nests in a column's text: booleans 1 and 0,
// binary dropped (null in lists).
func appendJSON(dst []byte, v Value, device bool) []byte {
	switch v := v.(type) {
	case nil:
		return append(dst, "null"...)
	case string:
		return appendText(dst, v)
	case bool:
		if device {
			return append(dst, "01"[b2i(v)])
		}
		return strconv.AppendBool(dst, v)
	case int32:
		return strconv.AppendInt(dst, int64(v), 10)
	case int64:
		return strconv.AppendInt(dst, v, 10)
	case float64:
		return appendFloat(dst, v)
	case Number:
		return append(dst, v...)
	case Decimal:
		return appendText(dst, string(v))
	case ObjectID:
		return append(appendHex(append(dst, '"'), v[:]), '"')
	case UUID:
		return append(v.append(append(dst, '"')), '"')
	case time.Time:
		return append(appendDate(append(dst, '"'), v), '"')
	case JSON:
		return append(dst, v...)
	case Array:
		return appendList(dst, v, device)
	case *Object:
		return appendObject(dst, v, device)
	case Opaque:
		return appendJSON(dst, v.Client, device)
	case []byte:
		if !device {
			dst = base64.StdEncoding.AppendEncode(append(dst, '"'), v)
			return append(dst, '"')
		}
	}
	return append(dst, "null"...)
}

func appendList(dst []byte, list Array, device bool) []byte {
	dst = append(dst, '[')
	for i, v := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendJSON(dst, v, device)
	}
	return append(dst, ']')
}

func appendObject(dst []byte, o *Object, device bool) []byte {
	if o == nil {
		return append(dst, "null"...)
	}
	dst = append(dst, '{')
	first := true
	for i := range o.Members {
		m := &o.Members[i]
		if _, binary := m.Value.([]byte); binary && device {
			continue
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = append(appendText(dst, m.Name), ':')
		dst = appendJSON(dst, m.Value, device)
	}
	return append(dst, '}')
}

// appendText quotes text; broken UTF-8 in a stored value becomes the replacement character.
func appendText(dst []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c >= 0x7f {
			dst, _ = jsontext.AppendQuote(dst, s)
			return dst
		}
	}
	dst = append(dst, '"')
	dst = append(dst, s...)
	return append(dst, '"')
}

func appendFloat(dst []byte, f float64) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return append(dst, "null"...)
	}
	format := byte('f')
	if abs := math.Abs(f); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		format = 'e'
	}
	return strconv.AppendFloat(dst, f, format, -1, 64)
}

func appendHex(dst, b []byte) []byte {
	const digits = "0123456789abcdef"
	for _, c := range b {
		dst = append(dst, digits[c>>4], digits[c&15])
	}
	return dst
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}
