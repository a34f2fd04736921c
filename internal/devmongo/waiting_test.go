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
