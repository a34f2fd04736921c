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

// Our own collections.
const (
	metaName         = "turnkey_meta"
	receiptsName     = "turnkey_receipts"
	clientsName      = "turnkey_clients"
	rejectionsName   = "turnkey_rejections"
	payloadsName     = "turnkey_payloads"
	rejectedRowsName = "turnkey_rejected_rows"
	runtimesName     = "turnkey_runtimes"
	outboxName       = "turnkey_outbox"
	conflictsName    = "turnkey_conflicts"
	tombstonesName   = "turnkey_tombstones"
	tracesName       = "turnkey_traces"
)

// layout is the version of our collections. A higher one found in the database was made by a newer
// runtime that serves beside us, and is left alone. A version only adds to the one before, so that
// runtimes of that one keep working.
//
//	1  turnkey_rejections, turnkey_payloads
//	2  turnkey_receipts, turnkey_clients, turnkey_rejected_rows, turnkey_runtimes; indexes for the inbox
//	3  turnkey_outbox, turnkey_conflicts, turnkey_tombstones, turnkey_traces; indexes for conflicts
const layout = 3

// index of one of our collections; its name is pinned so that making it again does nothing.
type index struct {
	name string
	keys bson.D
	kind string // when set: only documents of this kind are in it
}

func ascending(fields ...string) (keys bson.D) {
	for _, f := range fields {
		keys = append(keys, bson.E{Key: f, Value: 1})
	}
	return keys
}

// collections are what layout has.
var collections = []struct {
	name    string
	indexes []index
}{
	{metaName, nil},
	{rejectionsName, []index{
		{"user_id_1__id_1", ascending("user_id", "_id"), ""},
		{"status_1__id_1", ascending("status", "_id"), ""},
		{"created_at_1__id_1", ascending("created_at", "_id"), ""},
		{"table_name_1_row_id_1__id_1", ascending("table_name", "row_id", "_id"), ""},
		{"error_code_1__id_1", ascending("error_code", "_id"), ""},
	}},
	{payloadsName, []index{
		{"user_id_1", ascending("user_id"), ""},
		{"client_id_1__id_1", ascending("client_id", "_id"), kindRejection},
		{"deployment_1__id_1", ascending("deployment", "_id"), kindRejection},
		{"group_1__id_1", ascending("group", "_id"), kindRejection},
		{"conflict_status_1__id_1", ascending("status", "_id"), kindConflict},
		{"conflict_row_1__id_1", ascending("table_name", "row_id", "_id"), kindConflict},
		{"conflict_rejection_1", ascending("rejection_id"), kindConflict},
	}},
	{receiptsName, []index{
		{"at_1__id_1", ascending("at", "_id"), ""},
	}},
	{clientsName, []index{
		{"user_id_1", ascending("user_id"), ""},
		{"seen_at_1__id_1", ascending("seen_at", "_id"), ""},
	}},
	{rejectedRowsName, []index{
		{"table_name_1_row_id_1", ascending("table_name", "row_id"), ""},
	}},
	{runtimesName, nil},
	{outboxName, []index{
		{"status_1_due_at_1", ascending("status", "due_at"), ""},
		{"status_1_lane_1_due_at_1", ascending("status", "lane", "due_at"), ""},
		{"status_1__id_1", ascending("status", "_id"), ""},
		{"user_id_1", ascending("user_id"), ""},
		{"settled_at_1", ascending("settled_at"), ""},
		{"created_at_1", ascending("created_at"), ""},
	}},
	{conflictsName, []index{
		{"user_id_1__id_1", ascending("user_id", "_id"), ""},
		{"created_at_1__id_1", ascending("created_at", "_id"), ""},
	}},
	{tombstonesName, []index{
		{"at_1__id_1", ascending("at", "_id"), ""},
		{"user_id_1", ascending("user_id"), ""},
	}},
	{tracesName, []index{
		{"at_1__id_1", ascending("at", "_id"), ""},
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
			opt := options.Index().SetName(x.name)
			if x.kind != "" {
				opt.SetPartialFilterExpression(bson.D{{Key: "kind", Value: x.kind}})
			}
			models = append(models, mongo.IndexModel{Keys: x.keys, Options: opt})
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
			opt := fmt.Sprintf("name: %q", x.name)
			if x.kind != "" {
				opt += fmt.Sprintf(", partialFilterExpression: {kind: %q}", x.kind)
			}
			out = append(out, fmt.Sprintf("db.%s.createIndex({%s}, {%s});", col.name, strings.Join(keys, ", "), opt))
		}
	}
	return append(out, fmt.Sprintf(`db.%s.updateOne({_id: "layout"}, {$max: {version: NumberInt(%d)}}, {upsert: true});`, metaName, layout))
}
