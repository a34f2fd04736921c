package mongo

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"turnkey/runtime/source"
)

// layout is the version of our collections. A higher one found in the database was made by a newer
// runtime that serves beside us, and is left alone.
//
//	1  turnkey_rejections, turnkey_payloads
const layout = 1

// index of one of our collections; its name is pinned so that making it again does nothing.
type index struct {
	name string
	keys bson.D
}

// collections are what layout has.
var collections = []struct {
	name    string
	indexes []index
}{
	{metaName, nil},
	{rejectionsName, []index{
		{"user_id_1__id_1", bson.D{{Key: "user_id", Value: 1}, {Key: "_id", Value: 1}}},
		{"status_1__id_1", bson.D{{Key: "status", Value: 1}, {Key: "_id", Value: 1}}},
		{"created_at_1", bson.D{{Key: "created_at", Value: 1}}},
	}},
	{payloadsName, []index{
		{"user_id_1", bson.D{{Key: "user_id", Value: 1}}},
	}},
}

// Prepare makes our collections and indexes and writes the layout's version last. Any number of
// runtimes may do so at once.
func (s *Source) Prepare(ctx context.Context) error {
	c, err := s.get(ctx)
	if err != nil {
		return err
	}
	found, err := c.layout(ctx)
	if err != nil || found >= layout {
		return nilOr(err)
	}
	for _, col := range collections {
		var ce mongo.CommandError
		if err := c.db.CreateCollection(ctx, col.name); err != nil && !(errors.As(err, &ce) && ce.Code == 48) { // NamespaceExists
			return s.notPrepared(err)
		}
		var models []mongo.IndexModel
		for _, x := range col.indexes {
			models = append(models, mongo.IndexModel{Keys: x.keys, Options: options.Index().SetName(x.name)})
		}
		if len(models) == 0 {
			continue
		}
		if _, err := c.db.Collection(col.name).Indexes().CreateMany(ctx, models); err != nil {
			return s.notPrepared(err)
		}
	}
	up := options.UpdateOne().SetUpsert(true)
	raise := bson.D{{Key: "$max", Value: bson.D{{Key: "version", Value: int32(layout)}}}}
	for range 2 { // two upserts of the same _id may meet; the second then finds it
		if _, err = c.db.Collection(metaName).UpdateByID(ctx, "layout", raise, up); !mongo.IsDuplicateKeyError(err) {
			break
		}
	}
	if err != nil {
		return s.notPrepared(err)
	}
	return nil
}

// nilOr translates without making a nil *Failure into an error.
func nilOr(err error) error {
	if err == nil {
		return nil
	}
	return translate(err)
}

// layout is the version found; 0: not prepared.
func (c *client) layout(ctx context.Context) (int64, error) {
	raw, err := c.db.Collection(metaName).FindOne(ctx, bson.D{{Key: "_id", Value: "layout"}}).Raw()
	if errors.Is(err, mongo.ErrNoDocuments) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	v, _ := raw.Lookup("version").AsInt64OK()
	return v, nil
}

// notPrepared adds the statements to run where a privilege is missing.
func (s *Source) notPrepared(err error) error {
	f := translate(err)
	if f.Code != "source_unauthorized" {
		return f
	}
	return &source.Failure{Class: source.Misconfigured, Code: "SOURCE_NOT_PREPARED", Change: -1, Err: err,
		Message: "Turnkey's own collections are missing, and the database user may not create them.",
		Hint:    "Run this in mongosh as a user who may: " + strings.Join(s.statements(), " ")}
}

// statements do in mongosh what Prepare does.
func (s *Source) statements() []string {
	out := []string{fmt.Sprintf("use %s;", s.opt.Database)}
	for _, col := range collections {
		out = append(out, fmt.Sprintf("db.createCollection(%q);", col.name))
		for _, x := range col.indexes {
			var keys []string
			for _, k := range x.keys {
				keys = append(keys, fmt.Sprintf("%s: %d", k.Key, k.Value))
			}
			out = append(out, fmt.Sprintf("db.%s.createIndex({%s}, {name: %q});", col.name, strings.Join(keys, ", "), x.name))
		}
	}
	return append(out, fmt.Sprintf(`db.%s.updateOne({_id: "layout"}, {$max: {version: NumberInt(%d)}}, {upsert: true});`, metaName, layout))
}
