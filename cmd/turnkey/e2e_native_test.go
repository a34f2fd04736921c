//go:build e2e

package main_test

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// connect opens the database behind the instance with its own driver.
func (in *tenant) connect() {
	in.Helper()
	var err error
	if in.source == "postgres" {
		if in.postgres, err = pgx.Connect(in.Context(), in.dev.file.SourceURLs["postgres"]); err != nil {
			in.Fatal(err)
		}
		in.Cleanup(func() { _ = in.postgres.Close(context.Background()) })
		if _, err := in.postgres.Exec(in.Context(), `CREATE UNIQUE INDEX IF NOT EXISTS todos_cost ON todos (cost)`); err != nil {
			in.Fatal(err)
		}
		return
	}
	client, err := mongo.Connect(options.Client().ApplyURI(in.dev.file.SourceURLs["mongodb"]))
	if err != nil {
		in.Fatal(err)
	}
	in.Cleanup(func() { _ = client.Disconnect(context.Background()) })
	in.mongo = client.Database("todo")
	unique := mongo.IndexModel{Keys: bson.D{{Key: "cost", Value: 1}}, Options: options.Index().SetUnique(true).SetSparse(true)}
	if _, err := in.mongo.Collection("todos").Indexes().CreateOne(in.Context(), unique); err != nil {
		in.Fatal(err)
	}
}

// row is a new id of the source's type.
func (in *tenant) row() string {
	var b [16]byte
	rand.Read(b[:])
	if in.source == "mongodb" {
		return hex.EncodeToString(b[:12])
	}
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// fields reads one row natively, the named columns joined by spaces; "" when there is none. Nulls are empty.
func (in *tenant) fields(table, id string, columns ...string) string {
	in.Helper()
	if in.source == "postgres" {
		var out string
		err := in.postgres.QueryRow(in.Context(), "SELECT concat_ws(' ', "+strings.Join(columns, "::text, ")+"::text) FROM "+table+" WHERE id = $1", id).Scan(&out)
		if err != nil && !errors.Is(err, pgx.ErrNoRows) {
			in.Fatal(err)
		}
		return out
	}
	var doc bson.M
	if err := in.mongo.Collection(table).FindOne(in.Context(), bson.M{"_id": oid(in.T, id)}).Decode(&doc); errors.Is(err, mongo.ErrNoDocuments) {
		return ""
	} else if err != nil {
		in.Fatal(err)
	}
	var out []string
	for _, c := range columns {
		if doc[c] != nil {
			out = append(out, fmt.Sprint(doc[c]))
		}
	}
	return strings.Join(out, " ")
}

// stored reads a whole row natively, in the form that a sync service would give it to devices; nil when there is none.
func (in *tenant) stored(table, id string) map[string]any {
	in.Helper()
	row := map[string]any{}
	if in.source == "postgres" {
		found, err := in.postgres.Query(in.Context(), "SELECT * FROM "+table+" WHERE id = $1", id)
		if err != nil {
			in.Fatal(err)
		}
		row, err = pgx.CollectExactlyOneRow(found, pgx.RowToMap)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		} else if err != nil {
			in.Fatal(err)
		}
	} else if err := in.mongo.Collection(table).FindOne(in.Context(), bson.M{"_id": oid(in.T, id)}).Decode(&row); errors.Is(err, mongo.ErrNoDocuments) {
		return nil
	} else if err != nil {
		in.Fatal(err)
	}
	delete(row, "_id")
	delete(row, "id")
	for column, v := range row {
		row[column] = synced(in.T, v)
	}
	return row
}

// synced is a column's value as PowerSync's service sends it.
func synced(t *testing.T, v any) any {
	t.Helper()
	switch v := v.(type) {
	case nil, string, int32, int64, float64:
		return v
	case bool:
		if v {
			return 1
		}
		return 0
	case bson.ObjectID:
		return v.Hex()
	case [16]byte:
		return fmt.Sprintf("%x-%x-%x-%x-%x", v[:4], v[4:6], v[6:8], v[8:10], v[10:])
	case bson.DateTime:
		return synced(t, v.Time())
	case time.Time:
		return v.UTC().Format("2006-01-02 15:04:05.000Z")
	}
	text, err := json.Marshal(nested(v))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// nested makes of a document what JSON has.
func nested(v any) any {
	switch v := v.(type) {
	case bson.D:
		out := map[string]any{}
		for _, e := range v {
			out[e.Key] = nested(e.Value)
		}
		return out
	case bson.A:
		out := make([]any, len(v))
		for i := range v {
			out[i] = nested(v[i])
		}
		return out
	}
	return v
}

// set changes one number of a list natively, as the app's own backend would.
func (in *tenant) set(id string, position int) {
	in.Helper()
	var err error
	if in.source == "postgres" {
		_, err = in.postgres.Exec(in.Context(), "UPDATE lists SET position = $1 WHERE id = $2", position, id)
	} else {
		_, err = in.mongo.Collection("lists").UpdateByID(in.Context(), oid(in.T, id), bson.M{"$set": bson.M{"position": int32(position)}})
	}
	if err != nil {
		in.Fatal(err)
	}
}

// seen is what a user's sync stream of turnkey_rejections would hold, by status and code, oldest first.
func (in *tenant) seen(user string) string {
	in.Helper()
	var out []string
	if in.source == "postgres" {
		rows, err := in.postgres.Query(in.Context(), "SELECT status || ' ' || error_code FROM turnkey.turnkey_rejections WHERE user_id = $1 ORDER BY id", user)
		if err == nil {
			out, err = pgx.CollectRows(rows, pgx.RowTo[string])
		}
		if err != nil {
			in.Fatal(err)
		}
		return strings.Join(out, ", ")
	}
	cursor, err := in.mongo.Collection("turnkey_rejections").Find(in.Context(), bson.M{"user_id": user}, options.Find().SetSort(bson.M{"_id": 1}))
	if err != nil {
		in.Fatal(err)
	}
	var docs []bson.M
	if err := cursor.All(in.Context(), &docs); err != nil {
		in.Fatal(err)
	}
	for _, d := range docs {
		out = append(out, fmt.Sprintf("%v %v", d["status"], d["error_code"]))
	}
	return strings.Join(out, ", ")
}
