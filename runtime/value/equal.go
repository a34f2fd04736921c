package value

import (
	"bytes"
	"math"
	"reflect"
	"time"
)

// Equal reports whether two values are the same to the bit: type, content, member order. NaN equals
// itself; instants are equal whatever their location.
func Equal(a, b Value) bool {
	switch a := a.(type) {
	case nil:
		return b == nil
	case time.Time:
		b, ok := b.(time.Time)
		return ok && a.Equal(b)
	case float64:
		b, ok := b.(float64)
		return ok && math.Float64bits(a) == math.Float64bits(b)
	case []byte:
		b, ok := b.([]byte)
		return ok && bytes.Equal(a, b)
	case Array:
		b, ok := b.(Array)
		return ok && equalLists(a, b)
	case *Object:
		b, ok := b.(*Object)
		return ok && equalObjects(a, b)
	case Opaque:
		b, ok := b.(Opaque)
		return ok && reflect.DeepEqual(a.Native, b.Native)
	case string:
		b, ok := b.(string)
		return ok && a == b
	case bool:
		b, ok := b.(bool)
		return ok && a == b
	case int32:
		b, ok := b.(int32)
		return ok && a == b
	case int64:
		b, ok := b.(int64)
		return ok && a == b
	case Decimal:
		b, ok := b.(Decimal)
		return ok && a == b
	case ObjectID:
		b, ok := b.(ObjectID)
		return ok && a == b
	case UUID:
		b, ok := b.(UUID)
		return ok && a == b
	case JSON:
		b, ok := b.(JSON)
		return ok && a == b
	case Number:
		b, ok := b.(Number)
		return ok && a == b
	}
	return false
}

func equalLists(a, b Array) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !Equal(a[i], b[i]) {
			return false
		}
	}
	return true
}

func equalObjects(a, b *Object) bool {
	if a == nil || b == nil || a == b {
		return a == b
	}
	if len(a.Members) != len(b.Members) {
		return false
	}
	for i := range a.Members {
		if a.Members[i].Name != b.Members[i].Name || !Equal(a.Members[i].Value, b.Members[i].Value) {
			return false
		}
	}
	return true
}
