package value

import (
	"encoding/hex"
	"strconv"
	"strings"

	"turnkey/runtime/bundle"
)

// ParseID types a row's id, which clients always send as text. Kinds are string, objectid, uuid and
// int64; anything but the exact form is a *TypeError.
func ParseID(kind bundle.TypeName, s string) (Value, error) {
	switch kind {
	case bundle.TypeObjectID:
		return errOrNil(newObjectID(s))
	case bundle.TypeUUID:
		return errOrNil(newUUID(s))
	case bundle.TypeInt64:
		i, err := strconv.ParseInt(s, 10, 64)
		if err != nil || strconv.FormatInt(i, 10) != s {
			return nil, invalid("int64", "The id is not a whole number of 64 bits.").
				hint("This table's ids are int64: digits without leading zeros.")
		}
		return i, nil
	}
	if s == "" {
		return nil, invalid("string", "The id is empty.")
	}
	if strings.IndexByte(s, 0) >= 0 { // PostgreSQL cannot hold it, and nobody means it
		return nil, invalid("string", "The id has a NUL character.")
	}
	return s, nil
}

// errOrNil keeps a nil *TypeError from becoming a non-nil error.
func errOrNil(v Value, e *TypeError) (Value, error) {
	if e != nil {
		return nil, e
	}
	return v, nil
}

func newObjectID(s string) (Value, *TypeError) {
	if id, ok := parseObjectID(s); ok {
		return id, nil
	}
	if _, ok := parseUUID(s); ok {
		return nil, invalid("objectid", "A UUID was sent where an ObjectId belongs.").
			hint("Make new ids on the device with objectId() instead of uuid(): 24 hexadecimal digits; or declare the type uuid or string.")
	}
	return nil, invalid("objectid", "The text is not an ObjectId: 24 hexadecimal digits.").
		hint("Make new ids on the device with objectId().")
}

func newUUID(s string) (Value, *TypeError) {
	if id, ok := parseUUID(s); ok {
		return id, nil
	}
	if _, ok := parseObjectID(s); ok {
		return nil, invalid("uuid", "An ObjectId was sent where a UUID belongs.").
			hint("Make new ids on the device with uuid(), or declare the type objectid.")
	}
	return nil, invalid("uuid", "The text is not a UUID: 8-4-4-4-12 hexadecimal digits.")
}

func parseObjectID(s string) (id ObjectID, ok bool) {
	if len(s) != 24 {
		return id, false
	}
	for i := range id {
		hi, lo := nibble(s[2*i]), nibble(s[2*i+1])
		if hi|lo > 15 {
			return id, false
		}
		id[i] = hi<<4 | lo
	}
	return id, true
}

func parseUUID(s string) (id UUID, ok bool) {
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return id, false
	}
	at := 0
	for i := range id {
		if s[at] == '-' {
			at++
		}
		hi, lo := nibble(s[at]), nibble(s[at+1])
		if hi|lo > 15 {
			return id, false
		}
		id[i] = hi<<4 | lo
		at += 2
	}
	return id, true
}

// nibble gives 0..15, or 255 for what is no hexadecimal digit.
func nibble(c byte) byte {
	switch {
	case c >= '0' && c <= '9':
		return c - '0'
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10
	}
	return 255
}

// String is 24 lower-case hexadecimal digits.
func (id ObjectID) String() string {
	var buf [24]byte
	hex.Encode(buf[:], id[:])
	return string(buf[:])
}

// String is the canonical lower-case form with dashes.
func (id UUID) String() string {
	var buf [36]byte
	return string(id.append(buf[:0]))
}

func (id UUID) append(dst []byte) []byte {
	for i, part := range [5][]byte{id[:4], id[4:6], id[6:8], id[8:10], id[10:]} {
		if i > 0 {
			dst = append(dst, '-')
		}
		dst = hex.AppendEncode(dst, part)
	}
	return dst
}

// FormatID writes a scalar as clients spell ids: text as it is, ObjectIds and UUIDs in lower-case
// hexadecimal digits, numbers in decimal, booleans as 1 and 0. Null is empty; lists, objects and
// binary are JSON text.
func FormatID(v Value) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case ObjectID:
		return v.String()
	case UUID:
		return v.String()
	case int32:
		return strconv.FormatInt(int64(v), 10)
	case int64:
		return strconv.FormatInt(v, 10)
	case Number:
		return string(v)
	}
	return strings.Trim(string(appendJSON(nil, v, true)), `"`)
}
