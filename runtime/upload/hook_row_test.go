package upload

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"turnkey/runtime/bundle"
	"turnkey/runtime/value"
)

func hookTable(t *testing.T, unknown bundle.UnknownFields) *table {
	t.Helper()
	out, err := compileTable("todos", bundle.Table{Collection: "Todos", Key: "_id", ID: bundle.TypeString, UnknownFields: unknown, Fields: map[string]bundle.Field{
		"title": {Path: "title"}, "big": {Path: "big", Type: bundle.Type{Name: bundle.TypeInt64}},
		"city": {Path: "place.city"}, "street": {Path: "place.street"}, "place": {Path: "place", Ignored: true}, "owner": {Path: "owner_id"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestHookRow: each kind of value in the form that hooks read, which is JSON in any case.
func TestHookRow(t *testing.T) {
	for _, c := range []struct {
		name string
		v    value.Value
		want string
	}{
		{"null", nil, `null`}, {"text", "a\"b", `"a\"b"`}, {"bool", true, `true`}, {"int32", int32(-7), `-7`},
		{"the largest safe number", int64(maxSafe), `9007199254740991`}, {"one more", int64(maxSafe + 1), `"9007199254740992"`},
		{"below zero", int64(-maxSafe - 1), `"-9007199254740992"`}, {"double", 2.5, `2.5`},
		{"decimal", value.Decimal("1.10"), `"1.10"`}, {"binary", []byte{1, 2}, `"AQI="`},
		{"date", time.Date(2026, 1, 2, 3, 4, 5, 6e6, time.UTC), `"2026-01-02T03:04:05.006Z"`},
		{"list", value.Array{int64(1), int64(maxSafe + 2)}, `[1,"9007199254740993"]`},
		{"object", &value.Object{Members: []value.Member{{Name: "a", Value: value.Array{}}, {Name: "b", Value: nil}}}, `{"a":[],"b":null}`},
		{"JSON text", value.JSON(`{"a": [1, 2]}`), `{"a": [1, 2]}`}, {"a long number in it", value.JSON(`{"a":9007199254740993}`), `{"a":"9007199254740993"}`},
		{"a long fraction in it", value.JSON(`[0.12345678901234567]`), `[0.12345678901234567]`},
		{"text that is no JSON to us", value.JSON(`{"a":1,"a":2}`), `"{\"a\":1,\"a\":2}"`},
		{"foreign", value.Opaque{Client: int64(maxSafe + 1)}, `"9007199254740992"`},
	} {
		got := string(appendHook(nil, c.v))
		if got != c.want || !json.Valid([]byte(got)) {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	doc := &value.Object{Members: []value.Member{{Name: "_id", Value: "r1"}, {Name: "title", Value: "a"}}}
	if got := string(hookRow(hookTable(t, ""), doc)); got != `{"_id":"r1","title":"a","big":null,"owner_id":null,"place":null}` {
		t.Errorf("a row: %s", got)
	}
	if got := string(hookRow(hookTable(t, ""), nil)); got != "null" {
		t.Errorf("no row: %s", got)
	}
}

// TestAssign: what users' code returns, by the source's names, becomes columns or a reason why not.
func TestAssign(t *testing.T) {
	for _, c := range []struct {
		name, text string
		unknown    bundle.UnknownFields
		want       string // columns with JSON; or, after "!", a part of what is wrong
	}{
		{"columns", `{"title":"a","owner_id":"u"}`, "", `title="a" owner="u"`},
		{"leaves of an object", `{"place":{"city":"x","street":null}}`, "", `city="x" street=null`},
		{"an object that goes", `{"place":null}`, "", `city=null street=null`},
		{"what the configuration ignores beside them", `{"place":{"city":"x","zip":1}}`, "", `city="x"`},
		{"the key as it is", `{"_id":"r1","title":"a"}`, "", `title="a"`},
		{"another key", `{"_id":"r2"}`, "", `!cannot be changed`},
		{"an object for text", `{"place":"x"}`, "", `!holds an object`},
		{"an unknown field", `{"titel":"a"}`, "", `!"titel" is not configured`},
		{"an unknown field that is kept", `{"titel":1}`, bundle.KeepUnknown, `titel=1`},
		{"an unknown name that could be an operator", `{"$set":1}`, bundle.KeepUnknown, `!cannot be stored`},
		{"no object", `[1]`, "", `!no object`},
		{"no JSON", `{`, "", `!cannot be read`},
	} {
		list, wrong := hookTable(t, c.unknown).assign([]byte(c.text), "r1")
		parts := []string{}
		for _, a := range list {
			parts = append(parts, a.field.name+"="+string(appendHook(nil, a.value)))
		}
		got := strings.Join(parts, " ")
		if part, bad := strings.CutPrefix(c.want, "!"); bad && (!strings.Contains(wrong, part) || got != "") || !bad && (got != c.want || wrong != "") {
			t.Errorf("%s: %s, wrong: %q", c.name, got, wrong)
		}
	}
}

// TestRestored: long numbers that a hook hands back inside of other values are numbers still, and texts are texts.
func TestRestored(t *testing.T) {
	given := &value.Object{Members: []value.Member{{Name: "n", Value: int64(maxSafe + 2)}, {Name: "s", Value: "9007199254740993"}, {Name: "l", Value: value.Array{int64(maxSafe + 2), "x"}}}}
	for text, want := range map[string]string{
		`{"n":"9007199254740993","s":"9007199254740993","l":["9007199254740993","y"],"m":1}`: `{"n":9007199254740993,"s":"9007199254740993","l":[9007199254740993,"y"],"m":1}`,
		`{"n":"9007199254740994","l":["x","9007199254740993"]}`:                              `{"n":"9007199254740994","l":["x","9007199254740993"]}`,
		`{"n":{"n":"9007199254740993"},"l":"9007199254740993"}`:                              `{"n":{"n":"9007199254740993"},"l":"9007199254740993"}`,
	} {
		back, err := value.DecodeJSON([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		for name, from := range map[string]value.Value{"a document": given, "JSON text": value.JSON(value.AppendJSON(nil, given))} {
			if got := string(value.AppendJSON(nil, restored(back, from))); got != want {
				t.Errorf("%s as %s: %s, want %s", text, name, got, want)
			}
		}
	}
}
