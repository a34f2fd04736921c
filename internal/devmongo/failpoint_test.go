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

// TestFailCommandInTransactions: each fault once, met by the driver's own retries.
func TestFailCommandInTransactions(t *testing.T) {
	for what, c := range map[string]struct {
		data  string
		tries int  // of the transaction's function
		fails bool // the caller sees an error
	}{
		"error in a statement":            {`{"failCommands":["insert"],"errorCode":91}`, 2, false},
		"its label taken away":            {`{"failCommands":["insert"],"errorCode":91,"errorLabels":[]}`, 1, true},
		"a label for any code":            {`{"failCommands":["insert"],"errorCode":4711,"errorLabels":["TransientTransactionError"]}`, 2, false},
		"connection lost in a statement":  {`{"failCommands":["insert"],"closeConnection":true}`, 2, false},
		"commit refused for now":          {`{"failCommands":["commitTransaction"],"errorCode":91}`, 1, false},
		"commit never arrived":            {`{"failCommands":["commitTransaction"],"closeConnection":true}`, 1, false},
		"reply of the commit lost":        {`{"failCommands":["commitTransaction"],"devmongoCloseConnectionAfterExecution":true}`, 1, false},
		"commit not yet replicated":       {`{"failCommands":["commitTransaction"],"writeConcernError":{"code":91,"errmsg":"shutting down"}}`, 1, false},
		"commit to be begun anew":         {`{"failCommands":["commitTransaction"],"errorCode":251,"errorLabels":["TransientTransactionError"]}`, 2, false},
		"another client's":                {`{"failCommands":["insert"],"errorCode":4711,"appName":"other"}`, 1, false},
		"ours":                            {`{"failCommands":["insert"],"errorCode":4711,"appName":"us"}`, 1, true},
		"another collection's":            {`{"failCommands":["insert"],"errorCode":4711,"namespace":"d.other"}`, 1, false},
		"a blocked commit, then executed": {`{"failCommands":["commitTransaction"],"blockConnection":true,"blockTimeMS":5}`, 1, false},
	} {
		t.Run(what, func(t *testing.T) {
			s, cl := start(t, "")
			ours, err := mongo.Connect(options.Client().ApplyURI(s.URI()).SetAppName("us"))
			if err != nil {
				t.Fatal(err)
			}
			defer ours.Disconnect(context.Background())
			failing(t, cl, once(), js(t, c.data))
			session, err := ours.StartSession()
			if err != nil {
				t.Fatal(err)
			}
			defer session.EndSession(t.Context())
			tries := 0
			col := ours.Database("d").Collection("c")
			_, err = session.WithTransaction(t.Context(), func(ctx context.Context) (any, error) {
				tries++
				return col.InsertOne(ctx, bson.D{{Key: "_id", Value: 1}})
			})
			if tries != c.tries || (err != nil) != c.fails {
				t.Errorf("%d tries, %v", tries, err)
			}
			if n, _ := col.CountDocuments(t.Context(), bson.D{}); (n == 0) != c.fails {
				t.Errorf("%d documents", n)
			}
		})
	}
}

func TestFailCommandRefusesWhatItLacks(t *testing.T) {
	w, _ := open1(t, Options{})
	for _, cmd := range []string{
		`{"configureFailPoint":"failCommand","mode":{"activationProbability":0.5},"data":{}}`,
		`{"configureFailPoint":"failCommand","mode":"alwaysOn","data":{"failCommands":["insert"],"extraInfo":1}}`,
	} {
		w.answers(cmd, w.call(js(t, cmd)), 238, false)
	}
	w.call(js(t, `{"configureFailPoint":"failCommand","mode":{"skip":1},"data":{"failCommands":["insert"],"errorCode":7}}`))
	for i := range 3 {
		reply, _ := w.s.answer(&conn{}, js(t, `{"insert":"c","documents":[{}],"$db":"d"}`))
		if num(reply, "ok") == 1 != (i == 0) {
			t.Errorf("insert %d: %v", i, reply)
		}
	}
	if reply := w.call(js(t, `{"configureFailPoint":"failCommand","mode":"off"}`)); num(reply, "count") != 2 {
		t.Errorf("it struck: %v", reply)
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
