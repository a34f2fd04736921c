package value_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"turnkey/runtime/bundle"
	"turnkey/runtime/value"
)

// nest puts v under n lists.
func nest(n int, v value.Value) value.Value {
	for range n {
		v = value.Array{v}
	}
	return v
}

// TestCheck: what would stop a customer's replication is refused, what would not is not.
func TestCheck(t *testing.T) {
	far := time.UnixMilli(8_640_000_000_000_000).UTC()
	for name, c := range map[string]struct {
		doc  *value.Object
		code string // empty: accepted
		path string
	}{
		"empty":               {object(), "", ""},
		"20 levels":           {object("a", nest(20, "x")), "", ""},
		"21 levels":           {object("a", nest(21, "x")), value.CodeInvalidData, "a.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0"},
		"the last date":       {object("a", far, "b", time.UnixMilli(-8_640_000_000_000_000)), "", ""},
		"a date after it":     {object("a", object("b", far.Add(time.Millisecond))), value.CodeInvalidData, "a.b"},
		"a date long after":   {object("a", time.Date(1<<32, 1, 1, 0, 0, 0, 0, time.UTC)), value.CodeInvalidData, "a"},
		"a date before":       {object("a", time.UnixMilli(-8_640_000_000_000_001)), value.CodeInvalidData, "a"},
		"14 MB":               {object("a", strings.Repeat("x", 7<<20), "b", make([]byte, 7<<20)), "", ""},
		"16 MB":               {object("a", strings.Repeat("x", 8<<20), "b", value.JSON(strings.Repeat("x", 8<<20))), value.CodePayloadTooLarge, ""},
		"a zero byte in name": {object("a", object("b\x00", 1)), value.CodeInvalidData, "a"},
	} {
		t.Run(name, func(t *testing.T) {
			err := value.Check(c.doc)
			var typed *value.TypeError
			if c.code == "" {
				if err != nil {
					t.Error(err)
				}
			} else if !errors.As(err, &typed) || typed.Code != c.code || typed.Path != c.path {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestParseIDIsStrict(t *testing.T) {
	for kind, bad := range map[bundle.TypeName][]string{
		bundle.TypeString:   {""},
		bundle.TypeObjectID: {"", uidText, oidText + "0", oidText[1:], "zz7f1f77bcf86cd799439011", " " + oidText[1:]},
		bundle.TypeUUID:     {"", oidText, strings.ReplaceAll(uidText, "-", ""), "{" + uidText + "}", uidText[:35] + "g", strings.Replace(uidText, "-", "0", 1)},
		bundle.TypeInt64:    {"", "+1", "01", "-0", "1.0", "1e3", " 1", "9223372036854775808", "0x1"},
	} {
		for _, s := range bad {
			id, err := value.ParseID(kind, s)
			var typed *value.TypeError
			if !errors.As(err, &typed) || typed.Code != value.CodeInvalidData {
				t.Errorf("%s %q: got %v, %v", kind, s, id, err)
			}
		}
	}
	for _, s := range []string{oidText, strings.ToUpper(oidText)} {
		if id, err := value.ParseID(bundle.TypeObjectID, s); err != nil || value.FormatID(id) != oidText {
			t.Errorf("%s became %v, %v", s, id, err)
		}
	}
	if _, err := value.ParseID(bundle.TypeObjectID, uidText); !strings.Contains(err.(*value.TypeError).Hint, "objectId()") {
		t.Errorf("no hint: %v", err)
	}
}

func TestDecodeRefuses(t *testing.T) {
	for text, want := range map[string]error{
		`{"a":1,"a":2}`: jsontext.ErrDuplicateName, `{"a":{"b":1,"\u0062":2}}`: jsontext.ErrDuplicateName,
		"": nil, "{": nil, `{"a":}`: nil, `[1,]`: nil, "01": nil, "NaN": nil, `"\ud800"`: nil, `"\udc00\ud800"`: nil, "\"\xc3\"": nil, "1 2": nil, "{}x": nil, "\xef\xbb\xbf{}": nil,
	} {
		v, err := value.DecodeJSON([]byte(text))
		if err == nil || want != nil && !errors.Is(err, want) {
			t.Errorf("%q gave %v, %v", text, v, err)
		}
	}
	deep := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	if _, err := value.DecodeJSON([]byte(deep(32))); err != nil {
		t.Error(err)
	}
	var typed *value.TypeError
	if _, err := value.DecodeJSON([]byte(deep(33))); !errors.As(err, &typed) {
		t.Errorf("33 levels: %v", err)
	}
}

// TestParseTokenStopsAfterItsValue: the caller's decoder goes on behind it.
func TestParseTokenStopsAfterItsValue(t *testing.T) {
	dec := jsontext.NewDecoder(strings.NewReader(`[{"b":12345678901234567890,"a":[]} , "next"]`))
	if _, err := dec.ReadToken(); err != nil {
		t.Fatal(err)
	}
	v, err := value.ParseToken(dec)
	if want := object("b", value.Number("12345678901234567890"), "a", value.Array{}); err != nil || !value.Equal(v, want) {
		t.Fatalf("got %s, %v", show(v), err)
	}
	if tok, err := dec.ReadToken(); err != nil || tok.String() != "next" {
		t.Errorf("then %v, %v", tok, err)
	}
}

// TestDecodedTextDoesNotAlias: a caller may use its buffer again.
func TestDecodedTextDoesNotAlias(t *testing.T) {
	text := []byte(`{"name":"value","n":12}`)
	v, err := value.DecodeJSON(text)
	if err != nil {
		t.Fatal(err)
	}
	for i := range text {
		text[i] = 'X'
	}
	if !value.Equal(v, object("name", "value", "n", value.Number("12"))) {
		t.Errorf("got %s", show(v))
	}
}

// TestClientForm: what devices hold, at the top and nested.
func TestClientForm(t *testing.T) {
	doc := object("id", oid, "u", uid, "t", true, "d", moment, "x", blob, "n", float64(3), "big", int64(1)<<60, "dec", value.Decimal("1.50"), "l", value.Array{blob, false, nil})
	for name, c := range map[string]struct{ v, want value.Value }{
		"true": {true, int64(1)}, "int32": {int32(5), int64(5)}, "integral double": {float64(5), int64(5)}, "double": {5.5, 5.5},
		"decimal": {value.Decimal("1.50"), "1.50"}, "objectid": {oid, oidText}, "uuid": {uid, uidText}, "date": {moment, "2026-01-31T12:00:05.678Z"},
		"binary": {blob, nil}, "json": {value.JSON(`{"a": true}`), `{"a": true}`}, "null": {nil, nil}, "opaque": {value.Opaque{Client: "x"}, "x"},
		"document": {doc, `{"id":"` + oidText + `","u":"` + uidText + `","t":1,"d":"2026-01-31T12:00:05.678Z","n":3,"big":1152921504606846976,"dec":"1.50","l":[null,0,null]}`},
	} {
		if got := value.ClientForm(c.v); !value.Equal(got, c.want) {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
	}
	const typed = `{"id":"` + oidText + `","u":"` + uidText + `","t":true,"d":"2026-01-31T12:00:05.678Z","x":"AQID","n":3,"big":1152921504606846976,"dec":"1.50","l":["AQID",false,null]}`
	if got := show(doc); got != typed {
		t.Errorf("AppendJSON gives %s", got)
	}
}

// TestDiff: leaves where paths are safe, else the nearest parent that is.
func TestDiff(t *testing.T) {
	same := object("deep", object("x", 1))
	before := object("a", object("b", int32(1), "c", oid, "gone", true), "list", value.Array{int32(1)}, "m", object("x.y", int32(1), "k", object("z", int32(1))), "same", same)
	after := object("a", object("b", int32(2), "c", oid), "list", value.Array{int32(2)}, "m", object("x.y", int32(2), "k", object("z", int32(1))), "same", same, "new", object("$set", "x"))
	got := map[string]string{}
	for _, e := range value.Diff(before, after) {
		text := show(e.Value)
		if e.Remove {
			text = "removed"
		}
		got[strings.Join(e.Path, "/")] = text
	}
	want := map[string]string{"a/b": "2", "a/gone": "removed", "list": "[2]", "m": `{"x.y":2,"k":{"z":1}}`, "new": `{"$set":"x"}`}
	if len(got) != len(want) {
		t.Errorf("got %v", got)
	}
	for path, text := range want {
		if got[path] != text {
			t.Errorf("%s: got %q, want %q", path, got[path], text)
		}
	}
}
