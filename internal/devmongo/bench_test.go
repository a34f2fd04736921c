package devmongo

import (
	"context"
	"encoding/binary"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// benchmark runs f in clients goroutines, each with its number, b.N times in all, and reports how many
// operations per second that makes. Driver and server share the processors.
func benchmark(b *testing.B, clients, operations int, o Options, f func(ctx context.Context, cl *mongo.Client, client, n int) error) {
	st, err := Open(o)
	if err != nil {
		b.Fatal(err)
	}
	s, err := Listen(st, "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	cl, err := mongo.Connect(options.Client().ApplyURI(s.URI()))
	if err != nil {
		b.Fatal(err)
	}
	ctx := context.Background()
	defer func() { _ = cl.Disconnect(ctx); s.Close(); _ = st.Close() }()
	var next atomic.Int64
	var running sync.WaitGroup
	b.ResetTimer()
	for client := range clients {
		running.Go(func() {
			for n := next.Add(1); n <= int64(b.N); n = next.Add(1) {
				if err := f(ctx, cl, client, int(n)); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	running.Wait()
	b.ReportMetric(float64(b.N*operations)/b.Elapsed().Seconds(), "ops/s")
}

// BenchmarkTransactions: three finds, three updates, three inserts, one commit.
func BenchmarkTransactions(b *testing.B) {
	for _, clients := range []int{1, 16} {
		b.Run(fmt.Sprint(clients), func(b *testing.B) {
			benchmark(b, clients, 10, Options{}, func(ctx context.Context, cl *mongo.Client, client, n int) error {
				c, log := cl.Database("d").Collection("c"), cl.Database("d").Collection("log")
				session, err := cl.StartSession()
				if err != nil {
					return err
				}
				defer session.EndSession(ctx)
				_, err = session.WithTransaction(ctx, func(ctx context.Context) (any, error) {
					for part := range 3 {
						own := bson.D{{Key: "_id", Value: fmt.Sprint(client, "-", part)}}
						if err := c.FindOne(ctx, own).Err(); err != nil && err != mongo.ErrNoDocuments {
							return nil, err
						}
						if _, err := c.UpdateOne(ctx, own, bson.D{{Key: "$inc", Value: bson.D{{Key: "n", Value: 1}}}, {Key: "$set", Value: bson.D{{Key: "name", Value: "somebody"}}}}, options.UpdateOne().SetUpsert(true)); err != nil {
							return nil, err
						}
						if _, err := log.InsertOne(ctx, bson.D{{Key: "_id", Value: fmt.Sprint(n, "-", part)}, {Key: "n", Value: n}, {Key: "text", Value: "what happened"}}); err != nil {
							return nil, err
						}
					}
					return nil, nil
				})
				return err
			})
		})
	}
}

// BenchmarkCommits: one insert, its journal synced before it is acknowledged.
func BenchmarkCommits(b *testing.B) {
	for _, clients := range []int{1, 16} {
		b.Run(fmt.Sprint(clients), func(b *testing.B) {
			o := Options{Path: filepath.Join(b.TempDir(), "journal"), Sync: true}
			benchmark(b, clients, 1, o, func(ctx context.Context, cl *mongo.Client, _, n int) error {
				_, err := cl.Database("d").Collection("c").InsertOne(ctx, bson.D{{Key: "_id", Value: n}, {Key: "text", Value: "what happened"}})
				return err
			})
		})
	}
}

// BenchmarkUploads: the seven commands of an upload, in a database that has the receipts of many.
func BenchmarkUploads(b *testing.B) {
	for _, stored := range []int{1, 200_000} {
		for _, clients := range []int{1, 16} {
			b.Run(fmt.Sprintf("stored=%d/clients=%d", stored, clients), func(b *testing.B) {
				var once sync.Once
				var err error
				benchmark(b, clients, 1, Options{}, func(ctx context.Context, cl *mongo.Client, client, n int) error {
					once.Do(func() { b.StopTimer(); err = storeReceipts(ctx, cl.Database("d"), stored); b.StartTimer() })
					if err != nil {
						return err
					}
					return upload(ctx, cl, client, n)
				})
			})
		}
	}
}

// receiptAt is an id that orders by owner, then number.
func receiptAt(owner byte, n int) bson.Binary {
	return bson.Binary{Data: binary.BigEndian.AppendUint64([]byte{owner}, uint64(n))}
}

func storeReceipts(ctx context.Context, db *mongo.Database, stored int) error {
	for name, keys := range map[string]bson.D{
		"receipts": {{Key: "at", Value: 1}, {Key: "_id", Value: 1}},
		"rejected": {{Key: "table_name", Value: 1}, {Key: "row_id", Value: 1}},
	} {
		if _, err := db.Collection(name).Indexes().CreateOne(ctx, mongo.IndexModel{Keys: keys}); err != nil {
			return err
		}
	}
	var receipts, rejected []any
	for n := range stored {
		receipts = append(receipts, bson.D{{Key: "_id", Value: receiptAt(100, n)}, {Key: "at", Value: bson.DateTime(n)}, {Key: "prints", Value: make([]byte, 16)}})
		rejected = append(rejected, bson.D{{Key: "_id", Value: n}, {Key: "table_name", Value: "todos"}, {Key: "row_id", Value: fmt.Sprint("old", n)}})
		if len(receipts) < 10_000 && n < stored-1 {
			continue
		}
		if _, err := db.Collection("receipts").InsertMany(ctx, receipts); err != nil {
			return err
		}
		if _, err := db.Collection("rejected").InsertMany(ctx, rejected); err != nil {
			return err
		}
		receipts, rejected = nil, nil
	}
	return nil
}

// upload finds receipts by a range, the floor, the row and whether any and this row is rejected, and
// inserts the row and its receipt.
func upload(ctx context.Context, cl *mongo.Client, client, n int) error {
	session, err := cl.StartSession()
	if err != nil {
		return err
	}
	defer session.EndSession(ctx)
	db, owner, row := cl.Database("d"), byte(client), fmt.Sprint(client, "-", n)
	_, err = session.WithTransaction(ctx, func(ctx context.Context) (any, error) {
		for _, find := range []struct {
			name   string
			filter bson.D
		}{
			{"receipts", bson.D{{Key: "_id", Value: bson.D{{Key: "$gte", Value: receiptAt(owner, n)}, {Key: "$lte", Value: receiptAt(owner, n+1)}}}}},
			{"clients", bson.D{{Key: "_id", Value: client}}},
			{"rows", bson.D{{Key: "_id", Value: bson.D{{Key: "$in", Value: bson.A{row}}}}}},
			{"rejected", bson.D{{Key: "$or", Value: bson.A{bson.D{{Key: "table_name", Value: "todos"}, {Key: "row_id", Value: bson.D{{Key: "$in", Value: bson.A{row}}}}}}}}},
		} {
			if err := db.Collection(find.name).FindOne(ctx, find.filter).Err(); err != mongo.ErrNoDocuments {
				return nil, fmt.Errorf("find in %s: %w", find.name, err)
			}
		}
		if _, err := db.Collection("rows").InsertOne(ctx, bson.D{{Key: "_id", Value: row}, {Key: "text", Value: "what happened"}}); err != nil {
			return nil, err
		}
		_, err := db.Collection("receipts").InsertOne(ctx, bson.D{{Key: "_id", Value: receiptAt(owner, n)}, {Key: "at", Value: bson.DateTime(n)}, {Key: "prints", Value: make([]byte, 16)}})
		return nil, err
	})
	return err
}
