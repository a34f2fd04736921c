package typescript

import (
	"maps"
	"slices"
	"strings"

	"turnkey/runtime/bundle"
)

// anyMember leaves an object open.
const anyMember = "[field: string]: any;"

// typeDocs say of a declared type how hooks see its values.
var typeDocs = map[bundle.TypeName]string{
	bundle.TypeObjectID: "An ObjectId, as 24 hexadecimal digits.",
	bundle.TypeUUID:     "A UUID.",
	bundle.TypeInt64:    "A whole number; text beyond Number.MAX_SAFE_INTEGER.",
	bundle.TypeDecimal:  "A decimal number, as text.",
	bundle.TypeDate:     "A date: ISO 8601 text in UTC.",
	bundle.TypeBinary:   "Bytes, as base64.",
}

// scalar is how hooks see a value of a type that holds no others.
func scalar(t bundle.TypeName) string {
	switch t {
	case bundle.TypeString, bundle.TypeObjectID, bundle.TypeUUID, bundle.TypeDecimal, bundle.TypeDate, bundle.TypeBinary:
		return "string"
	case bundle.TypeInt32, bundle.TypeInt64, bundle.TypeDouble:
		return "number"
	case bundle.TypeBool:
		return "boolean"
	case bundle.TypeJSON, bundle.TypeArray, bundle.TypeObject:
	}
	return "any"
}

// typed is a declared type; one that is not declared is anything.
func typed(t bundle.Type) string {
	switch t.Name {
	case bundle.TypeArray:
		if t.Elem == nil {
			return "any[]"
		}
		return typed(*t.Elem) + "[]"
	case bundle.TypeObject:
		parts := make([]string, 0, len(t.Fields)+1)
		for _, name := range slices.Sorted(maps.Keys(t.Fields)) {
			parts = append(parts, member(name)+"?: "+orNull(typed(t.Fields[name])))
		}
		return object(append(parts, strings.TrimSuffix(anyMember, ";")))
	default:
		return scalar(t.Name)
	}
}

func object(parts []string) string {
	if len(parts) == 0 {
		return "{}"
	}
	return "{ " + strings.Join(parts, "; ") + " }"
}

// orNull: any takes null by itself.
func orNull(t string) string {
	if t == "any" {
		return t
	}
	return t + " | null"
}
