package conflict_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"turnkey/runtime/bundle"
	"turnkey/runtime/conflict"
	"turnkey/runtime/value"
)

// FuzzText: no text breaks the merge; the result is made of the two sides, is no longer than both,
// stays UTF-8, and a side that changed nothing leaves the other's text as it is.
func FuzzText(f *testing.F) {
	f.Add("a\nb\nc\n", "a\nx\nc\n", "a\nb\nc\nd\n")
	f.Add("the quick fox", "the slow fox", "the quick red fox")
	f.Add("", "a", "b")
	f.Add("👩‍👧 e\u0301", "👩‍👦 e", "\xff\r\n今日")
	f.Fuzz(func(t *testing.T, base, server, client string) {
		d := conflict.Row(merge, []conflict.Change{change(bundle.MergeText, bundle.TypeString, base, server, client)})
		got, ok := d.Fields[0].Value.(string)
		if !ok || d.Refused != nil {
			t.Fatalf("%+v", d)
		}
		if len(got) > len(server)+len(client) {
			t.Fatalf("%q, %q and %q give %q", base, server, client, got)
		}
		if base == client && got != server || base == server && got != client || server == client && got != client {
			t.Fatalf("%q, %q and %q give %q", base, server, client, got)
		}
		if !utf8.ValidString(base) || !utf8.ValidString(server) || !utf8.ValidString(client) {
			return // halves of a character can meet
		}
		if !utf8.ValidString(got) {
			t.Fatalf("broken UTF-8: %q", got)
		}
		for _, r := range got {
			if !strings.ContainsRune(server+client, r) {
				t.Fatalf("%q came from nowhere: %q", r, got)
			}
		}
	})
}

// FuzzJSON: any three JSON texts merge into JSON, without inventing a member, and a side that changed
// nothing leaves the other's as it is.
func FuzzJSON(f *testing.F) {
	f.Add(`{"a":1}`, `{"a":2,"b":[1]}`, `{"a":1,"c":{"d":null}}`, true)
	f.Add(`null`, `[1]`, `{}`, true)
	f.Add(`{"a":{"b":{}}}`, `{"a":{"b":3}}`, `{"a":{}}`, false)
	f.Add(`{"n":1e999999999}`, `{"n":1.0}`, `{"n":10e-1,"":0}`, true)
	f.Fuzz(func(t *testing.T, base, server, client string, known bool) {
		in := change(bundle.MergeJSON, bundle.TypeJSON, value.JSON(base), value.JSON(server), value.JSON(client))
		in.HasBase = known
		parsed := [3]value.Value{}
		for i, text := range []string{base, server, client} {
			v, err := value.DecodeJSON([]byte(text))
			if err != nil {
				return
			}
			parsed[i] = v
		}
		d := conflict.Row(merge, []conflict.Change{in})
		text, ok := d.Fields[0].Value.(value.JSON)
		if !ok || d.Refused != nil {
			t.Fatalf("%+v", d)
		}
		if _, err := value.DecodeJSON([]byte(text)); err != nil {
			t.Fatalf("%s, %s and %s give %s: %v", base, server, client, text, err)
		}
		if len(text) > 7*(len(server)+len(client))+16 { // escaped at worst
			t.Fatalf("%d bytes of %d", len(text), len(server)+len(client))
		}
		if known && value.Equal(parsed[0], parsed[2]) && string(text) != server {
			t.Fatalf("the device changed nothing, and %s became %s", server, text)
		}
	})
}

// FuzzLists: any three lists of a set or a log merge without a panic; a log never loses a stored
// element, and a set never brings back one that the device removed.
func FuzzLists(f *testing.F) {
	f.Add(`[1,2]`, `[2,3]`, `[1,4]`)
	f.Add(`[{"id":1,"a":1},{"id":1}]`, `[{"id":1,"a":2}]`, `[{"id":1.0,"a":3},null,[]]`)
	f.Fuzz(func(t *testing.T, base, server, client string) {
		lists := [3]value.Array{}
		for i, text := range []string{base, server, client} {
			v, err := value.DecodeJSON([]byte(text))
			list, ok := v.(value.Array)
			if err != nil || !ok {
				return
			}
			lists[i] = list
		}
		for _, p := range []bundle.MergePolicy{bundle.MergeSet, bundle.MergeAppend} {
			d := conflict.Row(merge, []conflict.Change{change(p, bundle.TypeArray, lists[0], lists[1], lists[2])})
			got, ok := d.Fields[0].Value.(value.Array)
			if !ok || d.Refused != nil || len(got) > len(lists[1])+len(lists[2]) {
				t.Fatalf("%s: %+v", p, d)
			}
			if p == bundle.MergeAppend && d.Fields[0].Changed && !value.Equal(got[:min(len(got), len(lists[1]))], lists[1]) {
				t.Fatalf("append lost something: %s of %s", value.AppendJSON(nil, got), server)
			}
		}
	})
}

// TestLargeTexts: the worst texts that are merged take bounded work, and larger ones are replaced.
func TestLargeTexts(t *testing.T) {
	text := func(word string, n int) string { return strings.Repeat(word, n) }
	cases := map[string][3]string{
		"nothing in common, one line":   {text("a ", 20_000), text("b ", 20_000), text("c ", 20_000)},
		"nothing in common, many lines": {text("a\n", 16_000), text("b\n", 16_000), text("c\n", 16_000)},
		"too many lines":                {text("a\n", 100_000), text("b\n", 100_000), text("c\n", 100_000)},
		"too long":                      {text("a", 2<<20), text("b", 2<<20), text("c", 2<<20)},
		"alternating":                   {text("ab ab\n", 8_000), text("ab\nab ", 8_000), text("ba\nab\n", 8_000)},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			d := conflict.Row(merge, []conflict.Change{change(bundle.MergeText, bundle.TypeString, c[0], c[1], c[2])})
			if got := d.Fields[0].Value.(string); len(got) > len(c[1])+len(c[2]) || got == c[0] {
				t.Errorf("%d bytes", len(got))
			}
		})
	}
}
