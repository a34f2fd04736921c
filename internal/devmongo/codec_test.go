package devmongo

import (
	"bytes"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// everything is a document with each type of BSON.
func everything(t testing.TB) D {
	decimal, err := bson.ParseDecimal128("-1.50E+3")
	if err != nil {
		t.Fatal(err)
	}
	return D{{Key: "", Value: "empty"}, {Key: "double", Value: math.Copysign(0, -1)}, {Key: "string", Value: "ä\x00b"}, {Key: "document", Value: D{}}, {Key: "array", Value: A{nil, A{}, D{{Key: "x", Value: int32(1)}}}},
		{Key: "binary", Value: bson.Binary{Subtype: 4, Data: []byte("0123456789abcdef")}}, {Key: "old binary", Value: bson.Binary{Subtype: 2, Data: []byte("ab")}}, {Key: "undefined", Value: bson.Undefined{}},
		{Key: "id", Value: bson.ObjectID{1, 2, 3}}, {Key: "true", Value: true}, {Key: "false", Value: false}, {Key: "date", Value: bson.DateTime(-1)}, {Key: "null", Value: nil}, {Key: "regex", Value: bson.Regex{Pattern: "a", Options: "i"}},
		{Key: "pointer", Value: bson.DBPointer{DB: "d"}}, {Key: "code", Value: bson.JavaScript("f()")}, {Key: "symbol", Value: bson.Symbol("s")}, {Key: "scoped", Value: bson.CodeWithScope{Code: "f()", Scope: D{}}},
		{Key: "int32", Value: int32(-7)}, {Key: "timestamp", Value: bson.Timestamp{T: 1, I: 2}}, {Key: "int64", Value: int64(1) << 60}, {Key: "decimal", Value: decimal}, {Key: "min", Value: bson.MinKey{}}, {Key: "max", Value: bson.MaxKey{}}}
}

// TestCodec: our encoder and decoder do to every type what the driver's do.
func TestCodec(t *testing.T) {
	all := everything(t)
	for _, e := range append(D{{Key: "all", Value: all}}, all...) {
		d := D{{Key: "before", Value: int32(1)}, e, {Key: "after", Value: "x"}}
		want, err := bson.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		got, err := encode(d)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: encoded %x, %v, want %x", e.Key, got, err, want)
		}
		var wantD D
		if err := bson.Unmarshal(want, &wantD); err != nil {
			t.Fatal(err)
		}
		gotD, err := decode(want)
		if err != nil || !reflect.DeepEqual(gotD, wantD) || !identical(gotD, wantD) {
			t.Errorf("%s: decoded %#v, %v, want %#v", e.Key, gotD, err, wantD)
		}
		for _, other := range all {
			if other.Key != e.Key && e.Key != "all" && identical(e.Value, other.Value) {
				t.Errorf("%s and %s are identical", e.Key, other.Key)
			}
		}
	}
	if _, err := encode(D{{Key: "a\x00b", Value: 1}}); err == nil {
		t.Error("a key with a zero byte is written")
	}
}

func FuzzDecode(f *testing.F) {
	raw, err := bson.Marshal(everything(f))
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(raw))
	plain, err := bson.Marshal(D{{Key: "a", Value: A{D{{Key: "b", Value: "c"}}, 1.5}}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(plain))
	f.Fuzz(func(t *testing.T, b []byte) {
		var want D
		wantErr := bson.Unmarshal(b, &want)
		got, err := decode(b)
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("decoded with %v, the driver with %v", err, wantErr)
		}
		if err == nil && !identical(got, want) {
			t.Fatalf("decoded %v, the driver %v", got, want)
		}
	})
}

// TestDamagedDocuments: whatever the bytes, our decoder ends as the driver's does.
func TestDamagedDocuments(t *testing.T) {
	whole, err := bson.Marshal(everything(t))
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 5000 {
		b := bytes.Clone(whole)
		for range 1 + random.IntN(3) {
			b[random.IntN(len(b))] = byte(random.IntN(256))
		}
		var want D
		wantErr := bson.Unmarshal(b, &want)
		got, err := decode(b)
		if (err == nil) != (wantErr == nil) || err == nil && !identical(got, want) {
			t.Fatalf("%x: decoded %v, %v, the driver %v, %v", b, got, err, want, wantErr)
		}
	}
}
