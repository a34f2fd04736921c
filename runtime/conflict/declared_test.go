package conflict_test

import (
	"testing"

	"turnkey/runtime/bundle"
	"turnkey/runtime/conflict"
	"turnkey/runtime/value"
)

// TestTextsOfOneValueInJSON: what is declared inside a list or an object is compared as declared, and stored as it was.
func TestTextsOfOneValueInJSON(t *testing.T) {
	list := bundle.Type{Name: bundle.TypeArray, Elem: &bundle.Type{Name: bundle.TypeDecimal}}
	lines := bundle.Type{Name: bundle.TypeArray, Elem: &bundle.Type{Name: bundle.TypeObject, Fields: map[string]bundle.Type{
		"id": {Name: bundle.TypeUUID}, "price": {Name: bundle.TypeDecimal}, "due": {Name: bundle.TypeDate}, "note": {Name: bundle.TypeString},
	}}}
	money := bundle.Type{Name: bundle.TypeObject, Fields: map[string]bundle.Type{"net": {Name: bundle.TypeDecimal}, "more": lines}}
	texts := bundle.Type{Name: bundle.TypeArray, Elem: &bundle.Type{Name: bundle.TypeString}}
	const id, upper = `"0190a6b0-0000-7000-8000-00000000000a"`, `"0190A6B0-0000-7000-8000-00000000000A"`
	for name, c := range map[string]struct {
		policy                   bundle.MergePolicy
		declared                 bundle.Type
		base, stored, sent, want string
		outcome                  conflict.Outcome
	}{
		"append: the same decimal is not added twice": {bundle.MergeAppend, list, `["1.5"]`, `["1.50"]`, `["1.500","2"]`, `["1.50","2"]`, ""},
		"set: another spelling is no edit": {bundle.MergeSet, lines, `[{"id":` + id + `,"price":"1.5","note":"a"}]`, `[{"id":` + id + `,"price":"2.00","note":"a"}]`,
			`[{"id":` + upper + `,"price":"1.50","note":"a"}]`, `[{"id":` + id + `,"price":"2.00","note":"a"}]`, ""},
		"set: another spelling beside an edit": {bundle.MergeSet, lines, `[{"id":` + id + `,"price":"1.5"},{"id":"b","price":"1"}]`, `[{"id":` + id + `,"price":"2.00"},{"id":"b","price":"1"}]`,
			`[{"id":` + upper + `,"price":"1.50"},{"id":"b","price":"3"}]`, `[{"id":` + id + `,"price":"2.00"},{"id":"b","price":"3"}]`, conflict.Merged},
		"set: an edit is":                      {bundle.MergeSet, lines, `[{"id":` + id + `,"price":"1.5"}]`, `[{"id":` + id + `,"price":"2"}]`, `[{"id":` + id + `,"price":"1.75"}]`, `[{"id":` + id + `,"price":"1.75"}]`, conflict.TookClient},
		"set: elements without ids":            {bundle.MergeSet, list, `["1.5","3"]`, `["1.50","3","4"]`, `["1.500"]`, `["1.50","4"]`, conflict.Merged},
		"dates":                                {bundle.MergeSet, lines, `[{"due":"2026-01-02T00:00:00Z"}]`, `[{"due":"2026-01-02T00:00:00.000Z"},{"due":"2026-01-03T00:00:00Z"}]`, `[{"due":"2026-01-02 00:00:00.000Z"}]`, `[{"due":"2026-01-02T00:00:00.000Z"},{"due":"2026-01-03T00:00:00Z"}]`, ""},
		"json: a member spelled otherwise":     {bundle.MergeJSON, money, `{"net":"1.5","a":1}`, `{"net":"7.00","a":1}`, `{"net":"1.50","a":2}`, `{"net":"7.00","a":2}`, conflict.Merged},
		"first write: nobody wrote":            {bundle.MergeFirstWrite, money, `{"net":"1.5"}`, `{"net":"1.50"}`, `{"net":"2"}`, `{"net":"2"}`, ""},
		"texts are compared as texts":          {bundle.MergeAppend, texts, `["1.5"]`, `["1.5"]`, `["1.50"]`, `["1.5","1.50"]`, conflict.Merged},
		"what is no decimal stands for itself": {bundle.MergeAppend, list, `["x"]`, `["x"]`, `["x","X"]`, `["x","X"]`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			change := conflict.Change{
				Field: &conflict.Field{Name: "f", Merge: bundle.Merge{Policy: c.policy}, Type: c.declared.Name, Within: conflict.Within(&c.declared)},
				Base:  value.JSON(c.base), HasBase: true, Server: value.JSON(c.stored), Client: value.JSON(c.sent),
			}
			d := conflict.Row(merge, []conflict.Change{change})
			if d.Refused != nil || d.Fields[0].Value != value.Value(value.JSON(c.want)) || d.Fields[0].Outcome != c.outcome {
				t.Errorf("%+v, refused %v; want %s %q", d.Fields, d.Refused, c.want, c.outcome)
			}
		})
	}
}
