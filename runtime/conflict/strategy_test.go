package conflict_test

import (
	"testing"

	"turnkey/runtime/bundle"
	"turnkey/runtime/conflict"
	"turnkey/runtime/value"
)

// TestPowerSyncStrategies goes through the seven strategies of PowerSync's page on custom conflict
// resolution, each with the setting that does it here.
func TestPowerSyncStrategies(t *testing.T) {
	t.Run("1 timestamps: on_conflict: {timestamp: modified_at}", func(t *testing.T) {
		stale := conflict.Row(rows(bundle.RowTimestamp, "modified_at"), []conflict.Change{column("title", unknown{}, "new", "old"), column("modified_at", unknown{}, day(5), day(4))})
		if got := values(stale); got[0] != "new" || got[1] != day(5) {
			t.Errorf("a stale write changed the row: %v", got)
		}
	})
	t.Run("2 versions: on_conflict: {version: version}", func(t *testing.T) {
		write := func(seen, stored int64) conflict.Decision {
			return conflict.Row(rows(bundle.RowVersion, "version"), []conflict.Change{column("title", unknown{}, "a", "b"), column("version", unknown{}, stored, seen+1)})
		}
		if d := write(7, 7); d.Refused != nil || d.Fields[1].Value != int64(8) {
			t.Errorf("the version is not counted: %+v", d)
		}
		if d := write(6, 7); d.Refused == nil || d.Fields != nil {
			t.Errorf("all or nothing: %+v", d)
		}
	})
	t.Run("3 times by field: merge: {timestamp: title_modified_at}", func(t *testing.T) {
		timed := func(name string, stored, sent value.Value) conflict.Change {
			c := column(name, unknown{}, stored, sent)
			c.Field.Merge = bundle.Merge{Policy: bundle.MergeTimestamp, Field: name + "_at"}
			return c
		}
		at := func(name string, stored, sent int) conflict.Change {
			c := column(name+"_at", unknown{}, day(stored), day(sent))
			c.Field.Merge = bundle.Merge{Policy: bundle.MergeMax}
			return c
		}
		got := values(conflict.Row(merge, []conflict.Change{timed("title", "server", "client"), at("title", 3, 2), timed("note", "server", "client"), at("note", 2, 3)}))
		if got[0] != "server" || got[1] != day(3) || got[2] != "client" || got[3] != day(3) {
			t.Errorf("got %v", got)
		}
	})
	t.Run("4 business rules: transitions, immutable and CEL rules", func(t *testing.T) {
		status := conflict.Guard{Transitions: map[string][]string{"pending": {"shipped", "cancelled"}, "shipped": {}}}
		if no := status.Permits("status", "shipped", "cancelled"); no == nil || no.Code != conflict.CodeTransition {
			t.Errorf("a shipped order was cancelled: %+v", no)
		}
		if no := status.Permits("status", "pending", "shipped"); no != nil {
			t.Errorf("refused: %+v", no)
		}
	})
	t.Run("5 recorded conflicts: on_conflict: record", func(t *testing.T) {
		d := conflict.Row(rows(bundle.RowRecord, ""), []conflict.Change{column("title", "a", "x", "b"), column("note", "n", "n", "m")})
		if d.Refused == nil || d.Refused.Code != conflict.CodeRecorded || len(d.Conflicts) != 1 || d.Conflicts[0] != 0 {
			t.Errorf("got %+v", d)
		}
	})
	t.Run("6 the fate of each change: on_conflict: merge, an outcome for each field", func(t *testing.T) {
		first := column("title", "a", "x", "b")
		first.Field.Merge.Policy = bundle.MergeFirstWrite
		d := conflict.Row(merge, []conflict.Change{first, column("note", "n", "y", "m"), column("done", false, false, true)})
		if d.Fields[0].Outcome != conflict.KeptServer || d.Fields[1].Outcome != conflict.TookClient || d.Fields[2].Outcome != "" {
			t.Errorf("got %+v", d.Fields)
		}
	})
	t.Run("7 deltas: merge: counter", func(t *testing.T) {
		// PowerSync uploads the new stock, not the difference: 10 - 3 is 7, while another device sold 4.
		d := conflict.Row(merge, []conflict.Change{change(bundle.MergeCounter, bundle.TypeInt64, int64(10), int64(6), int64(7))})
		if d.Fields[0].Value != int64(3) {
			t.Errorf("got %+v", d.Fields[0])
		}
	})
}

// TestAtlasMergeTable goes through Device Sync's merge table. Where the outcome differs, the name says
// so: here writes are ordered by their arrival, not by the devices' clocks, unless {timestamp} is set.
func TestAtlasMergeTable(t *testing.T) {
	t.Run("Update(f) and Update(f): the later time, with merge: {timestamp: f_at}", func(t *testing.T) {
		f := column("f", unknown{}, "stored, later", "sent, earlier")
		f.Field.Merge = bundle.Merge{Policy: bundle.MergeTimestamp, Field: "f_at"}
		if got := values(conflict.Row(merge, []conflict.Change{f, column("f_at", unknown{}, day(2), day(1))})); got[0] != "stored, later" {
			t.Errorf("got %v", got)
		}
	})
	t.Run("Update(f) and Update(f): differs by default, the last to arrive", func(t *testing.T) {
		if got := values(conflict.Row(conflict.Policy{}, []conflict.Change{column("f", "a", "x", "b")})); got[0] != "b" {
			t.Errorf("got %v", got)
		}
	})
	t.Run("Update(f) and Update(g): both", func(t *testing.T) {
		if got := values(conflict.Row(conflict.Policy{}, []conflict.Change{column("g", "a", "a", "b")})); got[0] != "b" {
			t.Errorf("got %v", got) // f is not in the operation, so it stays
		}
	})
	t.Run("EraseObject wins over Update", func(t *testing.T) {
		if d := conflict.Delete(conflict.Policy{}, []conflict.Change{column("f", "a", "x", nil)}); d.Dropped {
			t.Errorf("got %+v", d)
		}
	})
	t.Run("CreateObject and CreateObject: one object, an update without a base", func(t *testing.T) {
		if got := values(conflict.Row(merge, []conflict.Change{column("f", unknown{}, "x", "b")})); got[0] != "b" {
			t.Errorf("got %v", got)
		}
	})
	t.Run("Update(parent) and a nested edit: the last to arrive has the parent", func(t *testing.T) {
		stored, sent := object("x", int64(2), "y", int64(1)), object("z", int64(3))
		if got := values(conflict.Row(conflict.Policy{}, []conflict.Change{column("p", object("x", int64(1), "y", int64(1)), stored, sent)})); !value.Equal(got[0], sent) {
			t.Errorf("got %v", got)
		}
	})
	t.Run("AddInteger and AddInteger: both, 0 +5 +4 is 9", func(t *testing.T) {
		d := conflict.Row(merge, []conflict.Change{change(bundle.MergeCounter, bundle.TypeInt64, int64(0), int64(5), int64(4))})
		if d.Fields[0].Value != int64(9) {
			t.Errorf("got %+v", d.Fields[0])
		}
	})
	t.Run("AddInteger after Update(int): 100 +3 is 103", func(t *testing.T) {
		d := conflict.Row(merge, []conflict.Change{change(bundle.MergeCounter, bundle.TypeInt64, int64(10), int64(100), int64(13))})
		if d.Fields[0].Value != int64(103) {
			t.Errorf("got %+v", d.Fields[0])
		}
	})
	t.Run("AddInteger over null: differs, null counts as 0 and nothing is lost", func(t *testing.T) {
		d := conflict.Row(merge, []conflict.Change{change(bundle.MergeCounter, bundle.TypeInt64, int64(10), nil, int64(13))})
		if d.Fields[0].Value != int64(3) {
			t.Errorf("got %+v", d.Fields[0])
		}
	})
	t.Run("ArrayInsert at one index: both, by arrival", func(t *testing.T) {
		d := conflict.Row(merge, []conflict.Change{change(bundle.MergeAppend, "", array{}, array{"first"}, array{"second"})})
		if !value.Equal(d.Fields[0].Value, array{"first", "second"}) {
			t.Errorf("got %+v", d.Fields[0])
		}
	})
	t.Run("ArraySet of an erased element is dropped", func(t *testing.T) {
		d := conflict.Row(merge, []conflict.Change{change(bundle.MergeSet, "", array{object("id", "1", "n", int64(1))}, array{}, array{object("id", "1", "n", int64(2))})})
		if !value.Equal(d.Fields[0].Value, array{}) {
			t.Errorf("got %+v", d.Fields[0])
		}
	})
	t.Run("Clear and newer inserts: the inserts survive a clear of the set", func(t *testing.T) {
		d := conflict.Row(merge, []conflict.Change{change(bundle.MergeSet, "", array{"a", "b"}, array{"a", "b", "new"}, array{})})
		if !value.Equal(d.Fields[0].Value, array{"new"}) {
			t.Errorf("got %+v", d.Fields[0])
		}
	})
	t.Run("Set insert and erase of different values: both", func(t *testing.T) {
		d := conflict.Row(merge, []conflict.Change{change(bundle.MergeSet, "", array{"a"}, array{"a", "x"}, array{})})
		if !value.Equal(d.Fields[0].Value, array{"x"}) {
			t.Errorf("got %+v", d.Fields[0])
		}
	})
	t.Run("Dictionary keys: each like a field", func(t *testing.T) {
		d := conflict.Row(merge, []conflict.Change{change(bundle.MergeJSON, "", object("a", "1", "b", "1"), object("a", "2", "b", "1"), object("b", "3"))})
		if !value.Equal(d.Fields[0].Value, object("b", "3")) {
			t.Errorf("got %+v", d.Fields[0]) // the device erased a: the last to arrive, as with fields
		}
	})
	t.Run("containers of different kinds: the later update", func(t *testing.T) {
		d := conflict.Row(merge, []conflict.Change{change(bundle.MergeSet, "", array{"a"}, object("k", "v"), array{"b"})})
		if !value.Equal(d.Fields[0].Value, array{"b"}) {
			t.Errorf("got %+v", d.Fields[0])
		}
	})
}
