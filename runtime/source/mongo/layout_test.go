package mongo

import (
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"turnkey/runtime/source"
)

// A database that runtimes of layout 1 use is upgraded in place, and they go on beside us.
func TestLayoutOneIsUpgraded(t *testing.T) {
	w := newWorld(t)
	created := time.UnixMilli(1_700_000_000_000).UTC()
	old := func(id, user string) { // as layout 1 wrote it
		t.Helper()
		public := bson.D{{Key: "_id", Value: id}, {Key: "user_id", Value: user}, {Key: "table_name", Value: "todos"}, {Key: "row_id", Value: "1"}, {Key: "error_code", Value: "X"},
			{Key: "message", Value: "m"}, {Key: "hint", Value: "h"}, {Key: "status", Value: "open"}, {Key: "created_at", Value: created}}
		operator := bson.D{{Key: "_id", Value: id}, {Key: "kind", Value: "rejection"}, {Key: "user_id", Value: user}, {Key: "client_id", Value: "phone"}, {Key: "request_id", Value: "req"},
			{Key: "deployment", Value: int64(3)}, {Key: "operation", Value: int64(-1)}, {Key: "payload_bytes", Value: int64(2)}, {Key: "payload_stored", Value: int64(2)}, {Key: "created_at", Value: created}}
		part := bson.D{{Key: "_id", Value: id + "/payload/0000"}, {Key: "kind", Value: "payload"}, {Key: "data", Value: []byte("{}")}}
		if _, err := w.bare.Collection(rejectionsName).InsertOne(t.Context(), public); err != nil {
			t.Fatal(err)
		}
		if _, err := w.bare.Collection(payloadsName).InsertMany(t.Context(), []any{operator, part}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.bare.Collection(metaName).InsertOne(t.Context(), bson.D{{Key: "_id", Value: "layout"}, {Key: "version", Value: int32(1)}}); err != nil {
		t.Fatal(err)
	}
	old("rej_1", "u1")
	for range 2 {
		if err := w.Prepare(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	old("rej_2", "u1") // by a runtime that has not been replaced yet
	c, err := w.get(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if v, err := c.layout(t.Context()); v != layout || err != nil {
		t.Errorf("layout %d %v", v, err)
	}
	names, err := w.bare.ListCollectionNames(t.Context(), bson.D{})
	if err != nil {
		t.Fatal(err)
	}
	for _, col := range collections {
		if !strings.Contains(strings.Join(names, " ")+" ", col.name+" ") {
			t.Errorf("%s is missing among %v", col.name, names)
		}
	}
	for _, f := range []source.RejectionFilter{{}, {UserID: "u1"}, {Status: []source.RejectionStatus{source.Open}}, {Deployment: 3}, {ClientID: "phone", ErrorCode: "X"}} {
		f.Limit = 10
		list, err := w.Rejections(t.Context(), f)
		if err != nil || len(list) != 2 || list[0].ID != "rej_2" || list[1].Group != "rej_1" || list[0].Deployment != 3 || list[0].Operation != -1 {
			t.Errorf("%+v lists %+v %v", f, list, err)
		}
	}
	got, err := w.Rejection(t.Context(), "rej_2")
	if err != nil || string(got.Payload) != "{}" || !got.CreatedAt.Equal(created) {
		t.Errorf("%+v %v", got, err)
	}
	settle := []source.Settlement{{ID: "rej_1", From: []source.RejectionStatus{source.Open}, To: source.Replayed, At: created}}
	if err := w.Settle(t.Context(), settle); err != nil {
		t.Error(err)
	}
	if n, err := w.Erase(t.Context(), "u1"); n != 2 || err != nil {
		t.Errorf("erased %d %v", n, err)
	}
	if n, err := w.bare.Collection(payloadsName).CountDocuments(t.Context(), bson.D{}); n != 0 || err != nil {
		t.Errorf("%d documents are left (%v)", n, err)
	}
}

// A database of layout 2 takes conflicts after Prepare; streams see nothing but their contract.
func TestLayoutTwoIsUpgraded(t *testing.T) {
	w := newWorld(t)
	if _, err := w.bare.Collection(metaName).InsertOne(t.Context(), bson.D{{Key: "_id", Value: "layout"}, {Key: "version", Value: int32(2)}}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.bare.Collection(payloadsName).InsertOne(t.Context(), bson.D{{Key: "_id", Value: "rej_1"}, {Key: "kind", Value: kindRejection}}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := w.Prepare(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	tx, err := w.Begin(t.Context(), source.Session{})
	if err != nil {
		t.Fatal(err)
	}
	record := source.ConflictRecord{ID: "cnf_1", UserID: "u1", TableName: "items", RowID: "a", Status: source.ConflictOpen, CreatedAt: time.Now(), ClientData: []byte("{}"), Rejection: "rej_1"}
	if err := tx.Apply(t.Context(), nil, &source.Finish{Conflicts: []source.ConflictRecord{record}}); err != nil {
		t.Fatal(err)
	}
	if list, err := w.Conflicts(t.Context(), source.ConflictFilter{Rejection: "rej_1", Limit: 9}); err != nil || len(list) != 1 {
		t.Errorf("%+v %v", list, err)
	}
	raw, err := w.bare.Collection(conflictsName).FindOne(t.Context(), bson.D{{Key: "_id", Value: "cnf_1"}}).Raw()
	if err != nil {
		t.Fatal(err)
	}
	members, err := raw.Elements()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, m := range members {
		names = append(names, m.Key())
	}
	if got := strings.Join(names, " "); got != "_id user_id table_name row_id client_data server_data status created_at" {
		t.Errorf("streams see %s", got)
	}
}

func TestStatementsDoWhatPrepareDoes(t *testing.T) {
	w := newWorld(t)
	all := strings.Join(w.statements(), "\n")
	for _, col := range collections {
		if !strings.Contains(all, `db.createCollection("`+col.name+`");`) {
			t.Errorf("%s is missing", col.name)
		}
		for _, x := range col.indexes {
			if !strings.Contains(all, x.name) || x.kind != "" && !strings.Contains(all, `partialFilterExpression: {kind: "`+x.kind+`"}`) {
				t.Errorf("%s of %s is missing or not whole", x.name, col.name)
			}
		}
	}
}

// clock is what a source takes for the time.
type clock struct{ now time.Time }

func TestOneRuntimeSweepsAtATime(t *testing.T) {
	other := clock{time.Now()}
	w := newWorld(t)
	if err := w.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	opt := w.opt
	opt.Now = func() time.Time { return other.now }
	second, err := Open(t.Context(), opt)
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	if held, err := w.lease(t.Context()); !held || err != nil { // and then it is killed
		t.Fatalf("%v %v", held, err)
	}
	keep := source.Retention{Receipts: time.Hour, Rejections: time.Hour, Clients: time.Hour}
	if swept, err := second.Sweep(t.Context(), other.now, keep); err != nil || !swept.Busy {
		t.Errorf("beside a holder: %+v %v", swept, err)
	}
	other.now = other.now.Add(leaseTime + 5*time.Second)
	if swept, err := second.Sweep(t.Context(), other.now, keep); err != nil || swept.Busy {
		t.Errorf("after its lease: %+v %v", swept, err)
	}
	if swept, err := w.Sweep(t.Context(), time.Now(), keep); err != nil || swept.Busy {
		t.Errorf("a lease that was given back: %+v %v", swept, err)
	}
}

func TestErasingTakesTheClientsReport(t *testing.T) {
	w := newWorld(t)
	clients := w.bare.Collection(clientsName)
	for id, user := range map[string]string{"a": "u1", "b": "u2"} {
		if _, err := clients.InsertOne(t.Context(), bson.D{{Key: "_id", Value: []byte(id)}, {Key: "user_id", Value: user}, {Key: "client_id", Value: "phone"}, {Key: "report", Value: "{}"}, {Key: "floor", Value: int64(7)}}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.Erase(t.Context(), "u1"); err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]bool{"a": false, "b": true} {
		raw, err := clients.FindOne(t.Context(), bson.D{{Key: "_id", Value: []byte(id)}}).Raw()
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"user_id", "client_id", "report"} {
			if _, err := raw.LookupErr(name); (err == nil) != want {
				t.Errorf("%s of %s is there: %v", name, id, err == nil)
			}
		}
		if raw.Lookup("floor").Int64() != 7 {
			t.Errorf("the floor of %s is gone: %s", id, raw)
		}
	}
}
