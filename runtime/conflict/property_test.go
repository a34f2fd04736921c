package conflict_test

import (
	"math/big"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"turnkey/runtime/bundle"
	"turnkey/runtime/conflict"
	"turnkey/runtime/value"
)

// resolve decides one field with the base known.
func resolve(t *rapid.T, p bundle.MergePolicy, name bundle.TypeName, base, server, client value.Value) value.Value {
	d := conflict.Row(merge, []conflict.Change{change(p, name, base, server, client)})
	if d.Refused != nil {
		t.Fatalf("%s refused: %+v", p, d.Refused)
	}
	return d.Fields[0].Value
}

func drawNumber(t *rapid.T, label string) value.Value {
	switch rapid.IntRange(0, 4).Draw(t, label+" kind") {
	case 0:
		return rapid.Int32().Draw(t, label)
	case 1:
		return rapid.Int64().Draw(t, label)
	case 2:
		return rapid.Float64().Draw(t, label)
	case 3:
		return value.Decimal(rapid.StringMatching(`-?[1-9][0-9]{0,20}(\.[0-9]{1,6})?`).Draw(t, label))
	}
	return nil
}

// TestExtremes: max and min commute, are associative in effect, and repeat harmlessly.
func TestExtremes(t *testing.T) {
	for _, p := range []bundle.MergePolicy{bundle.MergeMax, bundle.MergeMin} {
		t.Run(string(p), func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				base, stored := drawNumber(t, "base"), drawNumber(t, "stored")
				a, b := drawNumber(t, "a"), drawNumber(t, "b")
				play := func(writes ...value.Value) value.Value {
					v := stored
					for _, w := range writes {
						v = resolve(t, p, "", base, v, w)
					}
					return v
				}
				ab, ba, again := play(a, b), play(b, a), play(a, b, a, b, b)
				if !number(ab).equal(number(ba)) || !value.Equal(ab, again) {
					t.Fatalf("%v then %v gives %v, the other way %v, repeated %v", a, b, ab, ba, again)
				}
			})
		})
	}
}

// exact is a number for comparing in tests: big.Rat knows nothing of this package.
type exact struct{ r *big.Rat }

func number(v value.Value) exact {
	r := new(big.Rat)
	switch v := v.(type) {
	case int32:
		r.SetInt64(int64(v))
	case int64:
		r.SetInt64(v)
	case float64:
		r.SetString(strconv.FormatFloat(v, 'g', -1, 64))
	case value.Decimal:
		r.SetString(string(v))
	default:
		return exact{}
	}
	return exact{r}
}

func (a exact) equal(b exact) bool {
	return a.r == nil && b.r == nil || a.r != nil && b.r != nil && a.r.Cmp(b.r) == 0
}

// TestCounters: server + client - base exactly, in any order of two writes, or refused.
func TestCounters(t *testing.T) {
	draw := map[bundle.TypeName]func(t *rapid.T, label string) value.Value{
		bundle.TypeInt32: func(t *rapid.T, label string) value.Value { return rapid.Int32().Draw(t, label) },
		bundle.TypeInt64: func(t *rapid.T, label string) value.Value { return rapid.Int64().Draw(t, label) },
		bundle.TypeDecimal: func(t *rapid.T, label string) value.Value {
			return value.Decimal(rapid.StringMatching(`-?(0|[1-9][0-9]{0,29})(\.[0-9]{1,4})?`).Draw(t, label))
		},
	}
	for name, draw := range draw {
		t.Run(string(name), func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				base, server, client := draw(t, "base"), draw(t, "server"), draw(t, "client")
				d := conflict.Row(merge, []conflict.Change{change(bundle.MergeCounter, name, base, server, client)})
				sum := new(big.Rat).Add(number(server).r, number(client).r)
				sum.Sub(sum, number(base).r)
				if d.Refused == nil {
					if got := d.Fields[0].Value; !number(got).equal(exact{sum}) && !number(base).equal(number(client)) {
						t.Fatalf("got %v, want %v", got, sum)
					}
					return
				}
				if fits := map[bundle.TypeName]bool{bundle.TypeInt32: sum.Num().IsInt64() && sum.Num().Int64() == int64(int32(sum.Num().Int64())), bundle.TypeInt64: sum.Num().IsInt64()}; fits[name] {
					t.Fatalf("refused, but the sum is %v", sum)
				}
			})
		})
	}
}

// TestSetsCommute: two devices that saw the same set add and remove in either order, with the same
// result, as long as one does not add what the other removes.
func TestSetsCommute(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		elements := rapid.SliceOfNDistinct(rapid.IntRange(0, 11), 0, 8, rapid.ID[int])
		base := rapid.Just(value.Array{}).Draw(t, "empty")
		for _, e := range elements.Draw(t, "base") {
			base = append(base, int64(e))
		}
		edit := func(label string, own int) value.Array {
			out := value.Array{}
			for _, e := range base {
				if e.(int64)%2 != int64(own) || rapid.Bool().Draw(t, label+" keeps") {
					out = append(out, e)
				}
			}
			for _, e := range elements.Draw(t, label+" adds") {
				if e%2 == own {
					out = append(out, int64(e+100*own)) // of its own
				}
			}
			return out
		}
		a, b := edit("a", 0), edit("b", 1)
		play := func(first, second value.Array) value.Value {
			return resolve(t, bundle.MergeSet, "", base, resolve(t, bundle.MergeSet, "", base, base, first), second)
		}
		if ab, ba := play(a, b), play(b, a); !sameNumbers(ab, ba) {
			t.Fatalf("from %v: %v and %v give %v or %v", base, a, b, ab, ba)
		}
	})
}

func sameNumbers(a, b value.Value) bool {
	in := map[value.Value]int{}
	for _, e := range a.(value.Array) {
		in[e] |= 1
	}
	for _, e := range b.(value.Array) {
		in[e] |= 2
	}
	for _, sides := range in {
		if sides != 3 {
			return false
		}
	}
	return true
}

// TestRepeats: last_write, first_write, server and json repeat harmlessly: a write that is
// delivered again, with nothing in between, changes nothing.
func TestRepeats(t *testing.T) {
	text := rapid.SampledFrom([]string{"a", "b", "c"})
	for _, p := range []bundle.MergePolicy{bundle.MergeLastWrite, bundle.MergeFirstWrite, bundle.MergeServer, bundle.MergeJSON} {
		t.Run(string(p), func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				var base, server, client value.Value = text.Draw(t, "base"), text.Draw(t, "server"), text.Draw(t, "client")
				if p == bundle.MergeJSON {
					base, server, client = object("k", base), object("k", server, "s", "1"), object("k", client)
				}
				once := resolve(t, p, "", base, server, client)
				if twice := resolve(t, p, "", base, once, client); !value.Equal(once, twice) {
					t.Fatalf("once %v, twice %v", once, twice)
				}
			})
		})
	}
}

// TestSpellingIsNoConflict: the three values as devices spell them, typed as the pipeline types them.
func TestSpellingIsNoConflict(t *testing.T) {
	stored := time.Date(2026, 1, 31, 12, 0, 0, 123_000_000, time.UTC)
	cases := []struct {
		name                 string
		typed                bundle.TypeName
		stored, base, client value.Value
	}{
		{"a date with a space", bundle.TypeDate, stored, "2026-01-31 12:00:00.123Z", "2026-02-01T00:00:00Z"},
		{"a date cut to seconds", bundle.TypeDate, stored, "2026-01-31T12:00:00Z", "2026-02-01T00:00:00Z"},
		{"a boolean as 1", bundle.TypeBool, true, value.Number("1"), value.Number("0")},
		{"a double as an integer", bundle.TypeDouble, 3.0, value.Number("3"), value.Number("4")},
		{"a decimal of other scale", bundle.TypeDecimal, value.Decimal("1.50"), "1.5", "2"},
		{"an id in capitals", bundle.TypeUUID, value.UUID{0xab}, "AB000000-0000-0000-0000-000000000000", "00000000-0000-0000-0000-000000000001"},
		{"an object as text", bundle.TypeObject, object("at", stored, "on", true), `{"on":1,"at":"2026-01-31 12:00:00.123Z"}`, `{"on":0,"at":"2026-01-31 12:00:00.123Z"}`},
		{"json text", bundle.TypeJSON, value.JSON(`{"a":1.0,"b":2}`), `{"b":2,"a":1}`, `{}`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			in := change(bundle.MergeServer, c.typed, coerced(t, c.typed, c.base, c.stored), c.stored, coerced(t, c.typed, c.client, c.stored))
			for _, p := range []conflict.Policy{merge, rows(bundle.RowReject, "")} {
				d := conflict.Row(p, []conflict.Change{in})
				if d.Refused != nil || len(d.Conflicts) > 0 || !d.Fields[0].Changed {
					t.Errorf("%s: %+v", p.OnConflict.Policy, d)
				}
			}
		})
	}
}

func coerced(t *testing.T, name bundle.TypeName, client, stored value.Value) value.Value {
	v, _, err := value.Coerce(client, bundle.Type{Name: name}, stored, true)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// TestGuard: whatever a policy decides, what the guard lets through is what its table of transitions
// lists, and nothing at all of an immutable field.
func TestGuard(t *testing.T) {
	states := []string{"open", "done", "cancelled", "archived"}
	guard := conflict.Guard{Transitions: map[string][]string{"open": {"done", "cancelled"}, "done": {"archived"}}}
	frozen := conflict.Guard{Immutable: true}
	policies := []bundle.MergePolicy{"", bundle.MergeFirstWrite, bundle.MergeServer, bundle.MergeMax, bundle.MergeMin, bundle.MergeText}
	allowed := map[[2]string]bool{{"open", "done"}: true, {"open", "cancelled"}: true, {"done", "archived"}: true}
	rapid.Check(t, func(t *rapid.T) {
		state := rapid.SampledFrom(states)
		server := state.Draw(t, "server")
		d := conflict.Row(merge, []conflict.Change{change(rapid.SampledFrom(policies).Draw(t, "policy"), "", state.Draw(t, "base"), server, state.Draw(t, "client"))})
		f := d.Fields[0]
		if !f.Changed {
			if f.Value != server {
				t.Fatalf("%v is no change of %v", f.Value, server)
			}
			return
		}
		to, _ := f.Value.(string)
		if passed := guard.Permits("f", server, f.Value) == nil; passed != allowed[[2]string{server, to}] {
			t.Fatalf("%s to %s: passed %v", server, to, passed)
		}
		if frozen.Permits("f", server, f.Value) == nil || frozen.Permits("f", nil, f.Value) != nil {
			t.Fatal("an immutable field is set once")
		}
	})
}
