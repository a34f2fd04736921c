package devmongo

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"strconv"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// encode writes a document as bson.Marshal does, several times as fast. Values of types that it does
// not know it leaves to the driver's encoder.
func encode(d D) (bson.Raw, error) { return appendDocument(make([]byte, 0, 256), d) }

var errZero = errors.New("a key contains a zero byte")

func appendDocument(b []byte, d D) ([]byte, error) {
	start := len(b)
	b = append(b, 0, 0, 0, 0)
	var err error
	for i := range d {
		if strings.IndexByte(d[i].Key, 0) >= 0 {
			return nil, errZero
		}
		if b, err = appendElement(b, d[i].Key, d[i].Value); err != nil {
			return nil, err
		}
	}
	return closeDocument(b, start), nil
}

func appendArray(b []byte, a A) ([]byte, error) {
	start := len(b)
	b = append(b, 0, 0, 0, 0)
	var err error
	for i, v := range a {
		if b, err = appendElement(b, strconv.Itoa(i), v); err != nil {
			return nil, err
		}
	}
	return closeDocument(b, start), nil
}

func closeDocument(b []byte, start int) []byte {
	b = append(b, 0)
	binary.LittleEndian.PutUint32(b[start:], uint32(len(b)-start))
	return b
}

func appendElement(b []byte, key string, v any) ([]byte, error) {
	at := len(b)
	b = append(b, 0)
	b = append(append(b, key...), 0)
	t := bson.TypeNull
	var err error
	switch x := v.(type) {
	case nil:
	case string:
		t = bson.TypeString
		b = binary.LittleEndian.AppendUint32(b, uint32(len(x)+1))
		b = append(append(b, x...), 0)
	case D:
		t = bson.TypeEmbeddedDocument
		b, err = appendDocument(b, x)
	case A:
		t = bson.TypeArray
		b, err = appendArray(b, x)
	case bson.Raw:
		t = bson.TypeEmbeddedDocument
		b = append(b, x...)
	case bson.Binary:
		if x.Subtype == bson.TypeBinaryBinaryOld {
			return appendRare(b, at, v)
		}
		t = bson.TypeBinary
		b = binary.LittleEndian.AppendUint32(b, uint32(len(x.Data)))
		b = append(append(b, x.Subtype), x.Data...)
	default:
		if t, b = appendFixed(b, v); t == 0 {
			return appendRare(b, at, v)
		}
	}
	if err != nil {
		return nil, err
	}
	b[at] = byte(t)
	return b, nil
}

// appendFixed adds a value of fixed width; the type is 0 when it is none.
func appendFixed(b []byte, v any) (bson.Type, []byte) {
	switch x := v.(type) {
	case bool:
		if x {
			return bson.TypeBoolean, append(b, 1)
		}
		return bson.TypeBoolean, append(b, 0)
	case int32:
		return bson.TypeInt32, binary.LittleEndian.AppendUint32(b, uint32(x))
	case int64:
		return bson.TypeInt64, binary.LittleEndian.AppendUint64(b, uint64(x))
	case float64:
		return bson.TypeDouble, binary.LittleEndian.AppendUint64(b, math.Float64bits(x))
	case bson.DateTime:
		return bson.TypeDateTime, binary.LittleEndian.AppendUint64(b, uint64(x))
	case bson.Timestamp:
		return bson.TypeTimestamp, binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(b, x.I), x.T)
	case bson.ObjectID:
		return bson.TypeObjectID, append(b, x[:]...)
	case bson.Decimal128:
		high, low := x.GetBytes()
		return bson.TypeDecimal128, binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(b, low), high)
	}
	return 0, b
}

func appendRare(b []byte, at int, v any) ([]byte, error) {
	t, data, err := bson.MarshalValue(v)
	if err != nil {
		return nil, err
	}
	b[at] = byte(t)
	return append(b, data...), nil
}

// identical reports that two values have the same bytes, types included.
func identical(a, b any) bool {
	switch x := a.(type) {
	case D:
		y, ok := b.(D)
		if !ok || len(x) != len(y) {
			return false
		}
		for i := range x {
			if x[i].Key != y[i].Key || !identical(x[i].Value, y[i].Value) {
				return false
			}
		}
		return true
	case A:
		y, ok := b.(A)
		if !ok || len(x) != len(y) {
			return false
		}
		for i := range x {
			if !identical(x[i], y[i]) {
				return false
			}
		}
		return true
	case float64:
		y, ok := b.(float64)
		return ok && math.Float64bits(x) == math.Float64bits(y)
	case string:
		y, ok := b.(string)
		return ok && x == y
	case nil, bool, int32, int64, bson.DateTime, bson.ObjectID, bson.Timestamp, bson.Decimal128:
		return a == b
	}
	p, errA := encode(D{{Key: "v", Value: a}})
	q, errB := encode(D{{Key: "v", Value: b}})
	return errA == nil && errB == nil && bytes.Equal(p, q)
}
