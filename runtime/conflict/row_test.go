package conflict_test

import (
	"math"
	"testing"
	"time"

	"turnkey/runtime/bundle"
	"turnkey/runtime/conflict"
	"turnkey/runtime/value"
)

func rows(p bundle.RowPolicy, field string) conflict.Policy {
	return conflict.Policy{OnConflict: bundle.OnConflict{Policy: p, Field: field}}
}

// column makes a change of a named column without a policy of its own.
func column(name string, base, server, client value.Value) conflict.Change {
	c := change("", "", base, server, client)
	c.Field.Name = name
	return c
}

func absent(name string, base, server value.Value) conflict.Change {
	c := column(name, base, server, nil)
	c.Absent = true
	return c
}

func values(d conflict.Decision) []value.Value {
	var out []value.Value
	for _, f := range d.Fields {
		out = append(out, f.Value)
	}
	return out
}

func TestRowPolicies(t *testing.T) {
	clash := column("title", "a", "x", "b")
	calm := column("note", "n", "n", "m")
	v := func(n int64) value.Value { return n }
	cases := []struct {
		name    string
		policy  conflict.Policy
		changes []conflict.Change
		want    []value.Value // nil: refused
		code    string
	}{
		{"last write", rows(bundle.RowLastWrite, ""), []conflict.Change{clash, calm}, []value.Value{"b", "m"}, ""},
		{"no policy is last write", conflict.Policy{}, []conflict.Change{clash}, []value.Value{"b"}, ""},
		{"reject refuses the transaction", rows(bundle.RowReject, ""), []conflict.Change{calm, clash}, nil, conflict.CodeConflict},
		{"reject without a conflict", rows(bundle.RowReject, ""), []conflict.Change{calm}, []value.Value{"m"}, ""},
		{"reject without a base", rows(bundle.RowReject, ""), []conflict.Change{column("title", unknown{}, "x", "b")}, []value.Value{"b"}, ""},
		{"record refuses and says so", rows(bundle.RowRecord, ""), []conflict.Change{clash}, nil, conflict.CodeRecorded},
		{"a hook starts from last write", rows(bundle.RowHook, ""), []conflict.Change{clash, calm}, []value.Value{"b", "m"}, ""},

		{"version: the base is what is stored", rows(bundle.RowVersion, "v"), []conflict.Change{clash, column("v", v(3), v(3), v(4))}, []value.Value{"b", v(4)}, ""},
		{"version: the base is older", rows(bundle.RowVersion, "v"), []conflict.Change{calm, column("v", v(2), v(3), v(3))}, nil, conflict.CodeConflict},
		{"version: without a base the device has counted", rows(bundle.RowVersion, "v"), []conflict.Change{calm, column("v", unknown{}, v(3), v(4))}, []value.Value{"m", v(4)}, ""},
		{"version: it has counted from an older one", rows(bundle.RowVersion, "v"), []conflict.Change{calm, column("v", unknown{}, v(3), v(3))}, nil, conflict.CodeConflict},
		{"version: only in the base", rows(bundle.RowVersion, "v"), []conflict.Change{calm, absent("v", v(3), v(3))}, []value.Value{"m", v(4)}, ""},
		{"version: nowhere", rows(bundle.RowVersion, "v"), []conflict.Change{calm, absent("v", unknown{}, v(3))}, nil, conflict.CodeConflict},
		{"version: null is 0", rows(bundle.RowVersion, "v"), []conflict.Change{calm, column("v", nil, nil, v(1))}, []value.Value{"m", v(1)}, ""},
		{"version: the server counts, whatever was sent", rows(bundle.RowVersion, "v"), []conflict.Change{calm, column("v", v(3), v(3), v(99))}, []value.Value{"m", v(4)}, ""},
		{"version: the stored width stays", rows(bundle.RowVersion, "v"), []conflict.Change{calm, column("v", v(3), int32(3), v(4))}, []value.Value{"m", int32(4)}, ""},
		{"version: a repeated write changes nothing", rows(bundle.RowVersion, "v"), []conflict.Change{column("title", "a", "b", "b"), column("v", v(3), v(4), v(4))}, []value.Value{"b", v(4)}, ""},
		{"version: the end of the numbers", rows(bundle.RowVersion, "v"), []conflict.Change{calm, column("v", v(math.MaxInt64), v(math.MaxInt64), nil)}, nil, conflict.CodeCounterOverflow},

		{"timestamp: younger", rows(bundle.RowTimestamp, "at"), []conflict.Change{clash, column("at", day(1), day(2), day(3))}, []value.Value{"b", day(3)}, ""},
		{"timestamp: older keeps the whole row", rows(bundle.RowTimestamp, "at"), []conflict.Change{clash, calm, column("at", unknown{}, day(3), day(2))}, []value.Value{"x", "n", day(3)}, ""},
		{"timestamp: what was sent as seen stays as stored", rows(bundle.RowTimestamp, "at"), []conflict.Change{column("title", "a", "x", "a"), column("at", day(1), day(2), day(3))}, []value.Value{"x", day(3)}, ""},
		{"timestamp: equal is taken", rows(bundle.RowTimestamp, "at"), []conflict.Change{clash, column("at", unknown{}, day(3), day(3))}, []value.Value{"b", day(3)}, ""},
		{"timestamp: stored as text, inside of JSON", rows(bundle.RowTimestamp, "at"), []conflict.Change{clash, column("at", unknown{}, "2026-01-03T00:00:00.000Z", day(2))}, []value.Value{"x", "2026-01-03T00:00:00.000Z"}, ""},
		{"timestamp: none stored", rows(bundle.RowTimestamp, "at"), []conflict.Change{clash, column("at", unknown{}, nil, day(3))}, []value.Value{"b", day(3)}, ""},
		{"timestamp: null is older than any", rows(bundle.RowTimestamp, "at"), []conflict.Change{clash, column("at", unknown{}, day(3), nil)}, []value.Value{"x", day(3)}, ""},
		{"timestamp: not sent is last write", rows(bundle.RowTimestamp, "at"), []conflict.Change{clash}, []value.Value{"b"}, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			d := conflict.Row(c.policy, c.changes)
			if (d.Refused != nil) != (c.code != "") || d.Refused != nil && (d.Refused.Code != c.code || d.Refused.Message == "" || d.Fields != nil) {
				t.Fatalf("refused %+v, want code %q", d.Refused, c.code)
			}
			got := values(d)
			if len(got) != len(c.want) {
				t.Fatalf("%d values, want %d", len(got), len(c.want))
			}
			for i := range got {
				if !value.Equal(got[i], c.want[i]) {
					t.Errorf("%s is %v (%T), want %v (%T)", c.changes[i].Field.Name, got[i], got[i], c.want[i], c.want[i])
				}
			}
			if d.Hook != (c.policy.OnConflict.Policy == bundle.RowHook) {
				t.Errorf("hook: %v", d.Hook)
			}
		})
	}
}

// TestOwnWrites: what this client's previous operation left is no conflict, even where a hook or a
// merge made something else of it.
func TestOwnWrites(t *testing.T) {
	own := column("title", "a", "A", "b")
	own.Own = true
	for _, p := range []bundle.RowPolicy{bundle.RowReject, bundle.RowRecord, bundle.RowHook, bundle.RowLastWrite, bundle.RowMerge} {
		d := conflict.Row(rows(p, ""), []conflict.Change{own})
		if d.Refused != nil || d.Hook || len(d.Conflicts) > 0 || d.Fields[0].Value != "b" || d.Fields[0].Outcome != "" {
			t.Errorf("%s: %+v", p, d)
		}
	}
	counter := change(bundle.MergeCounter, bundle.TypeInt64, int64(1), int64(10), int64(2))
	counter.Own = true
	if d := conflict.Row(merge, []conflict.Change{counter}); d.Fields[0].Value != int64(11) || len(d.Conflicts) > 0 {
		t.Errorf("a counter still adds: %+v", d)
	}
}

// TestRefusedOutcomes: refused conflicts are counted as what they are.
func TestRefusedOutcomes(t *testing.T) {
	clash := []conflict.Change{column("title", "a", "x", "b")}
	if no := conflict.Row(rows(bundle.RowReject, ""), clash).Refused; no.Outcome() != conflict.Rejected {
		t.Errorf("reject counts as %q", no.Outcome())
	}
	if no := conflict.Row(rows(bundle.RowRecord, ""), clash).Refused; no.Outcome() != conflict.Recorded {
		t.Errorf("record counts as %q", no.Outcome())
	}
}

// TestFieldTimes: each field follows its own time, and the time follows the greater.
func TestFieldTimes(t *testing.T) {
	write := func(base, server, client value.Value, stored, sent time.Time) []conflict.Change {
		title := column("title", base, server, client)
		title.Field.Merge = bundle.Merge{Policy: bundle.MergeTimestamp, Field: "title_at"}
		at := column("title_at", unknown{}, stored, sent)
		at.Field.Merge = bundle.Merge{Policy: bundle.MergeMax} // as package config fills in
		return []conflict.Change{title, at}
	}
	if got := values(conflict.Row(merge, write("a", "x", "b", day(2), day(3)))); got[0] != "b" || got[1] != day(3) {
		t.Errorf("younger: %v", got)
	}
	if got := values(conflict.Row(merge, write("a", "x", "b", day(3), day(2)))); got[0] != "x" || got[1] != day(3) {
		t.Errorf("older: %v", got)
	}
	if d := conflict.Row(merge, write("a", "x", "b", day(3), day(2))[:1]); d.Fields[0].Value != "b" || !d.Fields[0].NoBase {
		t.Errorf("without its time: %+v", d.Fields)
	}
}

func TestFieldHook(t *testing.T) {
	title := change(bundle.MergeHook, "", "a", "x", "b")
	count := change(bundle.MergeCounter, bundle.TypeInt64, int64(1), int64(2), int64(2))
	d := conflict.Row(merge, []conflict.Change{count, title})
	if !d.Hook || d.Fields[0].Hook || !d.Fields[1].Hook || d.Fields[0].Value != int64(3) || d.Fields[1].Value != "b" {
		t.Errorf("%+v", d)
	}
	title = change(bundle.MergeHook, "", "a", "a", "b")
	if d := conflict.Row(merge, []conflict.Change{title}); d.Hook {
		t.Error("a hook is asked without a conflict")
	}
}

func TestDeletes(t *testing.T) {
	moved := []conflict.Change{column("a", "1", "1", nil), column("b", "1", "2", nil)}
	calm := moved[:1]
	lose := conflict.Policy{Deletes: bundle.DeletesLose}
	if d := conflict.Delete(conflict.Policy{}, moved); d.Dropped || d.Tombstone {
		t.Errorf("deletes win: %+v", d)
	}
	if d := conflict.Delete(conflict.Policy{Deletes: bundle.DeletesTombstone}, moved); d.Dropped || !d.Tombstone {
		t.Errorf("tombstone: %+v", d)
	}
	if d := conflict.Delete(lose, moved); !d.Dropped || len(d.Conflicts) != 1 || d.Conflicts[0] != 1 {
		t.Errorf("deletes lose: %+v", d)
	}
	if d := conflict.Delete(lose, calm); d.Dropped || d.NoBase {
		t.Errorf("nothing changed: %+v", d)
	}
	if d := conflict.Delete(lose, nil); d.Dropped || !d.NoBase {
		t.Errorf("without previous values a delete passes: %+v", d)
	}
}

// TestCounterRefusals: a counter never wraps around and never loses a digit.
func TestCounterRefusals(t *testing.T) {
	cases := []struct {
		name                 string
		typed                bundle.TypeName
		base, stored, client value.Value
	}{
		{"int32 above", bundle.TypeInt32, int32(0), int32(math.MaxInt32), int32(1)},
		{"int32 below", bundle.TypeInt32, int32(0), int32(math.MinInt32), int32(-1)},
		{"int64 above", bundle.TypeInt64, int64(0), int64(math.MaxInt64), int64(1)},
		{"int64 below", bundle.TypeInt64, int64(1), int64(math.MinInt64), int64(0)},
		{"a double to infinity", bundle.TypeDouble, 0.0, math.MaxFloat64, math.MaxFloat64},
		{"a fraction stored where whole numbers are declared", bundle.TypeInt64, int64(1), 2.5, int64(2)},
		{"more than 34 digits", bundle.TypeDecimal, value.Decimal("0"), value.Decimal("1E+34"), value.Decimal("0.1")},
		{"a decimal above its range", bundle.TypeDecimal, value.Decimal("0"), value.Decimal("9E+6144"), value.Decimal("1E+6144")},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			d := conflict.Row(merge, []conflict.Change{change(bundle.MergeCounter, c.typed, c.base, c.stored, c.client)})
			if d.Refused == nil || d.Refused.Code != conflict.CodeCounterOverflow || d.Refused.Field != "f" || d.Refused.Hint == "" {
				t.Errorf("got %+v %+v", d.Refused, d.Fields)
			}
		})
	}
	// What overflows only on the way is fine.
	d := conflict.Row(merge, []conflict.Change{change(bundle.MergeCounter, bundle.TypeInt64, int64(math.MaxInt64-1), int64(5), int64(math.MaxInt64))})
	if d.Refused != nil || d.Fields[0].Value != int64(6) {
		t.Errorf("got %+v", d)
	}
}
