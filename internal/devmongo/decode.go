package devmongo

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// decode reads a document as bson.Unmarshal into a D does, several times as fast: the server spends
// much of its time here. What it does not know, or finds broken, it leaves to the driver's decoder.
func decode(raw []byte) (D, error) {
	d, rest, err := decodeDocument(raw, 0)
	if err == nil && len(rest) == 0 {
		return d, nil
	}
	d = nil
	err = bson.Unmarshal(raw, &d)
	return d, err
}

var errNotPlain = errors.New("not plain BSON")

// maxDepth is how deep documents may nest: MongoDB's limit is 100, replies lie a little deeper.
const maxDepth = 200

// contents checks the frame of a document at the start of b: its length and the final zero.
func contents(b []byte, depth int) (inside, rest []byte, err error) {
	if len(b) < 5 || depth > maxDepth {
		return nil, nil, errNotPlain
	}
	n := binary.LittleEndian.Uint32(b)
	if n < 5 || uint64(n) > uint64(len(b)) || b[n-1] != 0 {
		return nil, nil, errNotPlain
	}
	return b[4 : n-1], b[n:], nil
}

func decodeDocument(b []byte, depth int) (D, []byte, error) {
	in, rest, err := contents(b, depth)
	if err != nil {
		return nil, nil, err
	}
	d := make(D, 0, max(8>>depth, 2)) // commands have many fields, what lies in them few
	for len(in) > 0 {
		var e E
		if e.Key, e.Value, in, err = decodeElement(in, depth); err != nil {
			return nil, nil, err
		}
		d = append(d, e)
	}
	return d, rest, nil
}

func decodeArray(b []byte, depth int) (A, []byte, error) {
	in, rest, err := contents(b, depth)
	if err != nil {
		return nil, nil, err
	}
	a := A{}
	for len(in) > 0 {
		var v any
		if _, v, in, err = decodeElement(in, depth); err != nil {
			return nil, nil, err
		}
		a = append(a, v)
	}
	return a, rest, nil
}

func decodeElement(b []byte, depth int) (key string, v any, rest []byte, err error) {
	end := bytes.IndexByte(b[1:], 0)
	if end < 0 {
		return "", nil, nil, errNotPlain
	}
	v, rest, err = decodeValue(bson.Type(b[0]), b[end+2:], depth)
	return string(b[1 : end+1]), v, rest, err
}

// width is how many bytes a value of fixed width takes; -1: it is of another kind.
func width(t bson.Type) int {
	switch t {
	case bson.TypeNull, bson.TypeUndefined, bson.TypeMinKey, bson.TypeMaxKey:
		return 0
	case bson.TypeBoolean:
		return 1
	case bson.TypeInt32:
		return 4
	case bson.TypeDouble, bson.TypeInt64, bson.TypeDateTime, bson.TypeTimestamp:
		return 8
	case bson.TypeObjectID:
		return 12
	case bson.TypeDecimal128:
		return 16
	}
	return -1
}

func decodeValue(t bson.Type, b []byte, depth int) (any, []byte, error) {
	if n := width(t); n >= 0 {
		if len(b) < n {
			return nil, nil, errNotPlain
		}
		v, err := decodeFixed(t, b)
		return v, b[n:], err
	}
	switch t {
	case bson.TypeEmbeddedDocument:
		return wrap(decodeDocument(b, depth+1))
	case bson.TypeArray:
		return wrap(decodeArray(b, depth+1))
	case bson.TypeString:
		if len(b) < 5 {
			return nil, nil, errNotPlain
		}
		n := binary.LittleEndian.Uint32(b)
		if n < 1 || uint64(n) > uint64(len(b)-4) || b[3+n] != 0 {
			return nil, nil, errNotPlain
		}
		return string(b[4 : 3+n]), b[4+n:], nil
	case bson.TypeBinary:
		if len(b) < 5 {
			return nil, nil, errNotPlain
		}
		n := binary.LittleEndian.Uint32(b)
		if uint64(n) > uint64(len(b)-5) || b[4] == bson.TypeBinaryBinaryOld {
			return nil, nil, errNotPlain
		}
		return bson.Binary{Subtype: b[4], Data: bytes.Clone(b[5 : 5+n])}, b[5+n:], nil
	}
	return nil, nil, errNotPlain
}

// wrap makes nothing, not a typed nil, of a failed document or array.
func wrap[T D | A](v T, rest []byte, err error) (any, []byte, error) {
	if err != nil {
		return nil, nil, err
	}
	return v, rest, nil
}

func decodeFixed(t bson.Type, b []byte) (any, error) {
	switch t {
	case bson.TypeNull:
		return nil, nil
	case bson.TypeUndefined:
		return bson.Undefined{}, nil
	case bson.TypeMinKey:
		return bson.MinKey{}, nil
	case bson.TypeMaxKey:
		return bson.MaxKey{}, nil
	case bson.TypeBoolean:
		if b[0] > 1 {
			return nil, errNotPlain
		}
		return b[0] == 1, nil
	case bson.TypeInt32:
		return int32(binary.LittleEndian.Uint32(b)), nil
	case bson.TypeInt64:
		return int64(binary.LittleEndian.Uint64(b)), nil
	case bson.TypeDateTime:
		return bson.DateTime(binary.LittleEndian.Uint64(b)), nil
	case bson.TypeDouble:
		return math.Float64frombits(binary.LittleEndian.Uint64(b)), nil
	case bson.TypeTimestamp:
		return bson.Timestamp{I: binary.LittleEndian.Uint32(b), T: binary.LittleEndian.Uint32(b[4:])}, nil
	case bson.TypeObjectID:
		return bson.ObjectID(b[:12]), nil
	}
	return bson.NewDecimal128(binary.LittleEndian.Uint64(b[8:]), binary.LittleEndian.Uint64(b)), nil
}
