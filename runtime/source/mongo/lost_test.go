package mongo

import (
	"context"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"turnkey/runtime/source"
)

// failNext makes the next times commands of the name fail.
func (w *world) failNext(t *testing.T, name string, times int32, how bson.D) {
	t.Helper()
	admin := w.bare.Client().Database("admin")
	err := admin.RunCommand(t.Context(), bson.D{{Key: "configureFailPoint", Value: "failCommand"}, {Key: "mode", Value: bson.D{{Key: "times", Value: times}}},
		{Key: "data", Value: append(bson.D{{Key: "failCommands", Value: bson.A{name}}}, how...)}}).Err()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = admin.RunCommand(context.Background(), bson.D{{Key: "configureFailPoint", Value: "failCommand"}, {Key: "mode", Value: "off"}}).Err()
	})
}

// What breaks before the commit leaves nothing behind, and the next try may find the database again. What
// breaks a commit is tried again until its outcome is known.
func TestATransactionThatTheServerLostStartsOver(t *testing.T) {
	closed := bson.D{{Key: "closeConnection", Value: true}}
	code := func(n int32) bson.D { return bson.D{{Key: "errorCode", Value: n}} }
	labelled := func(n int32) bson.D { // as the server does inside of a transaction
		return append(code(n), bson.E{Key: "errorLabels", Value: bson.A{labelTransient}})
	}
	for name, c := range map[string]struct {
		command string
		how     bson.D
		want    string // "": it commits
	}{
		"the connection breaks at the read":    {"find", closed, "connection_lost"},
		"the connection breaks at the write":   {"insert", closed, "connection_lost"},
		"the connection breaks at the commit":  {"commitTransaction", closed, ""},
		"another primary at the read":          {"find", labelled(10107), "primary_changed"},
		"another primary at the write":         {"insert", labelled(189), "primary_changed"},
		"interrupted by a step-down":           {"insert", labelled(11602), "primary_changed"},
		"another primary at the commit":        {"commitTransaction", code(10107), ""},
		"a step-down interrupts the commit":    {"commitTransaction", code(11602), ""},
		"the transaction was ended by another": {"insert", labelled(251), "write_conflict"},
		"the session is used by another":       {"insert", code(225), "write_conflict"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			if err := w.Prepare(t.Context()); err != nil {
				t.Fatal(err)
			}
			run := func() error {
				refs, claim, changes, finish := upload(source.Owner{1}, 0, 2)
				x, err := w.Begin(t.Context(), source.Session{})
				if err != nil {
					return err
				}
				defer x.Rollback(t.Context())
				_, history, err := x.Read(t.Context(), refs, claim)
				if err != nil || len(history.Receipts) > 0 {
					return err
				}
				return x.Apply(t.Context(), changes, finish)
			}
			w.failNext(t, c.command, 1, c.how)
			err := run()
			if f := source.FailureOf(err); c.want == "" && err != nil || c.want != "" && (f == nil || f.Class != source.Conflict || f.Code != c.want) {
				t.Errorf("the first try: %v", err)
			}
			if err := run(); err != nil {
				t.Errorf("the next try: %v", err)
			}
			for name, want := range map[string]int64{"Todos": 2, receiptsName: 1} {
				if n, err := w.bare.Collection(name).CountDocuments(t.Context(), bson.D{}); n != want || err != nil {
					t.Errorf("%d documents in %s (%v), want %d", n, name, err, want)
				}
			}
		})
	}
}
