package devmongo

import (
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"
)

var typeNames = map[string]func(any) bool{
	"double": func(x any) bool { _, ok := x.(float64); return ok }, "string": func(x any) bool { _, ok := x.(string); return ok },
	"object": func(x any) bool { _, ok := x.(D); return ok }, "array": func(x any) bool { _, ok := x.(A); return ok },
	"binData": func(x any) bool { _, ok := x.(bson.Binary); return ok }, "objectId": func(x any) bool { _, ok := x.(bson.ObjectID); return ok },
	"bool": func(x any) bool { _, ok := x.(bool); return ok }, "date": func(x any) bool { _, ok := x.(bson.DateTime); return ok },
	"null": func(x any) bool { return x == nil }, "int": func(x any) bool { _, ok := x.(int32); return ok },
	"long": func(x any) bool { _, ok := x.(int64); return ok }, "decimal": func(x any) bool { _, ok := x.(bson.Decimal128); return ok },
	"timestamp": func(x any) bool { _, ok := x.(bson.Timestamp); return ok }, "number": func(x any) bool { _, ok := toF(x); return ok },
}

var typeNumbers = map[int]string{1: "double", 2: "string", 3: "object", 4: "array", 5: "binData", 7: "objectId", 8: "bool", 9: "date", 10: "null", 16: "int", 17: "timestamp", 18: "long", 19: "decimal"}

func typeIs(x, t any) bool {
	switch v := t.(type) {
	case A:
		for _, e := range v {
			if typeIs(x, e) {
				return true
			}
		}
		return false
	case string:
		f := typeNames[v]
		return f != nil && f(x)
	}
	n, _ := toF(t)
	f := typeNames[typeNumbers[int(n)]]
	return f != nil && f(x)
}

// schemaLacks refuses the keywords that schemaOK would pass over.
func schemaLacks(s D) error {
	for _, e := range s {
		switch e.Key {
		case "bsonType", "enum", "minimum", "maximum", "minLength", "maxLength", "pattern", "required", "title", "description":
		case "additionalProperties":
			if _, ok := e.Value.(bool); !ok {
				return lacking("$jsonSchema with a schema of additionalProperties")
			}
		case "items":
			d, _ := e.Value.(D)
			if err := schemaLacks(d); err != nil {
				return err
			}
		case "properties":
			props, _ := e.Value.(D)
			for _, p := range props {
				d, _ := p.Value.(D)
				if err := schemaLacks(d); err != nil {
					return err
				}
			}
		default:
			return lacking("$jsonSchema with " + e.Key)
		}
	}
	return nil
}

// schemaOK checks the commonly used part of $jsonSchema.
func schemaOK(v any, s D) bool {
	if t, ok := get(s, "bsonType"); ok && !typeIs(v, t) {
		return false
	}
	if e := arr(s, "enum"); e != nil {
		found := false
		for _, x := range e {
			found = found || cmp(x, v) == 0
		}
		if !found {
			return false
		}
	}
	if f, ok := toF(v); ok {
		if m, ok := toF(val(s, "minimum")); ok && f < m {
			return false
		}
		if m, ok := toF(val(s, "maximum")); ok && f > m {
			return false
		}
	}
	if t, ok := v.(string); ok {
		if m, ok := toF(val(s, "maxLength")); ok && len([]rune(t)) > int(m) {
			return false
		}
		if m, ok := toF(val(s, "minLength")); ok && len([]rune(t)) < int(m) {
			return false
		}
		if p := str(s, "pattern"); p != "" && !reMatch(bson.Regex{Pattern: p}, t) {
			return false
		}
	}
	if d, ok := v.(D); ok {
		for _, r := range arr(s, "required") {
			if _, ok := get(d, fmt.Sprint(r)); !ok {
				return false
			}
		}
		props := doc(s, "properties")
		for _, e := range d {
			if p, ok := val(props, e.Key).(D); ok {
				if !schemaOK(e.Value, p) {
					return false
				}
			} else if ap, ok := val(s, "additionalProperties").(bool); ok && !ap {
				return false
			}
		}
	}
	if a, ok := v.(A); ok {
		if it, ok := val(s, "items").(D); ok {
			for _, e := range a {
				if !schemaOK(e, it) {
					return false
				}
			}
		}
	}
	return true
}
