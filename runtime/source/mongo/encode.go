package mongo

import (
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"go.mongodb.org/mongo-driver/v2/bson"

	"turnkey/runtime/source"
	"turnkey/runtime/value"
)

// What replication to devices cannot carry is refused on its way in: PowerSync's service empties
// rows over 15 MB and stops at deeper nesting and at dates that JavaScript does not know.
const (
	maxDepth    = 20
	maxDocument = 15 << 20
	maxDateMS   = int64(8_640_000_000_000_000)
)

func invalid(message string) *source.Failure {
	return &source.Failure{Class: source.Refused, Code: "INVALID_DATA", Message: message, Change: -1}
}

// appendDocument writes a document whose first member is _id.
func appendDocument(b []byte, id value.Value, doc *value.Object) ([]byte, error) {
	start := len(b)
	b = append(b, 0, 0, 0, 0)
	b, err := appendID(b, "_id", id)
	if err != nil {
		return b, err
	}
	if doc != nil {
		for i := range doc.Members {
			m := &doc.Members[i]
			if m.Name == "_id" {
				continue
			}
			if b, err = appendMember(b, m.Name, m.Value, 1); err != nil {
				return b, err
			}
		}
	}
	b = closeDocument(b, start)
	if len(b)-start > maxDocument {
		return b, tooLarge(nil)
	}
	return b, nil
}

// appendID writes a row's key: of the four types that a table may have, and nothing that a filter
// could read as an operator.
func appendID(b []byte, name string, id value.Value) ([]byte, error) {
	switch id.(type) {
	case string, value.ObjectID, value.UUID, int32, int64:
		return appendElement(b, name, id, 0)
	}
	return b, invalid("The row's id has a type that ids cannot have.")
}

// appendMember writes a member of a document under its own name.
func appendMember(b []byte, name string, v value.Value, depth int) ([]byte, error) {
	if !plainName(name) {
		return b, invalid("A field's name is empty, starts with $, or contains a dot or a NUL.")
	}
	return appendElement(b, name, v, depth)
}

// appendElement writes one element; name was checked or is ours. depth counts the containers around
// v, the document itself not counted.
func appendElement(b []byte, name string, v value.Value, depth int) ([]byte, error) {
	at := len(b)
	b = append(append(append(b, 0), name...), 0)
	kind := bson.Type(0)
	switch v := v.(type) {
	case nil:
		kind = bson.TypeNull
	case string:
		kind = bson.TypeString
		return appendText(b, at, kind, v)
	case bool:
		kind = bson.TypeBoolean
		if v {
			b = append(b, 1)
		} else {
			b = append(b, 0)
		}
	case int32:
		kind = bson.TypeInt32
		b = binary.LittleEndian.AppendUint32(b, uint32(v))
	case int64:
		kind = bson.TypeInt64
		b = binary.LittleEndian.AppendUint64(b, uint64(v))
	case float64:
		kind = bson.TypeDouble
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
	case value.Decimal:
		dec, err := bson.ParseDecimal128(string(v))
		if err != nil {
			return b, invalid("A decimal has more digits than MongoDB can keep.")
		}
		h, l := dec.GetBytes()
		kind = bson.TypeDecimal128
		b = binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(b, l), h)
	case time.Time:
		if y := v.Year(); y > 290_000 || y < -290_000 || v.UnixMilli() > maxDateMS || v.UnixMilli() < -maxDateMS {
			return b, invalid("A date is out of the range that devices know.")
		}
		kind = bson.TypeDateTime
		b = binary.LittleEndian.AppendUint64(b, uint64(v.UnixMilli()))
	case value.ObjectID:
		kind = bson.TypeObjectID
		b = append(b, v[:]...)
	case value.UUID:
		kind = bson.TypeBinary
		b = append(append(b, 16, 0, 0, 0, bson.TypeBinaryUUID), v[:]...)
	case []byte:
		kind = bson.TypeBinary
		b = append(binary.LittleEndian.AppendUint32(b, uint32(len(v))), bson.TypeBinaryGeneric)
		b = append(b, v...)
	case value.JSON:
		return appendText(b, at, bson.TypeString, string(v))
	case value.Array:
		return appendArray(b, at, v, depth+1)
	case *value.Object:
		return appendObject(b, at, v, depth+1)
	case value.Opaque:
		n, ok := v.Native.(native)
		if !ok {
			return b, invalid("A value of another database cannot be stored.")
		}
		kind = n.kind
		b = append(b, n.data...)
	default:
		return b, invalid(fmt.Sprintf("A value of type %T cannot be stored.", v))
	}
	b[at] = byte(kind)
	return b, nil
}

func appendText(b []byte, at int, kind bson.Type, text string) ([]byte, error) {
	if !utf8.ValidString(text) {
		return b, invalid("A text is not valid UTF-8.")
	}
	b[at] = byte(kind)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(text)+1))
	return append(append(b, text...), 0), nil
}

func appendArray(b []byte, at int, a value.Array, depth int) ([]byte, error) {
	if depth > maxDepth {
		return b, tooDeep()
	}
	b[at] = byte(bson.TypeArray)
	start := len(b)
	b = append(b, 0, 0, 0, 0)
	var err error
	for i, v := range a {
		if b, err = appendElement(b, strconv.Itoa(i), v, depth); err != nil {
			return b, err
		}
	}
	return closeDocument(b, start), nil
}

func appendObject(b []byte, at int, o *value.Object, depth int) ([]byte, error) {
	if depth > maxDepth {
		return b, tooDeep()
	}
	if o == nil { // a typed nil would be an empty document
		b[at] = byte(bson.TypeNull)
		return b, nil
	}
	b[at] = byte(bson.TypeEmbeddedDocument)
	start := len(b)
	b = append(b, 0, 0, 0, 0)
	var err error
	for i := range o.Members {
		if b, err = appendMember(b, o.Members[i].Name, o.Members[i].Value, depth); err != nil {
			return b, err
		}
	}
	return closeDocument(b, start), nil
}

// closeDocument ends the document that starts at start.
func closeDocument(b []byte, start int) []byte {
	b = append(b, 0)
	binary.LittleEndian.PutUint32(b[start:], uint32(len(b)-start))
	return b
}

// joinPath checks a leaf's path and joins it as the update operators want it.
func joinPath(path []string) (string, error) {
	if len(path) == 0 || path[0] == "_id" {
		return "", invalid("A row's id cannot change.")
	}
	if len(path) > maxDepth {
		return "", tooDeep()
	}
	for _, name := range path {
		if !plainName(name) {
			return "", invalid("A field's name is empty, starts with $, or contains a dot or a NUL.")
		}
	}
	if len(path) == 1 {
		return path[0], nil
	}
	return strings.Join(path, "."), nil
}

func tooDeep() *source.Failure {
	return invalid("A value is nested more than " + strconv.Itoa(maxDepth) + " levels deep, which cannot be synced.")
}

func tooLarge(err error) *source.Failure {
	return &source.Failure{Class: source.Refused, Code: "PAYLOAD_TOO_LARGE", Message: "The row would be larger than 15 MB.", Change: -1, Err: err}
}
