package rule

import (
	"encoding/json"
	"reflect"
	"strconv"
	"time"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"

	"turnkey/runtime/value"
)

// toCEL gives a stored value its client-friendly form.
func toCEL(v value.Value) ref.Val {
	switch v := v.(type) {
	case nil:
		return types.NullValue
	case string:
		return types.String(v)
	case bool:
		return types.Bool(v)
	case int32:
		return types.Int(v)
	case int64:
		return types.Int(v)
	case float64:
		return types.Double(v)
	case time.Time:
		return types.Timestamp{Time: v}
	case value.Decimal:
		return types.String(v)
	case value.ObjectID, value.UUID:
		return types.String(value.FormatID(v))
	case []byte:
		return types.Bytes(v)
	case value.Array:
		list := make([]ref.Val, len(v))
		for i := range v {
			list[i] = toCEL(v[i])
		}
		return types.NewRefValList(types.DefaultTypeAdapter, list)
	case *value.Object:
		return &object{doc: v}
	case value.JSON:
		parsed, err := value.DecodeJSON([]byte(v))
		if err != nil {
			return types.WrapErr(err)
		}
		return toCEL(parsed)
	case value.Number:
		return number(string(v))
	case value.Opaque:
		return toCEL(v.Client)
	}
	return types.NewErr("a value of type %T cannot be used in a rule", v)
}

func number(text string) ref.Val {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return types.Int(n)
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return types.WrapErr(err)
	}
	return types.Double(f)
}

// object shows a row or a nested object to CEL as a map, without copying it.
type object struct {
	doc      *value.Object
	declared map[string]bool    // names that are null when absent
	parsed   map[string]ref.Val // columns of JSON text, once they were asked for
}

var _ traits.Mapper = (*object)(nil)

// Find implements traits.Mapper.
func (o *object) Find(key ref.Val) (ref.Val, bool) {
	name, ok := key.(types.String)
	if !ok {
		return nil, false
	}
	if v, ok := o.doc.Get(string(name)); ok {
		return o.member(string(name), v), true
	}
	if o.declared[string(name)] {
		return types.NullValue, true
	}
	return nil, false
}

func (o *object) member(name string, v value.Value) ref.Val {
	if _, text := v.(value.JSON); !text {
		return toCEL(v)
	}
	if seen, ok := o.parsed[name]; ok {
		return seen
	}
	if o.parsed == nil {
		o.parsed = make(map[string]ref.Val)
	}
	o.parsed[name] = toCEL(v)
	return o.parsed[name]
}

// Get implements traits.Indexer.
func (o *object) Get(key ref.Val) ref.Val {
	if v, ok := o.Find(key); ok {
		return v
	}
	return types.NewErr("no such key: %v", key)
}

// Contains implements traits.Container: `"x" in old` asks what is stored, not what is declared.
func (o *object) Contains(key ref.Val) ref.Val {
	name, ok := key.(types.String)
	if !ok {
		return types.False
	}
	_, ok = o.doc.Get(string(name))
	return types.Bool(ok)
}

// native copies into an ordinary CEL map, for the rare operations on whole objects.
func (o *object) native() traits.Mapper {
	m := make(map[ref.Val]ref.Val, len(o.doc.Members))
	for _, member := range o.doc.Members {
		m[types.String(member.Name)] = toCEL(member.Value)
	}
	return types.NewRefValMap(types.DefaultTypeAdapter, m)
}

// Size implements traits.Sizer.
func (o *object) Size() ref.Val { return types.Int(len(o.doc.Members)) }

// Iterator implements traits.Iterable.
func (o *object) Iterator() traits.Iterator { return o.native().Iterator() }

// Equal implements ref.Val.
func (o *object) Equal(other ref.Val) ref.Val {
	if x, ok := other.(*object); ok {
		other = x.native()
	}
	return o.native().Equal(other)
}

// ConvertToNative implements ref.Val.
func (o *object) ConvertToNative(t reflect.Type) (any, error) { return o.native().ConvertToNative(t) }

// ConvertToType implements ref.Val.
func (o *object) ConvertToType(t ref.Type) ref.Val {
	if t == types.MapType {
		return o
	}
	return o.native().ConvertToType(t)
}

// Type implements ref.Val.
func (*object) Type() ref.Type { return types.MapType }

// Value implements ref.Val.
func (o *object) Value() any { return o.native().Value() }

// user shows {id, claims, provider}.
type user struct{ *User }

var _ traits.Mapper = (*user)(nil)

// Find implements traits.Mapper.
func (u *user) Find(key ref.Val) (ref.Val, bool) {
	switch key {
	case types.String("id"):
		return types.String(u.ID), true
	case types.String("provider"):
		return types.String(u.Provider), true
	case types.String("claims"):
		return claimsToCEL(u.Claims), true
	}
	return nil, false
}

// Get implements traits.Indexer.
func (u *user) Get(key ref.Val) ref.Val {
	if v, ok := u.Find(key); ok {
		return v
	}
	return types.NewErr("no such key: %v", key)
}

func (u *user) native() traits.Mapper {
	return types.NewRefValMap(types.DefaultTypeAdapter, map[ref.Val]ref.Val{
		types.String("id"): types.String(u.ID), types.String("provider"): types.String(u.Provider), types.String("claims"): claimsToCEL(u.Claims),
	})
}

// Contains implements traits.Container.
func (u *user) Contains(key ref.Val) ref.Val { return u.native().Contains(key) }

// Size implements traits.Sizer.
func (*user) Size() ref.Val { return types.Int(3) }

// Iterator implements traits.Iterable.
func (u *user) Iterator() traits.Iterator { return u.native().Iterator() }

// Equal implements ref.Val.
func (u *user) Equal(other ref.Val) ref.Val {
	if x, ok := other.(*user); ok {
		other = x.native()
	}
	return u.native().Equal(other)
}

// ConvertToNative implements ref.Val.
func (u *user) ConvertToNative(t reflect.Type) (any, error) { return u.native().ConvertToNative(t) }

// ConvertToType implements ref.Val.
func (u *user) ConvertToType(t ref.Type) ref.Val {
	if t == types.MapType {
		return u
	}
	return u.native().ConvertToType(t)
}

// Type implements ref.Val.
func (*user) Type() ref.Type { return types.MapType }

// Value implements ref.Val.
func (u *user) Value() any { return u.native().Value() }

// claimsToCEL shows JSON claims: numbers that are whole are integers.
func claimsToCEL(v any) ref.Val {
	switch v := v.(type) {
	case nil:
		return types.NullValue
	case map[string]any:
		m := make(map[ref.Val]ref.Val, len(v))
		for k, e := range v {
			m[types.String(k)] = claimsToCEL(e)
		}
		return types.NewRefValMap(types.DefaultTypeAdapter, m)
	case []any:
		list := make([]ref.Val, len(v))
		for i := range v {
			list[i] = claimsToCEL(v[i])
		}
		return types.NewRefValList(types.DefaultTypeAdapter, list)
	case json.Number:
		return number(string(v))
	case float64:
		if n := int64(v); float64(n) == v {
			return types.Int(n)
		}
		return types.Double(v)
	}
	return types.DefaultTypeAdapter.NativeToValue(v)
}
