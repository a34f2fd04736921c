package mongo

import (
	"errors"
	"math"
	"strings"
	"time"
	"unicode/utf8"

	"go.mongodb.org/mongo-driver/v2/bson"

	"turnkey/runtime/value"
)

// native is what this source puts into value.Opaque: the BSON type and bytes as stored, which
// encode writes back unchanged.
type native struct {
	kind bson.Type
	data string
}

var errBSON = errors.New("the server sent a document that is not well formed")

// maxDecodeDepth is beyond what MongoDB stores (100 levels, 180 in places).
const maxDecodeDepth = 256

// decode reads one document. Names and texts are slices of one copy of raw, so the driver's buffer is
// free again and a document costs few allocations.
func decode(raw bson.Raw) (*value.Object, error) {
	d := decoder{s: string(raw)}
	obj, end, err := d.document(0, 0)
	if err == nil && end != len(d.s) {
		err = errBSON
	}
	if err != nil {
		return nil, err
	}
	return obj.object, nil
}

type decoder struct {
	s string
	// members is a stack: a document's members are collected on top, then copied out at exact size.
	members []value.Member
	values  []value.Value
}

// container is a decoded document and whether its names could be written as they are.
type container struct {
	object *value.Object
	plain  bool
}

// bounds checks the length and the terminator of the document or array at i.
func (d *decoder) bounds(i, depth int) (end int, err error) {
	if depth > maxDecodeDepth || i+5 > len(d.s) {
		return 0, errBSON
	}
	n := int(int32(le32(d.s, i)))
	if n < 5 || n > len(d.s)-i || d.s[i+n-1] != 0 {
		return 0, errBSON
	}
	return i + n, nil
}

func (d *decoder) document(i, depth int) (container, int, error) {
	end, err := d.bounds(i, depth)
	if err != nil {
		return container{}, 0, err
	}
	base, plain := len(d.members), true
	for p := i + 4; p < end-1; {
		kind, name, at, err := d.element(p, end)
		if err != nil {
			return container{}, 0, err
		}
		v, next, err := d.value(kind, at, end, depth)
		if err != nil {
			return container{}, 0, err
		}
		plain = plain && plainName(name)
		d.members = append(d.members, value.Member{Name: name, Value: v})
		p = next
	}
	members := append([]value.Member(nil), d.members[base:]...)
	clear(d.members[base:])
	d.members = d.members[:base]
	return container{&value.Object{Members: members}, plain}, end, nil
}

func (d *decoder) array(i, depth int) (value.Array, int, error) {
	end, err := d.bounds(i, depth)
	if err != nil {
		return nil, 0, err
	}
	base := len(d.values)
	for p := i + 4; p < end-1; {
		kind, _, at, err := d.element(p, end)
		if err != nil {
			return nil, 0, err
		}
		v, next, err := d.value(kind, at, end, depth)
		if err != nil {
			return nil, 0, err
		}
		d.values = append(d.values, v)
		p = next
	}
	out := append(value.Array{}, d.values[base:]...)
	clear(d.values[base:])
	d.values = d.values[:base]
	return out, end, nil
}

// element reads type and name at p; at is where the value starts.
func (d *decoder) element(p, end int) (kind bson.Type, name string, at int, err error) {
	n := strings.IndexByte(d.s[p+1:end-1], 0)
	if n < 0 {
		return 0, "", 0, errBSON
	}
	return bson.Type(d.s[p]), d.s[p+1 : p+1+n], p + 2 + n, nil
}

// value reads the value at i; next is where it ends.
func (d *decoder) value(kind bson.Type, i, end, depth int) (v value.Value, next int, err error) {
	switch kind {
	case bson.TypeEmbeddedDocument:
		c, next, err := d.document(i, depth+1)
		if err != nil || next > end-1 {
			return nil, 0, errors.Join(errBSON, err)
		}
		if !c.plain { // a DBRef, or dotted names: kept whole, never edited
			return value.Opaque{Native: native{kind, d.s[i:next]}, Client: c.object}, next, nil
		}
		return c.object, next, nil
	case bson.TypeArray:
		a, next, err := d.array(i, depth+1)
		if err != nil || next > end-1 {
			return nil, 0, errors.Join(errBSON, err)
		}
		return a, next, nil
	}
	size, err := sizeOf(kind, d.s, i)
	if err != nil || size > end-1-i {
		return nil, 0, errBSON
	}
	return d.scalar(kind, i, i+size), i + size, nil
}

// scalar reads a value without parts, whose bytes are known to be there.
func (d *decoder) scalar(kind bson.Type, i, next int) value.Value {
	s := d.s
	opaque := func(client value.Value) value.Value {
		return value.Opaque{Native: native{kind, s[i:next]}, Client: client}
	}
	switch kind {
	case bson.TypeDouble:
		return math.Float64frombits(le64(s, i))
	case bson.TypeString:
		text := s[i+4 : next-1]
		if !utf8.ValidString(text) {
			return opaque(strings.ToValidUTF8(text, "\uFFFD"))
		}
		return text
	case bson.TypeBinary:
		data := s[i+5 : next]
		switch {
		case s[i+4] == bson.TypeBinaryUUID && len(data) == 16:
			return value.UUID([]byte(data))
		case s[i+4] == bson.TypeBinaryGeneric:
			return []byte(data)
		}
		return opaque([]byte(data))
	case bson.TypeObjectID:
		return value.ObjectID([]byte(s[i:next]))
	case bson.TypeBoolean:
		return s[i] != 0
	case bson.TypeDateTime:
		return time.UnixMilli(int64(le64(s, i))).UTC()
	case bson.TypeNull:
		return nil
	case bson.TypeInt32:
		return int32(le32(s, i))
	case bson.TypeInt64:
		return int64(le64(s, i))
	case bson.TypeDecimal128:
		h, l := le64(s, i+8), le64(s, i)
		dec := bson.NewDecimal128(h, l)
		text := dec.String()
		if back, err := bson.ParseDecimal128(text); err != nil || back != dec || dec.IsNaN() || dec.IsInf() != 0 {
			return opaque(text)
		}
		return value.Decimal(text)
	case bson.TypeTimestamp:
		return opaque(int64(le64(s, i)))
	case bson.TypeSymbol:
		return opaque(strings.ToValidUTF8(s[i+4:next-1], "\uFFFD"))
	case bson.TypeRegex:
		pattern, options, _ := strings.Cut(s[i:next-1], "\x00")
		return opaque(object("pattern", pattern, "options", options))
	case bson.TypeJavaScript:
		return opaque(object("code", s[i+4:next-1]))
	}
	return opaque(nil) // undefined, min key, max key, DBPointer, code with scope
}

func object(pairs ...string) *value.Object {
	o := &value.Object{}
	for i := 0; i < len(pairs); i += 2 {
		o.Set(pairs[i], pairs[i+1])
	}
	return o
}

// sizeOf is the length of the value of that type at i.
func sizeOf(kind bson.Type, s string, i int) (int, error) {
	// prefixed: an int32 length, then that many bytes and more.
	prefixed := func(more, least int) (int, error) {
		if i+4 > len(s) {
			return 0, errBSON
		}
		n := int(int32(le32(s, i)))
		if n < least || n > len(s) {
			return 0, errBSON
		}
		return n + more, nil
	}
	fixed := func(n int) (int, error) {
		if i+n > len(s) {
			return 0, errBSON
		}
		return n, nil
	}
	switch kind {
	case bson.TypeNull, bson.TypeUndefined, bson.TypeMinKey, bson.TypeMaxKey:
		return 0, nil
	case bson.TypeBoolean:
		return fixed(1)
	case bson.TypeInt32:
		return fixed(4)
	case bson.TypeDouble, bson.TypeDateTime, bson.TypeTimestamp, bson.TypeInt64:
		return fixed(8)
	case bson.TypeObjectID:
		return fixed(12)
	case bson.TypeDecimal128:
		return fixed(16)
	case bson.TypeString, bson.TypeSymbol, bson.TypeJavaScript:
		return prefixed(4, 1)
	case bson.TypeBinary:
		return prefixed(5, 0)
	case bson.TypeDBPointer:
		return prefixed(16, 1)
	case bson.TypeCodeWithScope, bson.TypeEmbeddedDocument, bson.TypeArray:
		return prefixed(0, 5)
	case bson.TypeRegex:
		a := strings.IndexByte(s[i:], 0)
		if a < 0 {
			return 0, errBSON
		}
		b := strings.IndexByte(s[i+a+1:], 0)
		if b < 0 {
			return 0, errBSON
		}
		return a + b + 2, nil
	}
	return 0, errBSON
}

func le32(s string, i int) uint32 {
	return uint32(s[i]) | uint32(s[i+1])<<8 | uint32(s[i+2])<<16 | uint32(s[i+3])<<24
}

func le64(s string, i int) uint64 { return uint64(le32(s, i)) | uint64(le32(s, i+4))<<32 }

// plainName says whether a member's name can be written by name: no operator, no path, valid text.
func plainName(name string) bool {
	return name != "" && name[0] != '$' && strings.IndexByte(name, '.') < 0 && strings.IndexByte(name, 0) < 0 && utf8.ValidString(name)
}
