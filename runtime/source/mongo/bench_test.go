package mongo

import (
	"fmt"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"turnkey/runtime/source"
	"turnkey/runtime/value"
)

// BenchmarkTransaction compares a transaction of updates with what the bare driver needs for it:
// "bare" writes only, "source" reads the rows first, as every upload does.
func BenchmarkTransaction(b *testing.B) {
	w := newWorld(b)
	var changes []source.Change
	for i := range 100 {
		changes = append(changes, source.Change{Kind: source.Insert, Table: todos, ID: fmt.Sprint(i), Doc: doc("title", "some text of usual length", "n", int64(0), "done", false, "owner", value.ObjectID{1})})
	}
	if err := w.apply(b, changes...); err != nil {
		b.Fatal(err)
	}
	for _, n := range []int{1, 10, 100} {
		b.Run(fmt.Sprintf("bare/%d", n), func(b *testing.B) {
			col := w.bare.Collection("Todos")
			for i := range b.N {
				sess, err := w.bare.Client().StartSession()
				if err != nil {
					b.Fatal(err)
				}
				ctx := mongo.NewSessionContext(b.Context(), sess)
				var models []mongo.WriteModel
				for j := range n {
					models = append(models, mongo.NewUpdateOneModel().SetFilter(bson.D{{Key: "_id", Value: fmt.Sprint(j)}}).SetUpdate(bson.D{{Key: "$set", Value: bson.D{{Key: "n", Value: int64(i)}}}}))
				}
				if err := sess.StartTransaction(); err != nil {
					b.Fatal(err)
				}
				if _, err := col.BulkWrite(ctx, models, options.BulkWrite().SetOrdered(true)); err != nil {
					b.Fatal(err)
				}
				if err := sess.CommitTransaction(ctx); err != nil {
					b.Fatal(err)
				}
				sess.EndSession(ctx)
			}
		})
		for _, read := range []bool{false, true} {
			name := "source"
			if read {
				name = "source+read"
			}
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
				b.ReportAllocs()
				for i := range b.N {
					x, err := w.Begin(b.Context(), source.Session{})
					if err != nil {
						b.Fatal(err)
					}
					refs, changes := make([]source.Ref, n), make([]source.Change, n)
					for j := range n {
						id := fmt.Sprint(j)
						refs[j] = source.Ref{Table: todos, ID: id}
						changes[j] = source.Change{Kind: source.Update, Table: todos, ID: id, Set: []source.Assignment{{Path: []string{"n"}, Value: int64(-i - 1)}}}
					}
					if read {
						if _, _, err := x.Read(b.Context(), refs, nil); err != nil {
							b.Fatal(err)
						}
					}
					if err := x.Apply(b.Context(), changes, &source.Finish{}); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// BenchmarkReceipts compares the same transaction without identity and with receipts: commands, and time
// on the server that the tests have. Each transaction has ids of its own, as uploads do.
func BenchmarkReceipts(b *testing.B) {
	for _, n := range []int{1, 10, 100} {
		for _, with := range []bool{false, true} {
			b.Run(fmt.Sprintf("receipts=%v/%d", with, n), func(b *testing.B) {
				w := newWorld(b)
				if err := w.Prepare(b.Context()); err != nil {
					b.Fatal(err)
				}
				op := int64(0)
				for b.Loop() {
					refs, claim, changes, finish := upload(source.Owner{1}, op, n)
					op += int64(n)
					if !with {
						claim, finish = nil, &source.Finish{}
					}
					x, err := w.Begin(b.Context(), source.Session{})
					if err != nil {
						b.Fatal(err)
					}
					_, history, err := x.Read(b.Context(), refs, claim)
					if err != nil {
						b.Fatal(err)
					}
					for i := range finish.Receipts {
						for _, r := range history.Receipts {
							if r.Block == finish.Receipts[i].Block {
								finish.Receipts[i].Seq++
							}
						}
					}
					if err := x.Apply(b.Context(), changes, finish); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	raw, err := bson.Marshal(everyType(bson.NewObjectID()))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for range b.N {
		if _, err := decode(raw); err != nil {
			b.Fatal(err)
		}
	}
}
