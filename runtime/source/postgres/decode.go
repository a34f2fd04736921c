package postgres

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"turnkey/runtime/value"
)

// pgEpoch is where PostgreSQL counts microseconds from.
var pgEpoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// document reads the current row into an object, nulls included: a column always exists.
func (r *relation) document(rows pgx.Rows) (*value.Object, error) {
	raw := rows.RawValues()
	fields := rows.FieldDescriptions()
	doc := &value.Object{Members: make([]value.Member, len(r.columns))}
	for i := range r.columns {
		c := &r.columns[i]
		doc.Members[i].Name = c.name
		if raw[i] == nil {
			continue
		}
		v, err := c.decode(raw[i], fields[i].Format == pgtype.BinaryFormatCode)
		if err != nil {
			return nil, fmt.Errorf("reading column %s: %w", c.name, err)
		}
		doc.Members[i].Value = v
	}
	return doc, nil
}

func (c *column) decode(raw []byte, inBinary bool) (value.Value, error) {
	if c.array {
		v, err := value.DecodeJSON(raw)
		if err != nil {
			return nil, err
		}
		return c.list(v)
	}
	if inBinary {
		if err := c.checkWidth(raw); err != nil {
			return nil, err
		}
		if v, ok := c.decodeBinary(raw); ok {
			return v, nil
		}
	}
	v, err := c.decodeText(string(raw))
	if err != nil {
		return nil, err
	}
	return v, nil
}

// checkWidth refuses a value that is not as long as its type: the server is a stranger's.
func (c *column) checkWidth(raw []byte) error {
	width := len(raw)
	switch c.base {
	case "bool":
		width = 1
	case "int2":
		width = 2
	case "int4", "float4":
		width = 4
	case "int8", "float8", "timestamptz", "timestamp":
		width = 8
	case "uuid":
		width = 16
	case "jsonb":
		width = max(width, 1) // its version byte
	}
	if len(raw) != width {
		return fmt.Errorf("%d bytes for a %s", len(raw), c.base)
	}
	return nil
}

func (c *column) decodeBinary(raw []byte) (value.Value, bool) {
	switch c.base {
	case "bool":
		return len(raw) == 1 && raw[0] == 1, true
	case "int2":
		return int32(int16(binary.BigEndian.Uint16(raw))), true
	case "int4":
		return int32(binary.BigEndian.Uint32(raw)), true
	case "int8":
		return int64(binary.BigEndian.Uint64(raw)), true
	case "float4":
		return single(math.Float32frombits(binary.BigEndian.Uint32(raw))), true
	case "float8":
		return math.Float64frombits(binary.BigEndian.Uint64(raw)), true
	case "uuid":
		return value.UUID(raw), true
	case "bytea":
		return append([]byte(nil), raw...), true
	case "jsonb":
		return value.JSON(raw[1:]), true // after its version byte
	case "timestamptz", "timestamp":
		return instant(int64(binary.BigEndian.Uint64(raw))), true
	}
	return nil, false
}

// single is a float4 as its digits say, which is what devices have: 1.1, not 1.10000002384185791015625.
func single(f float32) float64 {
	v, _ := strconv.ParseFloat(strconv.FormatFloat(float64(f), 'g', -1, 32), 64) // always a number, NaN or an infinity
	return v
}

// instant turns PostgreSQL's microseconds into a time; its infinities have no counterpart.
func instant(us int64) value.Value {
	switch us {
	case math.MaxInt64:
		return value.Opaque{Native: "infinity", Client: "infinity"}
	case math.MinInt64:
		return value.Opaque{Native: "-infinity", Client: "-infinity"}
	}
	return time.Unix(pgEpoch.Unix()+us/1e6, us%1e6*1e3).UTC() // a Duration would end in the year 2292
}

func (c *column) decodeText(text string) (value.Value, error) {
	switch c.base {
	case "bool":
		return text == "t", nil
	case "int2", "int4":
		i, err := strconv.ParseInt(text, 10, 32)
		return int32(i), err
	case "int8":
		return strconv.ParseInt(text, 10, 64)
	case "float4", "float8":
		return strconv.ParseFloat(text, 64)
	case "numeric":
		if text == "NaN" || strings.HasSuffix(text, "Infinity") {
			return value.Opaque{Native: text, Client: text}, nil
		}
		return value.Decimal(text), nil
	case "uuid":
		return uuidOf(text)
	case "json", "jsonb":
		return value.JSON(text), nil
	case "bytea":
		return hex.DecodeString(strings.TrimPrefix(text, `\x`))
	case "timestamptz", "timestamp":
		return timeOf(text)
	}
	return text, nil
}

func uuidOf(text string) (value.Value, error) {
	raw, err := hex.DecodeString(strings.ReplaceAll(text, "-", ""))
	if err != nil || len(raw) != 16 {
		return nil, fmt.Errorf("not a UUID")
	}
	return value.UUID(raw), nil
}

// timeOf reads the ISO forms of the text protocol and of to_json.
func timeOf(text string) (value.Value, error) {
	for _, layout := range []string{"2006-01-02 15:04:05.999999Z07", "2006-01-02 15:04:05.999999Z07:00", "2006-01-02 15:04:05.999999", "2006-01-02T15:04:05.999999Z07:00", "2006-01-02T15:04:05.999999"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC(), nil
		}
	}
	return value.Opaque{Native: text, Client: text}, nil // infinity, years before Christ
}

// list types the elements of an array that was read as JSON.
func (c *column) list(v value.Value) (value.Value, error) {
	list, ok := v.(value.Array)
	if !ok {
		return v, nil
	}
	elem := column{base: elementBase(c.base)}
	for i, e := range list {
		switch e := e.(type) {
		case nil:
		case string:
			typed, err := elem.decodeText(e)
			if err != nil {
				return nil, err
			}
			list[i] = typed
		case value.Number:
			typed, err := elem.decodeText(string(e))
			if err != nil {
				return nil, err
			}
			list[i] = typed
		case value.Array: // more dimensions
			inner, err := c.list(e)
			if err != nil {
				return nil, err
			}
			list[i] = inner
		}
	}
	return list, nil
}

// elementBase is the element type of an array type's name: _int4 is an array of int4.
func elementBase(array string) string { return strings.TrimPrefix(array, "_") }
