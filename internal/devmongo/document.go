package devmongo

import (
	"strconv"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
)

type D = bson.D

type E = bson.E

type A = bson.A

type missing struct{}

// get a top-level field.
func get(d D, k string) (any, bool) {
	for i := range d {
		if d[i].Key == k {
			return d[i].Value, true
		}
	}
	return nil, false
}

func val(d D, k string) any { v, _ := get(d, k); return v }

func str(d D, k string) string { s, _ := val(d, k).(string); return s }

func doc(d D, k string) D { s, _ := val(d, k).(D); return s }

func arr(d D, k string) A { s, _ := val(d, k).(A); return s }

func num(d D, k string) int64 { f, _ := toF(val(d, k)); return int64(f) }

func truthy(v any) bool {
	switch x := v.(type) {
	case nil, missing:
		return false
	case bool:
		return x
	}
	if f, ok := toF(v); ok {
		return f != 0
	}
	return true
}

func toI(v any) int64 {
	switch x := v.(type) {
	case int32:
		return int64(x)
	case int64:
		return x
	}
	f, _ := toF(v)
	return int64(f)
}

func set(d D, k string, v any) D {
	for i := range d {
		if d[i].Key == k {
			out := append(D(nil), d...)
			out[i].Value = v
			return out
		}
	}
	return append(append(make(D, 0, len(d)+1), d...), E{Key: k, Value: v})
}

func unset(d D, k string) D {
	out := make(D, 0, len(d))
	for _, e := range d {
		if e.Key != k {
			out = append(out, e)
		}
	}
	return out
}

func at(d D, path string) (any, bool) {
	var v any = d
	for _, p := range strings.Split(path, ".") {
		switch c := v.(type) {
		case D:
			x, ok := get(c, p)
			if !ok {
				return nil, false
			}
			v = x
		case A:
			i, err := strconv.Atoi(p)
			if err != nil || i < 0 || i >= len(c) {
				return nil, false
			}
			v = c[i]
		default:
			return nil, false
		}
	}
	return v, true
}
