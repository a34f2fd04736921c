package devstack

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// CreateDatabase makes a database on the server of url, unless it is there.
func CreateDatabase(ctx context.Context, url, name string) error {
	err := RunSQL(ctx, url, "CREATE DATABASE "+pgx.Identifier{name}.Sanitize())
	var pg *pgconn.PgError
	if errors.As(err, &pg) && pg.Code == "42P04" {
		return nil
	}
	return err
}

// RunSQL runs statements that are safe to run again.
func RunSQL(ctx context.Context, url, statements string) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return fmt.Errorf("connecting to the private PostgreSQL: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	if _, err := conn.Exec(ctx, statements); err != nil {
		return fmt.Errorf("seeding the private PostgreSQL: %w", err)
	}
	return nil
}

// SeedMongo writes the demo's documents, unless they are there.
func SeedMongo(ctx context.Context, uri, database string) error {
	client, err := mongo.Connect(options.Client().ApplyURI(uri).SetTimeout(20 * time.Second))
	if err != nil {
		return fmt.Errorf("connecting to MongoDB: %w", err)
	}
	defer client.Disconnect(context.WithoutCancel(ctx))
	id := func(n byte) bson.ObjectID { return bson.ObjectID{0x65, 0xf0, 0, 0, 0, 0, 0, 0, 0, 0, 0, n} }
	at := func(s string) time.Time {
		t, err := time.Parse(time.RFC3339, s)
		if err != nil {
			panic(err) // a constant below is wrong
		}
		return t
	}
	cost, err := bson.ParseDecimal128("3.20")
	if err != nil {
		return err
	}
	db := client.Database(database)
	for collection, doc := range map[string]bson.D{
		"lists": {
			{Key: "_id", Value: id(1)}, {Key: "name", Value: "Groceries"}, {Key: "owner_id", Value: "demo"}, {Key: "created_at", Value: at("2026-01-05T08:00:00Z")},
			{Key: "archived", Value: false}, {Key: "position", Value: int32(1)},
		},
		"todos": {
			{Key: "_id", Value: id(2)}, {Key: "list_id", Value: id(1)}, {Key: "owner_id", Value: "demo"}, {Key: "description", Value: "Buy milk"}, {Key: "completed", Value: false},
			{Key: "created_at", Value: at("2026-01-05T08:05:00Z")}, {Key: "priority", Value: int32(2)}, {Key: "effort", Value: int64(5)}, {Key: "cost", Value: cost},
			{Key: "place", Value: bson.D{{Key: "city", Value: "Cape Town"}, {Key: "indoor", Value: true}, {Key: "visited", Value: at("2026-01-04T10:00:00Z")}}},
			{Key: "items", Value: bson.A{bson.D{{Key: "product_id", Value: id(9)}, {Key: "quantity", Value: int32(2)}, {Key: "due", Value: at("2026-01-06T00:00:00Z")}, {Key: "done", Value: false}}}},
		},
	} {
		if _, err := db.Collection(collection).InsertOne(ctx, doc); err != nil && !mongo.IsDuplicateKeyError(err) {
			return fmt.Errorf("seeding MongoDB: %w", err)
		}
	}
	return nil
}
