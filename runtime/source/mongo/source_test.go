package mongo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"os"
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

func TestMain(m *testing.M) {
	if setting := os.Getenv(victimEnv); setting != "" {
		os.Exit(victim(setting))
	}
	goleak.VerifyTestMain(m)
}

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
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
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
	return x.Apply(t.Context(), changes, &source.Finish{})
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
	rows, _, err := x.Read(t.Context(), refs, nil)
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
					rows, _, err := x.Read(t.Context(), []source.Ref{{Table: todos, ID: "n"}}, nil)
					if err != nil {
						return err
					}
					n, _ := rows[0].Doc.Get("n")
					return x.Apply(t.Context(), []source.Change{{Kind: source.Update, Table: todos, ID: "n", Set: []source.Assignment{{Path: []string{"n"}, Value: n.(int64) + 1}}}}, &source.Finish{})
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
	_, _, err = x.Read(t.Context(), []source.Ref{{Table: todos, ID: "1"}}, nil)
	if f := source.FailureOf(err); f == nil || f.Class != source.Down || !errors.As(err, &f) {
		t.Errorf("%v", err)
	}
	r, err := s.Test(t.Context())
	if err != nil || r.OK || len(r.Checks) != 1 || r.Checks[0].Name != "dial" || !strings.Contains(r.Checks[0].Fix, "Atlas") || r.Checks[0].Message != "No server accepts connections there." {
		t.Errorf("%v %+v", err, r)
	}
	if err := unreached(&net.DNSError{Err: "no such host", Name: "db.example", IsNotFound: true}); translate(err).Message != "The host name does not resolve." || dialFix(err) != "Check its spelling in the connection string." {
		t.Errorf("a name that is not there: %v, %s", err, dialFix(err))
	}
}

var todos = &source.Table{Name: "todos", Collection: "Todos", Key: "_id", ID: bundle.TypeObjectID}
