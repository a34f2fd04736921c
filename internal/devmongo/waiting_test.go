package devmongo

import (
	"context"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
)

// A plain write that meets an open transaction waits, and then acts on what the transaction left.
func TestAPlainInsertWaitsAndThenSeesWhatWasCommitted(t *testing.T) {
	for name, commit := range map[string]bool{"committed": true, "aborted": false} {
		t.Run(name, func(t *testing.T) {
			_, client := start(t, "")
			ctx := context.Background()
			c := client.Database("d").Collection("w")
			session, err := client.StartSession()
			if err != nil {
				t.Fatal(err)
			}
			defer session.EndSession(ctx)
			if err := session.StartTransaction(); err != nil {
				t.Fatal(err)
			}
			if _, err := c.InsertOne(mongo.NewSessionContext(ctx, session), bson.M{"_id": 1, "by": "transaction"}); err != nil {
				t.Fatal(err)
			}
			done := make(chan error, 1)
			go func() { _, err := c.InsertOne(ctx, bson.M{"_id": 1, "by": "plain"}); done <- err }()
			select {
			case err := <-done:
				t.Fatal("the insert did not wait: ", err)
			case <-time.After(50 * time.Millisecond):
			}
			want := "plain"
			if commit {
				want, err = "transaction", session.CommitTransaction(ctx)
			} else {
				err = session.AbortTransaction(ctx)
			}
			if err != nil {
				t.Fatal(err)
			}
			if err := <-done; mongo.IsDuplicateKeyError(err) != commit || !commit && err != nil {
				t.Errorf("the plain insert: %v", err)
			}
			var got struct{ By string }
			if err := c.FindOne(ctx, bson.M{"_id": 1}).Decode(&got); err != nil || got.By != want {
				t.Errorf("stored %q (%v), want %q", got.By, err, want)
			}
		})
	}
}

// The transaction cannot see what was committed after it began, so that it is a conflict (worth
// another try), not a duplicate.
func TestAnInsertOverAnUnseenDocumentConflicts(t *testing.T) {
	_, client := start(t, "")
	ctx := context.Background()
	c := client.Database("d").Collection("w")
	session, err := client.StartSession()
	if err != nil {
		t.Fatal(err)
	}
	defer session.EndSession(ctx)
	if err := session.StartTransaction(); err != nil {
		t.Fatal(err)
	}
	in := mongo.NewSessionContext(ctx, session)
	if err := c.FindOne(in, bson.M{"_id": 1}).Err(); err != mongo.ErrNoDocuments {
		t.Fatal(err)
	}
	if _, err := c.InsertOne(ctx, bson.M{"_id": 1}); err != nil {
		t.Fatal(err)
	}
	_, err = c.InsertOne(in, bson.M{"_id": 1})
	var refused mongo.CommandError
	if e, ok := err.(mongo.CommandError); ok {
		refused = e
	}
	if refused.Code != 112 || !refused.HasErrorLabel("TransientTransactionError") {
		t.Errorf("got %v", err)
	}
}

// TestAWaitingWriteEndsWithItsTime: an orphan blocks a plain write no longer than its maxTimeMS.
func TestAWaitingWriteEndsWithItsTime(t *testing.T) {
	w, _ := open1(t, Options{})
	w.answers("orphan", w.call(begins(1, increments("hot"))), 0, false)
	w.answers("a plain write", w.call(append(increments("hot"), bson.E{Key: "maxTimeMS", Value: 20})), 50, false)
	w.answers("the orphan goes on", w.call(inTxn(1, commits)), 0, false)
}

// TestARetryWaitsForTheFirst: a retryable write that waits for a lock, and its repetition from another
// connection meanwhile, are applied once, and both are answered.
func TestARetryWaitsForTheFirst(t *testing.T) {
	w, st := open1(t, Options{})
	w.answers("orphan", w.call(begins(1, increments("hot"))), 0, false)
	second := D{{Key: "id", Value: "second"}}
	replies := make(chan D, 2)
	for range cap(replies) {
		go func() { replies <- w.call(set(numbered(1, increments("hot")), "lsid", second)) }()
	}
	for busy := false; !busy; { // until the first of them waits
		st.mu.Lock()
		se := st.sessions[key("second")]
		busy = se != nil && se.busy
		st.mu.Unlock()
	}
	w.answers("the orphan ends", w.call(inTxn(1, commits)), 0, false)
	retried := 0
	for range cap(replies) {
		reply := <-replies
		if num(reply, "n") != 1 {
			t.Errorf("reply: %v", reply)
		}
		retried += len(arr(reply, "retriedStmtIds"))
	}
	found := w.call(D{{Key: "find", Value: "c"}})
	if d := arr(doc(found, "cursor"), "firstBatch")[0].(D); retried != 1 || num(d, "n") != 2 {
		t.Errorf("%d of them was a retry, the document is %v", retried, d)
	}
}
