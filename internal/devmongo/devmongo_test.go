package devmongo

import (
	"context"
	"errors"
	"fmt"
	"math/rand"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

func start(t *testing.T, file string) (*Server, *mongo.Client) {
	t.Helper()
	st, err := Open(Options{Path: file})
	if err != nil {
		t.Fatal(err)
	}
	s, err := Listen(st, "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	cl, err := mongo.Connect(options.Client().ApplyURI(s.URI()).SetTimeout(2 * time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cl.Disconnect(context.Background()); s.Close() })
	return s, cl
}

// Money moves between accounts in concurrent transactions; readers in snapshot transactions always see the same total.
func TestTransfers(t *testing.T) {
	_, cl := start(t, "")
	ctx := context.Background()
	c := cl.Database("bank").Collection("acc")
	const n, total = 8, 8000
	for i := range n {
		if _, err := c.InsertOne(ctx, bson.M{"_id": i, "v": total / n}); err != nil {
			t.Fatal(err)
		}
	}
	var wg sync.WaitGroup
	var moved, retried atomic.Int64
	for g := range 6 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			r := rand.New(rand.NewSource(int64(g)))
			for range 60 {
				s, _ := cl.StartSession()
				a, b, amt := r.Intn(n), r.Intn(n), r.Intn(20)
				tries := 0
				_, err := s.WithTransaction(ctx, func(sc context.Context) (any, error) {
					tries++
					if _, err := c.UpdateOne(sc, bson.M{"_id": a}, bson.M{"$inc": bson.M{"v": -amt}}); err != nil {
						return nil, err
					}
					if _, err := c.UpdateOne(sc, bson.M{"_id": b}, bson.M{"$inc": bson.M{"v": amt}}); err != nil {
						return nil, err
					}
					if r.Intn(5) == 0 {
						return nil, errors.New("give up")
					}
					return nil, nil
				})
				if err == nil {
					moved.Add(1)
				} else if err.Error() != "give up" {
					t.Error(err)
				}
				retried.Add(int64(tries - 1))
				s.EndSession(ctx)
			}
		}()
	}
	stop := make(chan struct{})
	var rg sync.WaitGroup
	rg.Add(1)
	go func() {
		defer rg.Done()
		for {
			select {
			case <-stop:
				return
			default:
			}
			s, _ := cl.StartSession()
			s.WithTransaction(ctx, func(sc context.Context) (any, error) {
				sum := int32(0)
				for i := range n {
					var d struct{ V int32 }
					if err := c.FindOne(sc, bson.M{"_id": i}).Decode(&d); err != nil {
						return nil, err
					}
					sum += d.V
				}
				if sum != total {
					t.Errorf("snapshot sum %d", sum)
				}
				return nil, nil
			})
			s.EndSession(ctx)
		}
	}()
	wg.Wait()
	close(stop)
	rg.Wait()
	sum := int32(0)
	cur, _ := c.Find(ctx, bson.M{})
	for cur.Next(ctx) {
		var d struct{ V int32 }
		cur.Decode(&d)
		sum += d.V
	}
	if sum != total {
		t.Fatalf("total %d", sum)
	}
	t.Logf("moved %d, conflicts retried %d", moved.Load(), retried.Load())
}

func TestUniqueInTransactions(t *testing.T) {
	_, cl := start(t, "")
	ctx := context.Background()
	c := cl.Database("d").Collection("u")
	c.Indexes().CreateOne(ctx, mongo.IndexModel{Keys: bson.D{{Key: "e", Value: 1}}, Options: options.Index().SetUnique(true)})
	var wg sync.WaitGroup
	var ok, dup atomic.Int64
	for g := range 8 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for k := range 20 {
				s, _ := cl.StartSession()
				_, err := s.WithTransaction(ctx, func(sc context.Context) (any, error) {
					_, err := c.InsertOne(sc, bson.M{"_id": fmt.Sprint(g, "-", k), "e": k})
					return nil, err
				})
				switch {
				case err == nil:
					ok.Add(1)
				case mongo.IsDuplicateKeyError(err):
					dup.Add(1)
				default:
					t.Error(err)
				}
				s.EndSession(ctx)
			}
		}()
	}
	wg.Wait()
	if ok.Load() != 20 || dup.Load() != 140 {
		t.Fatal(ok.Load(), dup.Load())
	}
	// an aborted transaction frees its reservation; a moved value is free after commit
	s, _ := cl.StartSession()
	s.WithTransaction(ctx, func(sc context.Context) (any, error) {
		c.InsertOne(sc, bson.M{"_id": "x", "e": "x"})
		return nil, errors.New("no")
	})
	s.EndSession(ctx)
	if _, err := c.InsertOne(ctx, bson.M{"_id": "y", "e": "x"}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.UpdateOne(ctx, bson.M{"_id": "y"}, bson.M{"$set": bson.M{"e": "z"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.InsertOne(ctx, bson.M{"_id": "q", "e": "x"}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.InsertOne(ctx, bson.M{"_id": "r", "e": "z"}); !mongo.IsDuplicateKeyError(err) {
		t.Fatal(err)
	}
}

func TestIsolationAndWaiting(t *testing.T) {
	_, cl := start(t, "")
	ctx := context.Background()
	c := cl.Database("d").Collection("i")
	c.InsertOne(ctx, bson.M{"_id": 1, "v": 0})
	s, _ := cl.StartSession()
	defer s.EndSession(ctx)
	s.StartTransaction()
	sc := mongo.NewSessionContext(ctx, s)
	if _, err := c.UpdateOne(sc, bson.M{"_id": 1}, bson.M{"$inc": bson.M{"v": 1}}); err != nil {
		t.Fatal(err)
	}
	var d struct{ V int }
	c.FindOne(ctx, bson.M{"_id": 1}).Decode(&d)
	if d.V != 0 {
		t.Fatal("dirty read")
	}
	c.FindOne(sc, bson.M{"_id": 1}).Decode(&d)
	if d.V != 1 {
		t.Fatal("own write not seen")
	}
	done := make(chan error, 1)
	go func() { _, err := c.UpdateOne(ctx, bson.M{"_id": 1}, bson.M{"$inc": bson.M{"v": 10}}); done <- err }()
	select {
	case <-done:
		t.Fatal("plain write did not wait for the transaction")
	case <-time.After(100 * time.Millisecond):
	}
	if err := s.CommitTransaction(ctx); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	c.FindOne(ctx, bson.M{"_id": 1}).Decode(&d)
	if d.V != 11 {
		t.Fatal(d.V)
	}
}

func TestJournal(t *testing.T) {
	f := filepath.Join(t.TempDir(), "j")
	ctx := context.Background()
	s, cl := start(t, f)
	c := cl.Database("d").Collection("j")
	c.Indexes().CreateOne(ctx, mongo.IndexModel{Keys: bson.D{{Key: "e", Value: 1}}, Options: options.Index().SetUnique(true)})
	for i := range 100 {
		c.InsertOne(ctx, bson.M{"_id": i, "e": i})
	}
	c.DeleteOne(ctx, bson.M{"_id": 7})
	c.UpdateOne(ctx, bson.M{"_id": 8}, bson.M{"$set": bson.M{"x": bson.M{"y": int64(1)}}})
	cl.Disconnect(ctx)
	s.Close()
	if err := s.St.Close(); err != nil {
		t.Fatal(err)
	}
	_, cl2 := start(t, f)
	c = cl2.Database("d").Collection("j")
	if n, _ := c.CountDocuments(ctx, bson.M{}); n != 99 {
		t.Fatal(n)
	}
	if _, err := c.InsertOne(ctx, bson.M{"_id": 1000, "e": 8}); !mongo.IsDuplicateKeyError(err) {
		t.Fatal("index lost", err)
	}
	if n, _ := c.CountDocuments(ctx, bson.M{"x.y": 1}); n != 1 {
		t.Fatal("update lost")
	}
}

func TestWatchResume(t *testing.T) {
	_, cl := start(t, "")
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	db := cl.Database("d")
	cs, err := db.Watch(ctx, mongo.Pipeline{}, options.ChangeStream().SetFullDocument(options.UpdateLookup))
	if err != nil {
		t.Fatal(err)
	}
	s, _ := cl.StartSession()
	s.WithTransaction(ctx, func(sc context.Context) (any, error) {
		for i := range 3 {
			if _, err := db.Collection("w").InsertOne(sc, bson.M{"_id": i}); err != nil {
				return nil, err
			}
		}
		return nil, nil
	})
	s.EndSession(ctx)
	if !cs.Next(ctx) {
		t.Fatal(cs.Err())
	}
	tok := cs.ResumeToken()
	cs.Close(ctx)
	cs, err = db.Watch(ctx, mongo.Pipeline{}, options.ChangeStream().SetResumeAfter(tok))
	if err != nil {
		t.Fatal(err)
	}
	for want := range 2 {
		if !cs.Next(ctx) {
			t.Fatal(cs.Err())
		}
		var ev struct {
			DocumentKey struct {
				ID int `bson:"_id"`
			} `bson:"documentKey"`
		}
		cs.Decode(&ev)
		if ev.DocumentKey.ID != want+1 {
			t.Fatal(ev)
		}
	}
	cs.Close(ctx)
}
