package mongo

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"turnkey/runtime/source"
	"turnkey/runtime/value"
)

func TestDecodeAndEncodeKeepEveryByte(t *testing.T) {
	raw, err := bson.Marshal(everyType(bson.NewObjectID()))
	if err != nil {
		t.Fatal(err)
	}
	obj, err := decode(raw)
	if err != nil {
		t.Fatal(err)
	}
	id, _ := obj.Get("_id")
	back, err := appendDocument(nil, id, obj)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(raw, back) {
		t.Errorf("changed on the way:\n%v\n%v", raw, bson.Raw(back))
	}
}

func FuzzDecode(f *testing.F) {
	raw, err := bson.Marshal(everyType(1))
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(raw))
	f.Add([]byte{5, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		if obj, err := decode(b); err == nil && obj == nil {
			t.Error("neither document nor error")
		}
	})
}

func TestEditingOneNestedFieldLeavesAllOtherBytes(t *testing.T) {
	w := newWorld(t)
	id := bson.NewObjectID()
	if _, err := w.bare.Collection("Todos").InsertOne(t.Context(), everyType(id)); err != nil {
		t.Fatal(err)
	}
	before := w.raw(t, id)
	x, err := w.Begin(t.Context(), source.Session{})
	if err != nil {
		t.Fatal(err)
	}
	rows, _, err := x.Read(t.Context(), []source.Ref{{Table: todos, ID: value.ObjectID(id)}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	next := rows[0].Doc.Clone()
	next.SetAt([]string{"sub", "city"}, "Bonn")
	items, _ := next.Get("items")
	list := append(value.Array{}, items.(value.Array)...)
	first := list[0].(*value.Object).Clone()
	first.Set("done", true)
	list[0] = first
	next.Set("items", list)
	err = x.Apply(t.Context(), []source.Change{{Kind: source.Update, Table: todos, ID: value.ObjectID(id), Doc: next, Set: []source.Assignment{
		{Path: []string{"sub", "city"}, Value: "Bonn"}, {Path: []string{"items"}, Value: list}}}}, &source.Finish{})
	if err != nil {
		t.Fatal(err)
	}
	want := bytes.Replace(before, []byte("Ulm\x00"), []byte("Bonn\x00"), 1)
	want = bytes.Replace(want, []byte("\x08done\x00\x00"), []byte("\x08done\x00\x01"), 1)
	after := w.raw(t, id)
	// Two lengths grew by one: the document's, the string's and that of sub.
	if len(after) != len(before)+1 {
		t.Fatalf("length %d, before %d", len(after), len(before))
	}
	differ := 0
	for i := range after {
		if after[i] != want[i] {
			differ++
		}
	}
	if differ > 3 {
		t.Errorf("%d bytes differ besides the new values\n%v\n%v", differ, before, after)
	}
}

func TestOperatorsInDataStayData(t *testing.T) {
	w := newWorld(t)
	if err := w.apply(t, source.Change{Kind: source.Insert, Table: todos, ID: "1", Doc: doc("n", int32(1))}); err != nil {
		t.Fatal(err)
	}
	update := func(path []string, v value.Value) source.Change {
		return source.Change{Kind: source.Update, Table: todos, ID: "1", Set: []source.Assignment{{Path: path, Value: v}}}
	}
	refused := map[string]source.Change{
		"operator as a field":  update([]string{"$set"}, int32(2)),
		"operator below":       update([]string{"a", "$inc"}, int32(2)),
		"dotted name":          update([]string{"a.b"}, int32(2)),
		"nul in a name":        update([]string{"a\x00b"}, int32(2)),
		"empty name":           update([]string{""}, int32(2)),
		"the id":               update([]string{"_id"}, "2"),
		"operator in a value":  update([]string{"a"}, doc("$gt", "")),
		"operator in an array": update([]string{"a"}, value.Array{doc("$where", "1")}),
		"id is a document":     {Kind: source.Delete, Table: todos, ID: doc("$gt", "")},
		"id is null":           {Kind: source.Delete, Table: todos, ID: nil},
		"insert of operators":  {Kind: source.Insert, Table: todos, ID: "2", Doc: doc("$set", "x")},
		"not UTF-8":            update([]string{"a"}, "\xff"),
		"date out of range":    update([]string{"a"}, time.UnixMilli(maxDateMS+1)),
		"untyped number":       update([]string{"a"}, value.Number("1")),
		"decimal too long":     update([]string{"a"}, value.Decimal(strings.Repeat("9", 35))),
		"foreign opaque":       update([]string{"a"}, value.Opaque{Native: 1}),
		"too deep":             update([]string{"a"}, nest(maxDepth)),
	}
	for name, c := range refused {
		err := w.apply(t, source.Change{Kind: source.Insert, Table: todos, ID: "other", Doc: doc()}, c)
		if f := source.FailureOf(err); err == nil || f.Class != source.Refused || f.Code != "INVALID_DATA" || f.Change != 1 {
			t.Errorf("%s: %v", name, err)
		}
	}
	n, err := w.bare.Collection("Todos").CountDocuments(t.Context(), bson.D{})
	if err != nil || n != 1 {
		t.Errorf("%d documents, %v", n, err)
	}
	if err := w.apply(t, update([]string{"a"}, "{\"$gt\":1}"), source.Change{Kind: source.Insert, Table: todos, ID: "$ne", Doc: doc("d", nest(maxDepth-1))}); err != nil {
		t.Errorf("harmless values were refused: %v", err)
	}
}

func nest(levels int) value.Value {
	var v value.Value = "x"
	for range levels {
		v = doc("n", v)
	}
	return v
}

func TestLeaves(t *testing.T) {
	w := newWorld(t)
	if err := w.apply(t, source.Change{Kind: source.Insert, Table: todos, ID: "1", Doc: doc("address", nil, "gone", "x", "keep", "y", "deep", doc("a", nil))}); err != nil {
		t.Fatal(err)
	}
	x, _ := w.Begin(t.Context(), source.Session{})
	rows, _, err := x.Read(t.Context(), []source.Ref{{Table: todos, ID: "1"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	next := rows[0].Doc.Clone()
	set := []source.Assignment{
		{Path: []string{"address", "city"}, Value: "Bonn"}, {Path: []string{"address", "zip"}, Value: "5"},
		{Path: []string{"deep", "a", "b"}, Value: nil}, {Path: []string{"new", "x"}, Value: int64(1)},
		{Path: []string{"gone"}, Remove: true}, {Path: []string{"keep"}, Value: nil},
	}
	for _, a := range set {
		if a.Remove {
			next.Delete(a.Path[0])
		} else {
			next.SetAt(a.Path, a.Value)
		}
	}
	if err := x.Apply(t.Context(), []source.Change{{Kind: source.Update, Table: todos, ID: "1", Doc: next, Set: set}}, &source.Finish{}); err != nil {
		t.Fatal(err)
	}
	want := `{"_id":"1","address":{"city":"Bonn","zip":"5"},"keep":null,"deep":{"a":{"b":null}},"new":{"x":{"$numberLong":"1"}}}`
	if got, _ := bson.MarshalExtJSON(w.raw(t, "1"), true, false); string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
