package value_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"testing"

	"turnkey/runtime/bundle"
	"turnkey/runtime/value"
)

// FuzzDecodeJSON: agrees with the standard library on what JSON is (but for what we refuse on
// purpose), and what was read can be written and read again.
func FuzzDecodeJSON(f *testing.F) {
	for _, s := range []string{`{"a":[1,2.50,"x",null,true]}`, `"\ud800"`, `{"a":1,"a":2}`, `-0`, `1e400`, ` [ ] `, `{}{}`, "\"\xff\"", `[[[[`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		v, err := value.DecodeJSON(text)
		if err != nil {
			return
		}
		if !json.Valid(text) {
			t.Fatalf("accepted %q", text)
		}
		out := value.AppendJSON(nil, v)
		again, err := value.DecodeJSON(out)
		if err != nil || !value.Equal(v, again) {
			t.Fatalf("%q became %q: %v", text, out, err)
		}
		var a, b any
		decode := func(text []byte, into *any) {
			d := json.NewDecoder(bytes.NewReader(text))
			d.UseNumber()
			if err := d.Decode(into); err != nil {
				t.Fatal(err)
			}
		}
		decode(text, &a)
		decode(out, &b)
		if fmt.Sprint(a) != fmt.Sprint(b) {
			t.Fatalf("%q became %q", text, out)
		}
	})
}

// FuzzCoerce: never panics; what it makes is stable: sent again it is unchanged.
func FuzzCoerce(f *testing.F) {
	types := []bundle.TypeName{"", bundle.TypeString, bundle.TypeObjectID, bundle.TypeUUID, bundle.TypeInt32, bundle.TypeInt64, bundle.TypeDouble,
		bundle.TypeDecimal, bundle.TypeBool, bundle.TypeDate, bundle.TypeBinary, bundle.TypeJSON, bundle.TypeArray, bundle.TypeObject}
	f.Add([]byte(`"2026-01-31T12:00:00Z"`), []byte(`null`), uint8(9))
	f.Add([]byte(`"[{\"id\":1},{\"id\":2}]"`), []byte(`[{"id":2},{"id":2,"a":[1]},{"id":3}]`), uint8(0))
	f.Add([]byte(`"{\"a\":1e5}"`), []byte(`{"a":100000,"b":[1,[2]]}`), uint8(13))
	f.Add([]byte(`1.0`), []byte(`"1"`), uint8(0))
	f.Fuzz(func(t *testing.T, clientText, storedText []byte, kind uint8) {
		client, err := value.DecodeJSON(clientText)
		if err != nil {
			return
		}
		var stored value.Value
		has := false
		if s, err := value.DecodeJSON(storedText); err == nil {
			if stored, _, err = value.Coerce(s, bundle.Type{}, nil, false); err != nil {
				return
			}
			has = true
		}
		declared := bundle.Type{Name: types[int(kind)%len(types)]}
		v, changed, err := value.Coerce(client, declared, stored, has)
		if err != nil {
			return
		}
		if has && !changed && !value.Equal(v, stored) {
			t.Fatalf("unchanged, but %s is not %s", show(v), show(stored))
		}
		if has && changed && value.Equal(v, stored) {
			t.Fatalf("changed, but %s is %s", show(v), show(stored))
		}
		again, changed, err := value.Coerce(sent(v), declared, v, true)
		if err != nil || (changed && v != nil && value.ClientForm(v) != nil) {
			t.Fatalf("%s sent again (%v) became %s: %v", show(v), sent(v), show(again), err)
		}
	})
}
