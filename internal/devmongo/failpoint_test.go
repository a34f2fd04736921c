package devmongo

import (
	"context"
	"errors"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

func failing(t *testing.T, cl *mongo.Client, mode any, data bson.D) {
	t.Helper()
	cmd := bson.D{{Key: "configureFailPoint", Value: "failCommand"}, {Key: "mode", Value: mode}, {Key: "data", Value: data}}
	if err := cl.Database("admin").RunCommand(t.Context(), cmd).Err(); err != nil {
		t.Fatal(err)
	}
}

func once() bson.D { return bson.D{{Key: "times", Value: 1}} }

func TestFailCommand(t *testing.T) {
	s, cl := start(t, "")
	plain, err := mongo.Connect(options.Client().ApplyURI(s.URI()).SetRetryWrites(false).SetRetryReads(false))
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Disconnect(context.Background())
	c := plain.Database("d").Collection("c")
	insert := bson.A{"insert"}

	failing(t, cl, once(), bson.D{{Key: "failCommands", Value: insert}, {Key: "errorCode", Value: 91}, {Key: "errorLabels", Value: bson.A{"RetryableWriteError"}}})
	_, err = c.InsertOne(t.Context(), bson.D{{Key: "_id", Value: 1}})
	var said mongo.CommandError
	if !errors.As(err, &said) || said.Code != 91 || !said.HasErrorLabel("RetryableWriteError") {
		t.Errorf("errorCode: %v", err)
	}
	if _, err := c.InsertOne(t.Context(), bson.D{{Key: "_id", Value: 1}}); err != nil {
		t.Errorf("once is once: %v", err)
	}

	failing(t, cl, once(), bson.D{{Key: "failCommands", Value: insert}, {Key: "closeConnection", Value: true}})
	if _, err := c.InsertOne(t.Context(), bson.D{{Key: "_id", Value: 2}}); !mongo.IsNetworkError(err) {
		t.Errorf("closeConnection: %v", err)
	}
	if n, _ := c.CountDocuments(t.Context(), bson.D{{Key: "_id", Value: 2}}); n != 0 {
		t.Error("a command that failed has run")
	}
	failing(t, cl, once(), bson.D{{Key: "failCommands", Value: insert}, {Key: "closeConnection", Value: true}})
	if _, err := cl.Database("d").Collection("c").InsertOne(t.Context(), bson.D{{Key: "_id", Value: 3}}); err != nil {
		t.Errorf("the driver retries a write whose connection was closed: %v", err)
	}

	failing(t, cl, once(), bson.D{{Key: "failCommands", Value: insert}, {Key: "writeConcernError", Value: bson.D{{Key: "code", Value: int32(64)}, {Key: "errmsg", Value: "waiting"}}}})
	var write mongo.WriteException
	if _, err := c.InsertOne(t.Context(), bson.D{{Key: "_id", Value: 4}}); !errors.As(err, &write) || write.WriteConcernError == nil || write.WriteConcernError.Code != 64 {
		t.Errorf("writeConcernError: %v", err)
	}
	if n, _ := c.CountDocuments(t.Context(), bson.D{{Key: "_id", Value: 4}}); n != 1 {
		t.Error("a write whose concern failed has not run")
	}

	failing(t, cl, bson.D{{Key: "skip", Value: 1}, {Key: "times", Value: 1}}, bson.D{{Key: "failCommands", Value: insert}, {Key: "blockConnection", Value: true}, {Key: "blockTimeMS", Value: 30}, {Key: "errorCode", Value: 11600}})
	if _, err := c.InsertOne(t.Context(), bson.D{{Key: "_id", Value: 5}}); err != nil {
		t.Errorf("skipped: %v", err)
	}
	began := time.Now()
	if _, err := c.InsertOne(t.Context(), bson.D{{Key: "_id", Value: 6}}); err == nil || time.Since(began) < 30*time.Millisecond {
		t.Errorf("blocked for %s: %v", time.Since(began), err)
	}
	failing(t, cl, "off", nil)
	err = cl.Database("admin").RunCommand(t.Context(), bson.D{{Key: "configureFailPoint", Value: "other"}, {Key: "mode", Value: "alwaysOn"}}).Err()
	if !errors.As(err, &said) || said.Code != 238 {
		t.Errorf("another fail point: %v", err)
	}
}

func TestOnlyLoopback(t *testing.T) {
	st, err := Open(Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, addr := range []string{"0.0.0.0:0", ":0", "[::]:0", "192.0.2.1:0", "nonsense"} {
		if s, err := Listen(st, addr); err == nil {
			s.Close()
			t.Errorf("it listens on %s", addr)
		}
	}
}
