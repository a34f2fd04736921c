package mongo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.uber.org/goleak"

	"turnkey/internal/redact"
	"turnkey/runtime/bundle"
	"turnkey/runtime/source"
	"turnkey/runtime/value"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var todos = &source.Table{Name: "todos", Collection: "Todos", Key: "_id", ID: bundle.TypeObjectID}

// world is one database of its own, seen by the source and by a bare driver client.
type world struct {
	*Source
	uri  string
	bare *mongo.Database
}

func newWorld(t testing.TB, change ...func(*Options)) *world {
	t.Helper()
	uri := startServer(t)
	name := "t_" + bson.NewObjectID().Hex()
	opt := Options{URI: redact.New(uri), Database: name, Dial: (&net.Dialer{}).DialContext, AllowPrivate: true, Now: time.Now}
	for _, f := range change {
		f(&opt)
	}
	s, err := Open(t.Context(), opt)
	if err != nil {
		t.Fatal(err)
	}
	bare, err := mongo.Connect(options.Client().ApplyURI(uri))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		_ = bare.Database(name).Drop(ctx)
		_ = bare.Disconnect(ctx)
	})
	return &world{s, uri, bare.Database(name)}
}

func (w *world) apply(t testing.TB, changes ...source.Change) error {
	t.Helper()
	x, err := w.Begin(t.Context(), source.Session{})
	if err != nil {
		t.Fatal(err)
	}
	defer x.Rollback(t.Context())
	return x.Apply(t.Context(), changes, true)
}

func (w *world) raw(t testing.TB, id any) bson.Raw {
	t.Helper()
	raw, err := w.bare.Collection("Todos").FindOne(t.Context(), bson.D{{Key: "_id", Value: id}}).Raw()
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func doc(pairs ...any) *value.Object {
	o := &value.Object{}
	for i := 0; i < len(pairs); i += 2 {
		o.Set(pairs[i].(string), pairs[i+1])
	}
	return o
}

// everyType is a document with each BSON type, at the top and nested.
func everyType(id any) bson.D {
	dec, _ := bson.ParseDecimal128("12345678901234567890.1234567890")
	nan := bson.NewDecimal128(0x7c00000000000000, 0)
	nested := bson.D{
		{Key: "s", Value: "ä\x00b"}, {Key: "oid", Value: bson.NewObjectID()}, {Key: "uuid", Value: bson.Binary{Subtype: 4, Data: bytes.Repeat([]byte{7}, 16)}},
		{Key: "bin", Value: bson.Binary{Data: []byte{1, 2}}}, {Key: "md5", Value: bson.Binary{Subtype: 5, Data: []byte{9}}}, {Key: "legacy", Value: bson.Binary{Subtype: 3, Data: bytes.Repeat([]byte{7}, 16)}},
		{Key: "date", Value: bson.DateTime(1700000000123)}, {Key: "i32", Value: int32(-5)}, {Key: "i64", Value: int64(math.MaxInt64)}, {Key: "f", Value: 3.0}, {Key: "nan", Value: math.NaN()},
		{Key: "dec", Value: dec}, {Key: "decnan", Value: nan}, {Key: "b", Value: true}, {Key: "null", Value: nil},
		{Key: "re", Value: bson.Regex{Pattern: "^a", Options: "i"}}, {Key: "js", Value: bson.JavaScript("x()")}, {Key: "ts", Value: bson.Timestamp{T: 5, I: 6}},
		{Key: "sym", Value: bson.Symbol("s")}, {Key: "min", Value: bson.MinKey{}}, {Key: "max", Value: bson.MaxKey{}}, {Key: "undef", Value: bson.Undefined{}},
		{Key: "ptr", Value: bson.DBPointer{DB: "d", Pointer: bson.NewObjectID()}}, {Key: "cws", Value: bson.CodeWithScope{Code: "y", Scope: bson.D{{Key: "a", Value: 1}}}},
		{Key: "ref", Value: bson.D{{Key: "$ref", Value: "c"}, {Key: "$id", Value: 1}}}, {Key: "empty", Value: bson.D{}}, {Key: "none", Value: bson.A{}},
	}
	d := append(bson.D{{Key: "_id", Value: id}, {Key: "title", Value: "old"}}, nested...)
	return append(d, bson.E{Key: "sub", Value: append(bson.D{{Key: "city", Value: "Ulm"}}, nested...)},
		bson.E{Key: "items", Value: bson.A{append(bson.D{{Key: "done", Value: false}}, nested...), "x", nil}})
}

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
	rows, err := x.Read(t.Context(), []source.Ref{{Table: todos, ID: value.ObjectID(id)}})
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
		{Path: []string{"sub", "city"}, Value: "Bonn"}, {Path: []string{"items"}, Value: list}}}}, true)
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

func TestReadGivesRowsInOrderAndMissingOnes(t *testing.T) {
	w := newWorld(t)
	other := &source.Table{Name: "lists", Collection: "Lists", Key: "_id", ID: bundle.TypeInt64}
	var changes []source.Change
	for i := range 300 {
		changes = append(changes, source.Change{Kind: source.Insert, Table: todos, ID: fmt.Sprint(i), Doc: doc("n", int32(i))})
	}
	changes = append(changes, source.Change{Kind: source.Insert, Table: other, ID: int64(7), Doc: doc("n", nil)})
	if err := w.apply(t, changes...); err != nil {
		t.Fatal(err)
	}
	if _, err := w.bare.Collection("Lists").InsertOne(t.Context(), bson.D{{Key: "_id", Value: int32(8)}}); err != nil {
		t.Fatal(err)
	}
	refs := []source.Ref{{Table: other, ID: int64(7)}, {Table: todos, ID: "missing"}, {Table: other, ID: int64(8)}}
	for i := 299; i >= 0; i-- {
		refs = append(refs, source.Ref{Table: todos, ID: fmt.Sprint(i)})
	}
	refs = append(refs, refs[3])
	x, err := w.Begin(t.Context(), source.Session{})
	if err != nil {
		t.Fatal(err)
	}
	defer x.Rollback(t.Context())
	rows, err := x.Read(t.Context(), refs)
	if err != nil {
		t.Fatal(err)
	}
	if rows[1].Doc != nil || rows[0].Doc == nil || rows[2].Doc == nil {
		t.Error("missing rows, and ids stored as int32, are told apart wrongly")
	}
	for i := 299; i >= 0; i-- {
		if n, _ := rows[3+299-i].Doc.Get("n"); n != int32(i) {
			t.Fatalf("row %d has %v", i, n)
		}
	}
	if n, _ := rows[len(rows)-1].Doc.Get("n"); n != int32(299) {
		t.Error("a repeated ref was lost")
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
	rows, err := x.Read(t.Context(), []source.Ref{{Table: todos, ID: "1"}})
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
	if err := x.Apply(t.Context(), []source.Change{{Kind: source.Update, Table: todos, ID: "1", Doc: next, Set: set}}, true); err != nil {
		t.Fatal(err)
	}
	want := `{"_id":"1","address":{"city":"Bonn","zip":"5"},"keep":null,"deep":{"a":{"b":null}},"new":{"x":{"$numberLong":"1"}}}`
	if got, _ := bson.MarshalExtJSON(w.raw(t, "1"), true, false); string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestConcurrentWritersNeverLoseAnUpdate(t *testing.T) {
	w := newWorld(t)
	if err := w.apply(t, source.Change{Kind: source.Insert, Table: todos, ID: "n", Doc: doc("n", int64(0))}); err != nil {
		t.Fatal(err)
	}
	const writers, each = 6, 20
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for done := 0; done < each; {
				err := func() error {
					x, err := w.Begin(t.Context(), source.Session{})
					if err != nil {
						return err
					}
					defer x.Rollback(t.Context())
					rows, err := x.Read(t.Context(), []source.Ref{{Table: todos, ID: "n"}})
					if err != nil {
						return err
					}
					n, _ := rows[0].Doc.Get("n")
					return x.Apply(t.Context(), []source.Change{{Kind: source.Update, Table: todos, ID: "n", Set: []source.Assignment{{Path: []string{"n"}, Value: n.(int64) + 1}}}}, true)
				}()
				switch {
				case err == nil:
					done++
				case source.FailureOf(err).Class != source.Conflict:
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	if n := w.raw(t, "n").Lookup("n").Int64(); n != writers*each {
		t.Errorf("%d of %d increments are there", n, writers*each)
	}
}

func TestFailures(t *testing.T) {
	w := newWorld(t)
	col := w.bare.Collection("Todos")
	if _, err := col.Indexes().CreateOne(t.Context(), mongo.IndexModel{Keys: bson.D{{Key: "owner", Value: 1}, {Key: "email", Value: 1}}, Options: options.Index().SetUnique(true).SetSparse(true)}); err != nil {
		t.Fatal(err)
	}
	schema := bson.D{{Key: "$jsonSchema", Value: bson.D{{Key: "required", Value: bson.A{"title"}}, {Key: "properties", Value: bson.D{{Key: "n", Value: bson.D{{Key: "bsonType", Value: "int"}}}}}}}}
	if err := w.bare.CreateCollection(t.Context(), "Strict", options.CreateCollection().SetValidator(schema)); err != nil {
		t.Fatal(err)
	}
	strict := &source.Table{Collection: "Strict"}
	insert := func(id string, pairs ...any) source.Change {
		return source.Change{Kind: source.Insert, Table: todos, ID: id, Doc: doc(pairs...)}
	}
	if err := w.apply(t, insert("1", "owner", "u", "email", "a")); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		changes []source.Change
		class   source.Class
		code    string
		field   string
		change  int
	}{
		"same id again":        {[]source.Change{insert("2"), insert("1")}, source.Conflict, "row_exists", "", 1},
		"unique index":         {[]source.Change{insert("2", "owner", "x", "email", "x"), insert("3", "owner", "u", "email", "a")}, source.Refused, "UNIQUE_VIOLATION", "owner,email", 1},
		"validator":            {[]source.Change{insert("2"), {Kind: source.Insert, Table: strict, ID: "1", Doc: doc("n", "x")}}, source.Refused, "DOCUMENT_VALIDATION_FAILURE", "*", 1},
		"row never there":      {[]source.Change{{Kind: source.Update, Table: todos, ID: "9", Set: []source.Assignment{{Path: []string{"n"}, Value: int32(1)}}}}, source.Conflict, "row_vanished", "", -1},
		"too large":            {[]source.Change{insert("2"), insert("4", "x", strings.Repeat("x", maxDocument))}, source.Refused, "PAYLOAD_TOO_LARGE", "", 1},
		"a step is not object": {[]source.Change{{Kind: source.Update, Table: todos, ID: "1", Set: []source.Assignment{{Path: []string{"owner", "x"}, Value: int32(1)}}}}, source.Refused, "INVALID_DATA", "", 0},
	} {
		f := source.FailureOf(w.apply(t, c.changes...))
		if f == nil || f.Class != c.class || f.Code != c.code || f.Change != c.change || c.field != "*" && f.Field != c.field {
			t.Errorf("%s: %+v", name, f)
		}
		if f != nil && strings.Contains(f.Message+f.Hint, "u\"") {
			t.Errorf("%s: a stored value leaks: %+v", name, f)
		}
	}
	if n, err := col.CountDocuments(t.Context(), bson.D{}); err != nil || n != 1 {
		t.Errorf("failed transactions left %d documents (%v)", n, err)
	}
}

func TestUniqueValuesMoveBetweenRowsInOneTransaction(t *testing.T) {
	w := newWorld(t)
	if _, err := w.bare.Collection("Todos").Indexes().CreateOne(t.Context(), mongo.IndexModel{Keys: bson.D{{Key: "k", Value: 1}}, Options: options.Index().SetUnique(true)}); err != nil {
		t.Fatal(err)
	}
	if err := w.apply(t, source.Change{Kind: source.Insert, Table: todos, ID: "a", Doc: doc("k", "1")}, source.Change{Kind: source.Insert, Table: todos, ID: "b", Doc: doc("k", "2")}); err != nil {
		t.Fatal(err)
	}
	err := w.apply(t,
		source.Change{Kind: source.Delete, Table: todos, ID: "a"},
		source.Change{Kind: source.Insert, Table: todos, ID: "c", Doc: doc("k", "1")},
		source.Change{Kind: source.Update, Table: todos, ID: "b", Set: []source.Assignment{{Path: []string{"k"}, Value: "3"}}},
		source.Change{Kind: source.Insert, Table: todos, ID: "d", Doc: doc("k", "2")})
	if err != nil {
		t.Fatal(err)
	}
}

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
	second := r
	second.ID, second.Payload = "rej_2", nil
	for range 3 {
		wg.Go(func() {
			if err := w.Reject(t.Context(), []source.Rejection{r, second, r}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
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
	if n, _ := w.bare.Collection(rejectionsName).CountDocuments(t.Context(), bson.D{}); n != 2 {
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

func TestDatabaseDown(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	s, err := Open(t.Context(), Options{URI: redact.New("mongodb://" + addr + "/?serverSelectionTimeoutMS=200"), Database: "x", Dial: (&net.Dialer{}).DialContext, AllowPrivate: true, Now: time.Now})
	if err != nil {
		t.Fatal("opening must not need the server: ", err)
	}
	defer s.Close()
	x, err := s.Begin(t.Context(), source.Session{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = x.Read(t.Context(), []source.Ref{{Table: todos, ID: "1"}})
	if f := source.FailureOf(err); f == nil || f.Class != source.Down || !errors.As(err, &f) {
		t.Errorf("%v", err)
	}
	r, err := s.Test(t.Context())
	if err != nil || r.OK || len(r.Checks) != 1 || r.Checks[0].Name != "dial" || !strings.Contains(r.Checks[0].Fix, "Atlas") {
		t.Errorf("%v %+v", err, r)
	}
}
