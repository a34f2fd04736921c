package upload_test

import (
	"errors"

	"turnkey/runtime/bundle"

	"github.com/jackc/pgx/v5"
	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// rejection reads a kept transaction and its code with the database's own driver; empty: none.
func (w *world) rejection(id string) (payload, code string) {
	w.t.Helper()
	if w.kind == bundle.MongoDB {
		return w.mongoRejection(id)
	}
	conn, err := pgx.Connect(w.t.Context(), w.pg)
	if err != nil {
		w.t.Fatal(err)
	}
	defer conn.Close(w.t.Context())
	err = conn.QueryRow(w.t.Context(), `SELECT error_code, (SELECT convert_from(string_agg(p.data, ''::bytea ORDER BY p.part), 'UTF8') FROM turnkey.payloads p WHERE p.id = r.id AND p.kind = 'payload')
		FROM turnkey.turnkey_rejections r WHERE r.id = $1`, id).Scan(&code, &payload)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", ""
	} else if err != nil {
		w.t.Fatal(err)
	}
	return payload, code
}

func (w *world) mongoRejection(id string) (payload, code string) {
	w.t.Helper()
	var row struct {
		Code string `bson:"error_code"`
	}
	err := w.mongo.Collection("turnkey_rejections").FindOne(w.t.Context(), bson.M{"_id": id}).Decode(&row)
	if errors.Is(err, driver.ErrNoDocuments) {
		return "", ""
	} else if err != nil {
		w.t.Fatal(err)
	}
	cursor, err := w.mongo.Collection("turnkey_payloads").Find(w.t.Context(), bson.M{"_id": bson.M{"$gte": id + "/payload/", "$lt": id + "/payload0"}},
		options.Find().SetSort(bson.M{"_id": 1}))
	if err != nil {
		w.t.Fatal(err)
	}
	var parts []struct{ Data []byte }
	if err := cursor.All(w.t.Context(), &parts); err != nil {
		w.t.Fatal(err)
	}
	for _, p := range parts {
		payload += string(p.Data)
	}
	return payload, row.Code
}
