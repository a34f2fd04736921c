package devmongo

import (
	"context"
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
