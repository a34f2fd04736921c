package mongo

import (
	"fmt"
	"net"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"turnkey/internal/redact"
	"turnkey/runtime/bundle"
	"turnkey/runtime/source"
	"turnkey/runtime/source/sourcetest"
	"turnkey/runtime/value"
)

func TestConformance(t *testing.T) {
	sourcetest.Run(t, func(t *testing.T) *sourcetest.Harness {
		w := newWorld(t)
		if err := w.Prepare(t.Context()); err != nil {
			t.Fatal(err)
		}
		unique := mongo.IndexModel{Keys: bson.D{{Key: "code", Value: 1}}, Options: options.Index().SetUnique(true).SetSparse(true)}
		if _, err := w.bare.Collection("Items").Indexes().CreateOne(t.Context(), unique); err != nil {
			t.Fatal(err)
		}
		return &sourcetest.Harness{
			Source: w.Source,
			Items:  &source.Table{Name: "items", Collection: "Items", Key: "_id", ID: bundle.TypeObjectID},
			Others: &source.Table{Name: "others", Collection: "Others", Key: "_id", ID: bundle.TypeObjectID},
			ID: func(n int) value.Value {
				id, err := value.ParseID(bundle.TypeObjectID, fmt.Sprintf("%024x", n))
				if err != nil {
					t.Fatal(err)
				}
				return id
			},
			Of: func(t *testing.T, instance string) source.Source {
				opt := w.opt
				opt.Instance = instance
				s, err := Open(t.Context(), opt)
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { _ = s.Close() })
				return s
			},
			Down: func(t *testing.T) source.Source {
				s, err := Open(t.Context(), Options{URI: redact.New("mongodb://127.0.0.1:1/?replicaSet=rs0"), Database: "x", Dial: (&net.Dialer{}).DialContext, AllowPrivate: true, Now: time.Now})
				if err != nil {
					t.Fatal(err)
				}
				return s
			},
		}
	})
}
