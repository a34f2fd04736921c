//go:build e2e

package main_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// journey is what web/e2e/journey.mjs prints.
type journey struct{ User, List, Todo, Extra, Gone, Product string }

// A session with the real SDK ends in rows of the declared types, on both databases, with our
// connector and with one that an app wrote itself.
func TestRealSDK(t *testing.T) {
	for _, source := range []string{"mongodb", "postgres"} {
		for _, connector := range []string{"turnkey", "plain"} {
			t.Run(source+"/"+connector, func(t *testing.T) {
				ids := map[string]string{"mongodb": "objectid", "postgres": "uuid"}[source]
				out := node(t, "journey.mjs", map[string]string{
					"url": stack.urls[source], "ids": ids, "connector": connector, "dir": t.TempDir(),
				})
				var j journey
				if err := json.Unmarshal(out, &j); err != nil {
					t.Fatalf("%v: %s", err, out)
				}
				if source == "mongodb" {
					checkMongoRows(t, j)
				} else {
					checkPostgresRows(t, j)
				}
			})
		}
	}
}

func checkMongoRows(t *testing.T, j journey) {
	t.Helper()
	ctx := t.Context()
	client, err := mongo.Connect(options.Client().ApplyURI(stack.sources["mongodb"]))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Disconnect(context.WithoutCancel(ctx))
	db := client.Database("todo")

	wantDocument(t, db.Collection("lists"), j.List, map[string]any{
		"name": "Trip north", "owner_id": j.User, "archived": false, "position": int32(8),
		"created_at": date("2026-03-01T10:20:30.456Z"),
	})
	wantDocument(t, db.Collection("todos"), j.Todo, map[string]any{
		"list_id": oid(t, j.List), "owner_id": j.User, "description": "Pack light", "completed": true,
		"created_at": date("2026-03-01T10:20:30.456Z"), "completed_at": date("2026-03-02T08:00:00.001Z"),
		"priority": nil, "effort": int64(9007199254740991), "cost": decimal(t, "19.90"),
		"place": bson.D{{Key: "city", Value: "Bergen"}, {Key: "indoor", Value: true}, {Key: "visited", Value: date("2026-02-01T00:00:00Z")}},
		"items": bson.A{bson.D{
			{Key: "product_id", Value: oid(t, j.Product)}, {Key: "quantity", Value: int32(2)},
			{Key: "due", Value: date("2026-04-01T00:00:00Z")}, {Key: "done", Value: false},
		}},
	})
	wantDocument(t, db.Collection("todos"), j.Extra, map[string]any{
		"list_id": oid(t, j.List), "owner_id": j.User, "description": "Tickets",
	})
	if n, err := db.Collection("todos").CountDocuments(ctx, bson.M{"_id": oid(t, j.Gone)}); err != nil || n != 0 {
		t.Errorf("the deleted row is still there: %d %v", n, err)
	}
	if n, err := db.Collection("turnkey_rejections").CountDocuments(ctx, bson.M{"user_id": j.User, "error_code": "UNAUTHORIZED", "row_id": j.Todo}); err != nil || n < 1 {
		t.Errorf("the refused write is not among the rejections: %d %v", n, err)
	}
}

func wantDocument(t *testing.T, c *mongo.Collection, id string, want map[string]any) {
	t.Helper()
	var got bson.D
	if err := c.FindOne(t.Context(), bson.M{"_id": oid(t, id)}).Decode(&got); err != nil {
		t.Fatalf("%s %s: %v", c.Name(), id, err)
	}
	for _, e := range got {
		if e.Key == "_id" {
			continue
		}
		w, ok := want[e.Key]
		if !ok {
			t.Errorf("%s has a field %s that nobody sent: %v", c.Name(), e.Key, e.Value)
		}
		if a, b := typed(t, e.Value), typed(t, w); a != b {
			t.Errorf("%s.%s is %s, want %s", c.Name(), e.Key, a, b)
		}
		delete(want, e.Key)
	}
	for field := range want {
		t.Errorf("%s lacks %s", c.Name(), field)
	}
}

// typed writes a value with its BSON type, so that 3 and 3.0 and "3" differ.
func typed(t *testing.T, v any) string {
	t.Helper()
	b, err := bson.MarshalExtJSON(bson.D{{Key: "v", Value: v}}, true, false)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func oid(t *testing.T, hex string) bson.ObjectID {
	t.Helper()
	id, err := bson.ObjectIDFromHex(hex)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func decimal(t *testing.T, s string) bson.Decimal128 {
	t.Helper()
	d, err := bson.ParseDecimal128(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func date(s string) bson.DateTime {
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return bson.NewDateTimeFromTime(at)
}

func checkPostgresRows(t *testing.T, j journey) {
	t.Helper()
	ctx := t.Context()
	conn, err := pgx.Connect(ctx, stack.sources["postgres"])
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(ctx))

	row := func(query string, args ...any) string {
		var got string
		if err := conn.QueryRow(ctx, query, args...).Scan(&got); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		return got
	}
	const utc = `'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'`
	list := row(`SELECT concat_ws('|', name, owner_id, to_char(created_at AT TIME ZONE 'UTC', `+utc+`), archived, position) FROM lists WHERE id = $1`, j.List)
	if want := fmt.Sprintf("Trip north|%s|2026-03-01T10:20:30.456Z|f|8", j.User); list != want {
		t.Errorf("list is %s, want %s", list, want)
	}
	todo := row(`SELECT concat_ws('|', list_id, owner_id, description, completed, to_char(created_at AT TIME ZONE 'UTC', `+utc+`),
		to_char(completed_at AT TIME ZONE 'UTC', `+utc+`), coalesce(priority::text, 'null'), effort, cost) FROM todos WHERE id = $1`, j.Todo)
	want := strings.Join([]string{j.List, j.User, "Pack light", "t", "2026-03-01T10:20:30.456Z", "2026-03-02T08:00:00.001Z", "null", "9007199254740991", "19.90"}, "|")
	if todo != want {
		t.Errorf("todo is %s, want %s", todo, want)
	}
	for query, want := range map[string]string{
		`SELECT jsonb_typeof(place->'indoor') || ' ' || (place->>'city') FROM todos WHERE id = $1`:                    "boolean Bergen",
		`SELECT jsonb_typeof(items->0->'done') || ' ' || jsonb_typeof(items->0->'quantity') FROM todos WHERE id = $1`: "boolean number",
		`SELECT items->0->>'product_id' FROM todos WHERE id = $1`:                                                     j.Product,
	} {
		if got := row(query, j.Todo); got != want {
			t.Errorf("%s gives %s, want %s", query, got, want)
		}
	}
	if got := row(`SELECT description FROM todos WHERE id = $1`, j.Extra); got != "Tickets" {
		t.Errorf("the transaction's insert is %q", got)
	}
	if got := row(`SELECT count(*)::text FROM todos WHERE id = $1`, j.Gone); got != "0" {
		t.Error("the deleted row is still there")
	}
	if got := row(`SELECT count(*)::text FROM turnkey.turnkey_rejections WHERE user_id = $1 AND error_code = 'UNAUTHORIZED' AND row_id = $2`, j.User, j.Todo); got == "0" {
		t.Error("the refused write is not among the rejections")
	}
}

// A token verifies with a JOSE library that is not ours, at every path of the JWKS.
func TestTokenVerifiesElsewhere(t *testing.T) {
	for _, source := range []string{"mongodb", "postgres"} {
		t.Run(source, func(t *testing.T) {
			if out := node(t, "verify-token.mjs", map[string]string{"url": stack.urls[source], "user": "u1"}); strings.TrimSpace(string(out)) != "ok" {
				t.Errorf("said %s", out)
			}
		})
	}
}
