package mongo

import (
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"turnkey/runtime/source"
)

// A database of layout 2 is upgraded in place; what runtimes of that layout know is not touched.
func TestAnOutboxIsAddedToLayoutTwo(t *testing.T) {
	w := newWorld(t)
	for _, col := range collections {
		if col.name == outboxName {
			continue
		}
		if err := w.bare.CreateCollection(t.Context(), col.name); err != nil {
			t.Fatal(err)
		}
	}
	meta := w.bare.Collection(metaName)
	if _, err := meta.InsertOne(t.Context(), bson.D{{Key: "_id", Value: "layout"}, {Key: "version", Value: int32(2)}}); err != nil {
		t.Fatal(err)
	}
	if _, next, err := w.NextDelivery(t.Context(), nil); !next.IsZero() || err != nil {
		t.Errorf("before the upgrade nothing is pending: %v %v", next, err)
	}
	for range 2 {
		if err := w.Prepare(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	d := source.Delivery{ID: source.DeliveryID(time.Now(), "seed", 0, 0), Kind: source.Webhook, Lane: "crm", CreatedAt: time.Now(), Payload: []byte("{}")}
	x, err := w.begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := x.Apply(t.Context(), nil, &source.Finish{Deliveries: []source.Delivery{d}}); err != nil {
		t.Fatal(err)
	}
	var stored struct {
		Version int `bson:"version"`
	}
	if err := meta.FindOne(t.Context(), bson.D{{Key: "_id", Value: "layout"}}).Decode(&stored); err != nil || stored.Version != layout {
		t.Errorf("%+v %v", stored, err)
	}
	raw, err := w.bare.Collection(outboxName).FindOne(t.Context(), bson.D{{Key: "_id", Value: d.ID}}).Raw()
	if err != nil || raw.Lookup("lease").StringValue() != "" || raw.Lookup("status").StringValue() != "pending" {
		t.Errorf("%s %v", raw, err)
	}
}
