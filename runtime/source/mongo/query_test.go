package mongo

import (
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"turnkey/runtime/bundle"
	"turnkey/runtime/source"
	"turnkey/runtime/value"
)

func condition(path string, op source.Comparison, values ...value.Value) source.Condition {
	return source.Condition{Path: strings.Split(path, "."), Op: op, Values: values}
}

// Conditions reach into documents and lists; what is compared with is data, whatever it looks like.
func TestQueriesReachIntoDocuments(t *testing.T) {
	w := newWorld(t)
	ada := value.ObjectID{1}
	docs := []any{
		bson.D{{Key: "_id", Value: "a"}, {Key: "owner", Value: bson.ObjectID(ada)}, {Key: "address", Value: bson.D{{Key: "city", Value: "Rome"}, {Key: "zip", Value: int32(1)}}}, {Key: "tags", Value: bson.A{"x", "y"}}},
		bson.D{{Key: "_id", Value: "b"}, {Key: "owner", Value: ada.String()}, {Key: "address", Value: bson.D{{Key: "city", Value: nil}}}, {Key: "items", Value: bson.A{bson.D{{Key: "n", Value: int64(3)}}}}},
		bson.D{{Key: "_id", Value: "c"}, {Key: "address", Value: nil}, {Key: "n", Value: 2.5}},
	}
	if _, err := w.bare.Collection("Docs").InsertMany(t.Context(), docs); err != nil {
		t.Fatal(err)
	}
	table := &source.Table{Name: "docs", Collection: "Docs", Key: "_id", ID: bundle.TypeString}
	rome := &value.Object{Members: []value.Member{{Name: "city", Value: "Rome"}, {Name: "zip", Value: int32(1)}}}
	for _, c := range []struct {
		want  string
		where source.Condition
	}{
		{"a", condition("address.city", source.Eq, "Rome")},
		{"b c", condition("address.city", source.Eq, nil)},
		{"a", condition("address.city", source.Ne, nil)},
		{"b c", condition("address.city", source.Ne, "Rome")},
		{"a", condition("address", source.Eq, rome)},
		{"a", condition("owner", source.Eq, ada)},
		{"b", condition("owner", source.Eq, ada.String())},
		{"a", condition("tags", source.Eq, "y")},
		{"a", condition("tags", source.Eq, value.Array{"x", "y"})},
		{"b", condition("items.n", source.Gt, int32(2))},
		{"b", condition("items.0.n", source.Eq, int32(3))},
		{"c", condition("n", source.Gt, int64(2))},
		{"", condition("n", source.Gt, "")},
		{"", condition("address.city", source.Eq, &value.Object{})},
	} {
		tx, err := w.Begin(t.Context(), source.Session{})
		if err != nil {
			t.Fatal(err)
		}
		q := &source.Query{Table: table, Where: []source.Condition{c.where}}
		rows, fits, err := tx.Find(t.Context(), q)
		var ids []string
		for _, r := range rows {
			id, _ := r.Doc.Get("_id")
			ids = append(ids, id.(string))
		}
		if got := strings.Join(ids, " "); err != nil || !fits || got != c.want {
			t.Errorf("%+v found %q, want %q: %v", c.where, got, c.want, err)
		}
		if n, err := tx.Count(t.Context(), q); err != nil || int(n) != len(ids) {
			t.Errorf("%+v counted %d: %v", c.where, n, err)
		}
		tx.Rollback(t.Context())
	}
}

// No query can hold an operator: neither as a field, nor inside a value.
func TestQueriesHoldNoOperators(t *testing.T) {
	table := &source.Table{Name: "docs", Collection: "Docs", Key: "_id", ID: bundle.TypeString}
	member := func(name string) *value.Object {
		return &value.Object{Members: []value.Member{{Name: name, Value: "1"}}}
	}
	for what, c := range map[string]source.Condition{
		"a field": condition("$where", source.Eq, "sleep(1)"), "$expr": condition("$expr", source.Eq, true), "a step": condition("a.$gt", source.Eq, "x"), "an empty step": condition("a..b", source.Eq, "x"),
		"inside the id": condition("_id.x", source.Eq, "x"), "a value": condition("a", source.Eq, member("$gt")), "deep in a value": condition("a", source.In, value.Array{member("$where")}),
		"a dotted member": condition("a", source.Eq, member("b.c")), "a NUL": condition("a\x00b", source.Eq, "x"),
	} {
		if raw, err := queryFilter(&source.Query{Table: table, Where: []source.Condition{c}}); err == nil {
			t.Errorf("%s: %s", what, raw)
		} else if f := source.FailureOf(err); f.Class != source.Refused {
			t.Errorf("%s: %v", what, err)
		}
	}
	raw, err := queryFilter(&source.Query{Table: table, Where: []source.Condition{condition("a", source.Gte, "$where"), condition("a", source.Lt, "{$gt: 1}")}})
	if err != nil || raw.String() != `{"$and": [{"a": {"$gte": "$where"}},{"a": {"$lt": "{$gt: 1}"}}]}` {
		t.Errorf("%s %v", raw, err)
	}
}

// What is written below a member follows what this transaction has made of it.
func TestUpdatesFollowTheTransactionsOwnWrites(t *testing.T) {
	w := newWorld(t)
	if _, err := w.bare.Collection("Docs").InsertOne(t.Context(), bson.D{{Key: "_id", Value: "a"}, {Key: "address", Value: bson.D{{Key: "city", Value: "Rome"}}}}); err != nil {
		t.Fatal(err)
	}
	table := &source.Table{Name: "docs", Collection: "Docs", Key: "_id", ID: bundle.TypeString}
	tx, err := w.Begin(t.Context(), source.Session{})
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(t.Context())
	if _, _, err := tx.Find(t.Context(), &source.Query{Table: table}); err != nil {
		t.Fatal(err)
	}
	object := func(name string, v value.Value) *value.Object {
		return &value.Object{Members: []value.Member{{Name: name, Value: v}}}
	}
	for i, c := range []source.Change{
		{Doc: object("address", nil), Set: []source.Assignment{{Path: []string{"address"}}}},
		{Doc: object("address", object("city", "Oslo")), Set: []source.Assignment{{Path: []string{"address", "city"}, Value: "Oslo"}}},
	} {
		c.Kind, c.Table, c.ID = source.Update, table, "a"
		if err := tx.Apply(t.Context(), []source.Change{c}, nil); err != nil {
			t.Fatalf("update %d: %v", i, err)
		}
	}
	rows, _, err := tx.Find(t.Context(), &source.Query{Table: table})
	if err != nil || len(rows) != 1 {
		t.Fatal(rows, err)
	}
	if city, _ := rows[0].Doc.At([]string{"address", "city"}); city != "Oslo" {
		t.Errorf("%v", rows[0].Doc)
	}
}
