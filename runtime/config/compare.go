package config

import (
	"fmt"

	"turnkey/runtime/bundle"
	"turnkey/runtime/rule"
)

// comparisons warns of fields that a rule compares with what they can never equal: CEL answers no, and nobody
// would find out why every write is refused.
func (r *reader) comparisons(at string, compiled *rule.Rule, t *bundle.Table) {
	types := map[string]bundle.TypeName{t.Key: t.ID}
	for _, f := range t.Fields {
		types[f.Path] = f.Type.Name
	}
	for _, c := range compiled.Comparisons() {
		name := types[c.Field]
		is, known := kindOf(name)
		if !known || is == c.With {
			continue
		}
		other := string(c.With)
		if c.User {
			other = "user.id, which is text"
		}
		r.warn(at, "never_equal", fmt.Sprintf("%s.%s is declared %s, and compared with %s: they are never equal.", c.Row, c.Field, name, other), remedy(c, name))
	}
}

// kindOf is what rules see of a type. False: a type that may be anything, or one that has no constants.
func kindOf(name bundle.TypeName) (rule.Kind, bool) {
	switch name {
	case bundle.TypeString, bundle.TypeObjectID, bundle.TypeUUID, bundle.TypeDecimal:
		return rule.Text, true
	case bundle.TypeInt32, bundle.TypeInt64, bundle.TypeDouble:
		return rule.Number, true
	case bundle.TypeBool:
		return rule.Boolean, true
	case bundle.TypeDate:
		return "a time", true
	}
	return "", false
}

func remedy(c rule.Comparison, name bundle.TypeName) string {
	field := c.Row + "." + c.Field
	switch {
	case c.User && name != bundle.TypeDate && name != bundle.TypeBool:
		return "Write string(" + field + ") == user.id."
	case name == bundle.TypeDate && c.With == rule.Text:
		return "Write timestamp(\"2026-01-31T00:00:00Z\") with the time, in UTC."
	case name == bundle.TypeBool:
		return "In rules it is true or false, also where devices send 1 and 0."
	case name == bundle.TypeDecimal:
		return "Decimals are text in rules: write double(" + field + ") to compare numbers."
	}
	return ""
}
