package conflict_test

import (
	"math"
	"testing"
	"time"

	"turnkey/runtime/bundle"
	"turnkey/runtime/conflict"
	"turnkey/runtime/value"
)

type array = value.Array

func object(pairs ...any) *value.Object {
	o := &value.Object{}
	for i := 0; i < len(pairs); i += 2 {
		o.Set(pairs[i].(string), pairs[i+1])
	}
	return o
}

func day(d int) time.Time { return time.Date(2026, 1, d, 0, 0, 0, 0, time.UTC) }

// unknown is the base of a device that sends no previous values.
type unknown struct{}

func change(policy bundle.MergePolicy, name bundle.TypeName, base, server, client value.Value) conflict.Change {
	c := conflict.Change{Field: &conflict.Field{Name: "f", Merge: bundle.Merge{Policy: policy}, Type: name}, Server: server, Client: client}
	if _, none := base.(unknown); !none {
		c.Base, c.HasBase = base, true
	}
	return c
}

var merge = conflict.Policy{OnConflict: bundle.OnConflict{Policy: bundle.RowMerge}}

// TestFieldPolicies is the table of field policies by example.
func TestFieldPolicies(t *testing.T) {
	const (
		client = conflict.TookClient
		server = conflict.KeptServer
		merged = conflict.Merged
		none   = conflict.Outcome("")
	)
	one, two, three, nine := int64(1), int64(2), int64(3), int64(9)
	cases := []struct {
		name                     string
		policy                   bundle.MergePolicy
		typed                    bundle.TypeName
		base, stored, sent, want value.Value
		outcome                  conflict.Outcome
	}{
		{"last write, nobody else wrote", bundle.MergeLastWrite, "", "a", "a", "b", "b", none},
		{"last write wins", bundle.MergeLastWrite, "", "a", "x", "b", "b", client},
		{"both wrote the same", bundle.MergeLastWrite, "", "a", "b", "b", "b", none},
		{"no policy is last write", "", "", "a", "x", "b", "b", client},
		{"a field sent as it was seen stays as stored", bundle.MergeLastWrite, "", "a", "x", "a", "x", none},
		{"without a base it is a write", bundle.MergeLastWrite, "", unknown{}, "x", "a", "a", none},
		{"first write wins", bundle.MergeFirstWrite, "", "a", "x", "b", "x", server},
		{"first write, nobody was first", bundle.MergeFirstWrite, "", "a", "a", "b", "b", none},
		{"first write without a base", bundle.MergeFirstWrite, "", unknown{}, "x", "b", "b", none},
		{"the server's value stands", bundle.MergeServer, "", "a", "x", "b", "x", server},
		{"integers of other widths are no conflict", bundle.MergeServer, "", one, int32(1), two, two, none},

		{"max keeps the greater", bundle.MergeMax, "", one, nine, two, nine, server},
		{"max takes the greater", bundle.MergeMax, "", one, two, nine, nine, client},
		{"max never lowers, conflict or not", bundle.MergeMax, "", nine, nine, two, nine, server},
		{"max without a base", bundle.MergeMax, "", unknown{}, nine, two, nine, server},
		{"max of the same", bundle.MergeMax, "", unknown{}, two, two, two, none},
		{"max over null", bundle.MergeMax, "", nil, nil, two, two, none},
		{"null is no maximum", bundle.MergeMax, "", two, two, nil, two, server},
		{"max of dates", bundle.MergeMax, "", day(1), day(9), day(2), day(9), server},
		{"max across widths", bundle.MergeMax, "", one, 2.5, three, three, client},
		{"max of decimals is by value", bundle.MergeMax, "", value.Decimal("1"), value.Decimal("10.00"), value.Decimal("9.99"), value.Decimal("10.00"), server},
		{"what cannot be compared gives way", bundle.MergeMax, "", one, "dirty", two, two, client},
		{"min keeps the lesser", bundle.MergeMin, "", nine, one, two, one, server},
		{"min over null", bundle.MergeMin, "", nil, nil, two, two, none},

		{"a counter adds what was added", bundle.MergeCounter, bundle.TypeInt64, int64(5), int64(7), int64(6), int64(8), merged},
		{"two devices counted to the same number", bundle.MergeCounter, bundle.TypeInt64, int64(5), int64(6), int64(6), int64(7), merged},
		{"a counter nobody else moved", bundle.MergeCounter, bundle.TypeInt64, int64(5), int64(5), int64(3), int64(3), none},
		{"a counter without a base is last write", bundle.MergeCounter, bundle.TypeInt64, unknown{}, int64(7), int64(6), int64(6), none},
		{"a null base counts as zero", bundle.MergeCounter, bundle.TypeInt64, nil, int64(7), int64(1), int64(8), merged},
		{"a null counter counts as zero", bundle.MergeCounter, bundle.TypeInt64, int64(5), nil, int64(6), int64(1), merged},
		{"clearing a counter takes back what was seen", bundle.MergeCounter, bundle.TypeInt64, int64(5), int64(7), nil, int64(2), merged},
		{"int32 stays int32", bundle.MergeCounter, bundle.TypeInt32, int32(5), int32(7), int32(6), int32(8), merged},
		{"a double is rounded once", bundle.MergeCounter, bundle.TypeDouble, 0.1, 0.1 + 0.2, 0.2, 0.4, merged},
		{"decimals keep every digit", bundle.MergeCounter, bundle.TypeDecimal, value.Decimal("0.10"), value.Decimal("123456789012345678901234567890.05"), value.Decimal("0.2"), value.Decimal("123456789012345678901234567890.15"), merged},
		{"a decimal below one", bundle.MergeCounter, bundle.TypeDecimal, value.Decimal("0.10"), value.Decimal("0.02"), value.Decimal("0.05"), value.Decimal("-0.03"), merged},
		{"an integer stored where a double is declared", bundle.MergeCounter, bundle.TypeDouble, 1.5, int64(4), 2.0, 4.5, merged},
		{"a double stored where an integer is declared", bundle.MergeCounter, bundle.TypeInt64, int64(1), 4.0, int64(2), int64(5), merged},
		{"NaN counts as zero", bundle.MergeCounter, bundle.TypeDouble, 1.0, math.NaN(), 3.0, 2.0, merged},
		{"a number stored as text where one is declared", bundle.MergeCounter, bundle.TypeInt64, int64(5), "7", int64(6), int64(8), merged},
		{"a decimal stored as text where a double is declared", bundle.MergeCounter, bundle.TypeDouble, 1.5, "4", 2.0, 4.5, merged},
		{"text where nothing is declared", bundle.MergeCounter, "", int64(5), "7", int64(6), int64(6), client},
		{"no number to add to", bundle.MergeCounter, bundle.TypeInt64, int64(1), "dirty", int64(2), int64(2), client},

		{"a set adds and removes", bundle.MergeSet, "", array{"a", "b"}, array{"b", "a", "x"}, array{"b", "c"}, array{"b", "x", "c"}, merged},
		{"both added the same", bundle.MergeSet, "", array{}, array{"a"}, array{"a"}, array{"a"}, client},
		{"both removed the same", bundle.MergeSet, "", array{"a", "b"}, array{"b"}, array{"b"}, array{"b"}, client},
		{"a null base is an empty set", bundle.MergeSet, "", nil, array{"x"}, array{"a"}, array{"x", "a"}, merged},
		{"clearing a set", bundle.MergeSet, "", array{"a"}, array{"a", "x"}, nil, nil, client},
		{"elements of other widths are the same", bundle.MergeSet, "", array{int32(1)}, array{int64(1), int64(2)}, array{1.0, int32(3)}, array{int64(1), int64(2), int32(3)}, merged},
		{"elements with an id are edited in place", bundle.MergeSet, "", array{object("id", "1", "n", one), object("id", "2", "n", one)},
			array{object("id", "2", "n", two), object("id", "1", "n", one)}, array{object("id", "1", "n", nine), object("id", "2", "n", one)},
			array{object("id", "2", "n", two), object("id", "1", "n", nine)}, merged},
		{"an edit of a removed element is dropped", bundle.MergeSet, "", array{object("id", "1", "n", one)}, array{}, array{object("id", "1", "n", two)}, array{}, server},
		{"a set as JSON text", bundle.MergeSet, "", value.JSON(`["a"]`), value.JSON(`["a","x"]`), value.JSON(`["a", "c"]`), value.JSON(`["a","x","c"]`), merged},

		{"append keeps both", bundle.MergeAppend, "", array{"a"}, array{"a", "x"}, array{"a", "b"}, array{"a", "x", "b"}, merged},
		{"append keeps equal elements", bundle.MergeAppend, "", array{}, array{"x"}, array{"x"}, array{"x", "x"}, merged},
		{"append never removes", bundle.MergeAppend, "", array{"a", "b"}, array{"a", "b"}, array{"b", "c"}, array{"a", "b", "c"}, merged},
		{"append, nobody else wrote", bundle.MergeAppend, "", array{"a"}, array{"a"}, array{"a", "b"}, array{"a", "b"}, none},

		{"text by lines", bundle.MergeText, "", "a\nb\nc\n", "A\nb\nc\n", "a\nb\nC\n", "A\nb\nC\n", merged},
		{"text by words", bundle.MergeText, "", "the quick fox", "the quick red fox", "the slow fox", "the slow red fox", merged},
		{"changes side by side do not meet", bundle.MergeText, "", "a b", "x b", "a-b", "x-b", merged},
		{"the same word: the last write", bundle.MergeText, "", "red", "blue", "green", "green", client},
		{"two additions at one place stand both", bundle.MergeText, "", "milk\n", "milk\neggs\n", "milk\nbread\n", "milk\neggs\nbread\n", merged},
		{"two additions to a last line", bundle.MergeText, "", "milk", "milk\neggs", "milk\nbread", "milk\neggs\nbread", merged},
		{"both made the same change", bundle.MergeText, "", "a b c", "a x c d", "a x c", "a x c d", server},
		{"clearing a text", bundle.MergeText, "", "a", "a b", nil, nil, client},
		{"a text that was cleared", bundle.MergeText, "", "a b", nil, "a b c", "a b c", client},
		{"a null base is an empty text", bundle.MergeText, "", nil, "x", "y", "xy", merged},
		{"scripts without blanks", bundle.MergeText, "", "今日天气好", "今日天气很好", "明日天气好", "明日天气很好", merged},
		{"a family stays together", bundle.MergeText, "", "hi 👩‍👧", "hi 👩‍👧!", "hi 👩‍👦", "hi 👩‍👦!", merged},

		{"json by member", bundle.MergeJSON, "", object("a", one, "b", one), object("a", two, "b", one), object("a", one, "b", three), object("a", two, "b", three), merged},
		{"json in depth", bundle.MergeJSON, "", object("p", object("x", one, "y", one)), object("p", object("x", two, "y", one)), object("p", object("x", one, "y", two)), object("p", object("x", two, "y", two)), merged},
		{"json: the device removed a member", bundle.MergeJSON, "", object("a", one, "b", one), object("a", one, "b", one, "c", one), object("a", one), object("a", one, "c", one), merged},
		{"json: edited after it was removed", bundle.MergeJSON, "", object("a", one), object(), object("a", two), object("a", two), client},
		{"json: seen and removed by another", bundle.MergeJSON, "", object("a", one, "b", one), object("b", one), object("a", one, "b", two), object("b", two), merged},
		{"json: lists are replaced", bundle.MergeJSON, "", object("l", array{one}), object("l", array{one, two}), object("l", array{three}), object("l", array{three}), client},
		{"json without a base", bundle.MergeJSON, "", unknown{}, object("a", one, "b", one), object("b", two), object("a", one, "b", two), merged},
		{"json over null", bundle.MergeJSON, "", nil, nil, object("a", one), object("a", one), none},
		{"json text", bundle.MergeJSON, "", value.JSON(`{"a":1.0}`), value.JSON(`{"a": 1, "b": 12345678901234567890123}`), value.JSON(`{"a":2}`), value.JSON(`{"a":2,"b":12345678901234567890123}`), merged},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			in := change(c.policy, c.typed, c.base, c.stored, c.sent)
			d := conflict.Row(merge, []conflict.Change{in})
			if d.Refused != nil {
				t.Fatalf("refused: %+v", d.Refused)
			}
			got := d.Fields[0]
			if !value.Equal(got.Value, c.want) {
				t.Errorf("value %s, want %s", value.AppendJSON(nil, got.Value), value.AppendJSON(nil, c.want))
			}
			if got.Outcome != c.outcome || (len(d.Conflicts) == 1) != (c.outcome != none) {
				t.Errorf("outcome %q (conflicts %v), want %q", got.Outcome, d.Conflicts, c.outcome)
			}
			if got.Changed != !value.Equal(got.Value, c.stored) {
				t.Errorf("changed %v", got.Changed)
			}
			if _, none := c.base.(unknown); got.NoBase != (none && (c.policy == bundle.MergeFirstWrite || c.policy == bundle.MergeCounter)) {
				t.Errorf("no base: %v", got.NoBase)
			}
		})
	}
}
