package postgres

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	"turnkey/runtime/value"
)

// encode writes a value as the text that PostgreSQL casts to the column's type; nil is null.
func (c *column) encode(v value.Value) (*string, error) {
	var text string
	switch v := v.(type) {
	case nil:
		return nil, nil
	case value.Array:
		if c.array {
			literal, err := arrayLiteral(v)
			if err != nil {
				return nil, err
			}
			text = literal
			break
		}
		text = string(value.AppendJSON(nil, v))
	case *value.Object:
		text = string(value.AppendJSON(nil, v))
	default:
		text = c.scalar(v)
	}
	if strings.IndexByte(text, 0) >= 0 {
		return nil, refused("INVALID_DATA", "Text with NUL characters cannot be stored.")
	}
	return &text, nil
}

func (c *column) scalar(v value.Value) string {
	if c.base == "json" || c.base == "jsonb" {
		if text, ok := v.(value.JSON); ok {
			return string(text)
		}
		return string(value.AppendJSON(nil, v))
	}
	switch v := v.(type) {
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case int32:
		return strconv.FormatInt(int64(v), 10)
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	case value.Decimal:
		return string(v)
	case value.Number:
		return string(v)
	case value.JSON:
		return string(v)
	case time.Time:
		return timeText(v)
	case []byte:
		return `\x` + hex.EncodeToString(v)
	case value.Opaque:
		if text, ok := v.Native.(string); ok {
			return text
		}
	}
	return value.FormatID(v)
}

// timeText spells an instant so that every column type takes it: timestamp without a zone ignores
// the zone, and gets UTC. Years have four digits at least: fewer could be a month.
func timeText(t time.Time) string {
	t = t.UTC()
	if y := t.Year(); y <= 0 {
		return fmt.Sprintf("%04d", 1-y) + t.Format("-01-02 15:04:05.999999Z07:00") + " BC"
	}
	return t.Format("2006-01-02 15:04:05.999999Z07:00")
}

// arrayLiteral writes '{"a","b",NULL}'.
func arrayLiteral(list value.Array) (string, error) {
	var b strings.Builder
	b.WriteByte('{')
	for i, e := range list {
		if i > 0 {
			b.WriteByte(',')
		}
		if inner, ok := e.(value.Array); ok {
			text, err := arrayLiteral(inner)
			if err != nil {
				return "", err
			}
			b.WriteString(text)
			continue
		}
		var elem column
		text, err := elem.encode(e)
		if err != nil {
			return "", err
		}
		if text == nil {
			b.WriteString("NULL")
			continue
		}
		b.WriteByte('"')
		for _, r := range *text {
			if r == '"' || r == '\\' {
				b.WriteByte('\\')
			}
			b.WriteRune(r)
		}
		b.WriteByte('"')
	}
	b.WriteByte('}')
	return b.String(), nil
}

// textArray is arrayLiteral for plain text.
func textArray(list []string) string {
	values := make(value.Array, len(list))
	for i, s := range list {
		values[i] = s
	}
	literal, _ := arrayLiteral(values) // fails only for NUL characters, which PostgreSQL would refuse next
	return literal
}

// keyText is a row's id for comparison with the key column.
func keyText(id value.Value) (string, error) {
	text := value.FormatID(id)
	if strings.IndexByte(text, 0) >= 0 {
		return "", refused("INVALID_DATA", "Text with NUL characters cannot be stored.")
	}
	return text, nil
}
