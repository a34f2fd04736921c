package mongo

import (
	"context"
	"errors"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"turnkey/runtime/source"
)

// anyRejected finds out whether a row of any waiting rejection is there: one find of one document, once
// in a transaction, as its snapshot does not change.
func (t *tx) anyRejected(ctx context.Context) error {
	if t.rejected != nil {
		return nil
	}
	err := t.client.db.Collection(rejectedRowsName).FindOne(mongo.NewSessionContext(ctx, t.sess), bson.D{},
		options.FindOne().SetProjection(bson.D{{Key: "_id", Value: 1}})).Err()
	if err != nil && !errors.Is(err, mongo.ErrNoDocuments) {
		return err
	}
	found := err == nil
	t.rejected = &found
	return nil
}

// Rejected finds the rows of waiting rejections among those named, with one command.
func (t *tx) Rejected(ctx context.Context, rows []source.RowName) ([]source.RejectedRow, error) {
	if err := t.start(ctx); err != nil {
		return nil, err
	}
	if len(rows) == 0 || t.rejected != nil && !*t.rejected {
		return nil, nil
	}
	ids := map[string]bson.A{}
	var tables []string
	for _, r := range rows {
		name := text(r.TableName)
		if ids[name] == nil {
			tables = append(tables, name)
		}
		ids[name] = append(ids[name], text(r.RowID))
	}
	var any bson.A
	for _, name := range tables {
		any = append(any, bson.D{{Key: "table_name", Value: name}, {Key: "row_id", Value: bson.D{{Key: "$in", Value: ids[name]}}}})
	}
	found, err := t.client.rejectedRows(mongo.NewSessionContext(ctx, t.sess), bson.D{{Key: "$or", Value: any}})
	if err != nil {
		return nil, t.fail(ctx, err)
	}
	return found, nil
}

// rejectedRows reads rows of rejections in the order of their ids.
func (c *client) rejectedRows(ctx context.Context, filter bson.D) ([]source.RejectedRow, error) {
	cursor, err := c.db.Collection(rejectedRowsName).Find(ctx, filter)
	if err != nil {
		return nil, err
	}
	var docs []rowDoc
	if err := cursor.All(ctx, &docs); err != nil {
		return nil, err
	}
	slices.SortFunc(docs, func(a, b rowDoc) int { return strings.Compare(a.ID, b.ID) })
	out := make([]source.RejectedRow, len(docs))
	for i, d := range docs {
		out[i] = source.RejectedRow{TableName: d.TableName, RowID: d.RowID, Creates: d.Creates, Rejection: d.Rejection, Group: d.Group, Deleted: d.Deleted}
		copy(out[i].Owner[:], d.Owner)
		if len(d.Written) > 0 {
			out[i].Written = d.Written
		}
	}
	return out, nil
}
