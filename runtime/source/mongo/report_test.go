package mongo

import (
	"bytes"
	"strings"
	"sync"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"turnkey/runtime/bundle"
	"turnkey/runtime/source"
	"turnkey/runtime/value"
)

func TestRejectAndPrepare(t *testing.T) {
	w := newWorld(t)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if err := w.Prepare(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	payload := bytes.Repeat([]byte("payload\xff "), 1<<20)
	r := source.Rejection{ID: "rej_1", UserID: "u1", TableName: "todos", RowID: "1", ErrorCode: "X", Message: "m\xff", Hint: "h", CreatedAt: time.UnixMilli(1700000000000),
		ClientID: "c", RequestID: "req", Deployment: 3, Operation: -1, Detail: "E11000 secret detail", Client: []byte(`{"id":"c"}`), Payload: payload, PayloadBytes: len(payload)}
	for range 3 { // a retry of the pipeline's makes a new transaction with the same rejection
		x, err := w.Begin(t.Context(), source.Session{})
		if err != nil {
			t.Fatal(err)
		}
		if err := x.Apply(t.Context(), nil, &source.Finish{Rejection: &r}); err != nil && source.FailureOf(err).Class != source.Conflict {
			t.Error(err)
		}
	}
	got, err := w.bare.Collection(rejectionsName).FindOne(t.Context(), bson.D{{Key: "_id", Value: "rej_1"}}).Raw()
	if err != nil {
		t.Fatal(err)
	}
	elements, _ := got.Elements()
	var names []string
	for _, e := range elements {
		names = append(names, e.Key())
	}
	if s := strings.Join(names, " "); s != "_id user_id table_name row_id error_code message hint status created_at" {
		t.Errorf("users would see %s", s)
	}
	if strings.Contains(got.String(), "secret") || got.Lookup("created_at").Type != bson.TypeDateTime || got.Lookup("status").StringValue() != "open" {
		t.Errorf("the user's part is %s", got)
	}
	cur, err := w.bare.Collection(payloadsName).Find(t.Context(), bson.D{{Key: "_id", Value: bson.D{{Key: "$gte", Value: "rej_1/payload/"}, {Key: "$lt", Value: "rej_1/payload0"}}}}, options.Find().SetSort(bson.D{{Key: "_id", Value: 1}}))
	if err != nil {
		t.Fatal(err)
	}
	var parts []struct{ Data []byte }
	if err := cur.All(t.Context(), &parts); err != nil {
		t.Fatal(err)
	}
	var all []byte
	for _, p := range parts {
		if len(p.Data) > partSize {
			t.Errorf("a part of %d bytes", len(p.Data))
		}
		all = append(all, p.Data...)
	}
	if !bytes.Equal(all, payload) {
		t.Error("the payload is not what was received")
	}
	if n, _ := w.bare.Collection(rejectionsName).CountDocuments(t.Context(), bson.D{}); n != 1 {
		t.Errorf("%d rejections", n)
	}
}

func TestLookup(t *testing.T) {
	w := newWorld(t)
	users := w.bare.Collection("users")
	if _, err := users.InsertMany(t.Context(), []any{
		bson.D{{Key: "_id", Value: 1}, {Key: "email", Value: "a@x"}, {Key: "app", Value: "u1"}},
		bson.D{{Key: "_id", Value: 2}, {Key: "email", Value: "twice"}, {Key: "app", Value: "u2"}},
		bson.D{{Key: "_id", Value: 3}, {Key: "email", Value: "twice"}, {Key: "app", Value: "u3"}},
		bson.D{{Key: "_id", Value: 4}, {Key: "email", Value: bson.A{"list@x"}}, {Key: "app", Value: "u4"}},
		bson.D{{Key: "_id", Value: 5}, {Key: "app", Value: "u5"}},
	}); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		match map[string]value.Value
		want  value.Value
		code  string
	}{
		"one":               {match: map[string]value.Value{"email": "a@x"}, want: "u1"},
		"none":              {match: map[string]value.Value{"email": "b@x"}},
		"two":               {match: map[string]value.Value{"email": "twice"}, code: "lookup_ambiguous"},
		"inside a list":     {match: map[string]value.Value{"email": "list@x"}},
		"null":              {match: map[string]value.Value{"email": nil}, code: "INVALID_DATA"},
		"operator":          {match: map[string]value.Value{"email": doc("$gt", "")}, code: "INVALID_DATA"},
		"list":              {match: map[string]value.Value{"email": value.Array{"a@x"}}, code: "INVALID_DATA"},
		"operator as field": {match: map[string]value.Value{"$where": "1"}, code: "lookup_invalid"},
		"nothing":           {match: nil, code: "lookup_invalid"},
	} {
		v, found, err := w.Lookup(t.Context(), "users", c.match, "app")
		if c.code == "" && (err != nil || found != (c.want != nil) || v != c.want && found) || c.code != "" && (err == nil || source.FailureOf(err).Code != c.code) {
			t.Errorf("%s: %v %v %v", name, v, found, err)
		}
	}
}

func TestInspect(t *testing.T) {
	w := newWorld(t)
	schema := bson.D{{Key: "$jsonSchema", Value: bson.D{{Key: "properties", Value: bson.D{
		{Key: "due", Value: bson.D{{Key: "bsonType", Value: bson.A{"date", "null"}}}},
		{Key: "lines", Value: bson.D{{Key: "bsonType", Value: "array"}, {Key: "items", Value: bson.D{{Key: "bsonType", Value: "object"}, {Key: "properties", Value: bson.D{{Key: "price", Value: bson.D{{Key: "bsonType", Value: "decimal"}}}}}}}}}}}}}}
	if err := w.bare.CreateCollection(t.Context(), "Orders", options.CreateCollection().SetValidator(schema)); err != nil {
		t.Fatal(err)
	}
	if err := w.bare.CreateCollection(t.Context(), "Last", options.CreateCollection().SetCapped(true).SetSizeInBytes(4096)); err != nil {
		t.Fatal(err)
	}
	if err := w.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		var mixed any = "x"
		if i%2 == 0 {
			mixed = int32(i)
		}
		d := everyType(bson.NewObjectID())
		if _, err := w.bare.Collection("Todos").InsertOne(t.Context(), append(d, bson.E{Key: "mixed", Value: mixed}, bson.E{Key: "_private", Value: 1})); err != nil {
			t.Fatal(err)
		}
	}
	in, err := w.Inspect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(in.Tables) != 2 || in.Tables[0].Name != "Orders" || in.Tables[1].Name != "Todos" {
		t.Fatalf("%+v", in)
	}
	if len(in.Notes) != 1 || !strings.Contains(in.Notes[0], "Last is capped") {
		t.Errorf("notes: %q", in.Notes)
	}
	orders, found := in.Tables[0].Table, in.Tables[1]
	if f := orders.Fields["lines"].Type; orders.Fields["due"].Type.Name != bundle.TypeDate || f.Name != bundle.TypeArray || f.Elem == nil || f.Elem.Fields["price"].Name != bundle.TypeDecimal {
		t.Errorf("the validator was read as %+v", orders.Fields)
	}
	if found.Table.ID != bundle.TypeObjectID || found.Rows != 20 || found.Sampled != 20 {
		t.Errorf("%+v", found)
	}
	for field, want := range map[string]bundle.TypeName{"title": bundle.TypeString, "oid": bundle.TypeObjectID, "uuid": bundle.TypeUUID, "date": bundle.TypeDate, "i32": bundle.TypeInt32, "i64": bundle.TypeInt64,
		"f": bundle.TypeDouble, "dec": bundle.TypeDecimal, "b": bundle.TypeBool, "sub": bundle.TypeObject, "items": bundle.TypeArray} {
		if got := found.Table.Fields[field]; got.Type.Name != want || got.Path != field {
			t.Errorf("%s is %+v", field, got)
		}
	}
	if got := found.Table.Fields["sub"].Type.Fields["oid"].Name; got != bundle.TypeObjectID {
		t.Errorf("nested type %q", got)
	}
	for _, absent := range []string{"_private", "_id", "re", "min"} {
		if _, there := found.Table.Fields[absent]; there {
			t.Errorf("%s was proposed", absent)
		}
	}
	if all := strings.Join(found.Warnings, "\n"); !strings.Contains(all, "mixed has values of several types: int32, string") || !strings.Contains(all, "_private") {
		t.Errorf("warnings: %s", all)
	}
}

func TestConnectionTest(t *testing.T) {
	w := newWorld(t)
	for _, prepared := range []bool{false, true} {
		r, err := w.Test(t.Context())
		if err != nil || !r.OK || r.Latency <= 0 || r.Server == "" {
			t.Fatalf("%v %+v", err, r)
		}
		var names []string
		for _, c := range r.Checks {
			names = append(names, c.Name)
		}
		if s := strings.Join(names, " "); s != "dial tls credentials version replica_set transactions privileges prepared" {
			t.Errorf("checks: %s", s)
		}
		if !prepared {
			if err := w.Prepare(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
}
