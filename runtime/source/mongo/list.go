package mongo

import (
	"context"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// listing is the filter of a list of our own records in the making.
type listing bson.D

// text selects by a text, unless that is empty.
func (l *listing) text(name, v string) {
	if v != "" {
		*l = append(*l, bson.E{Key: name, Value: text(v)})
	}
}

// number selects by a number, unless that is zero.
func (l *listing) number(name string, n int) {
	if n != 0 {
		*l = append(*l, bson.E{Key: name, Value: int64(n)})
	}
}

// during selects by a time that lies between two, of which zero ones do not count.
func (l *listing) during(name string, from, to time.Time) {
	var during bson.D
	if !from.IsZero() {
		during = append(during, bson.E{Key: "$gte", Value: ceil(from)})
	}
	if !to.IsZero() {
		during = append(during, bson.E{Key: "$lt", Value: ceil(to)})
	}
	if len(during) > 0 {
		*l = append(*l, bson.E{Key: name, Value: during})
	}
}

// among selects by one of some values, unless there are none.
func among[S ~string](l *listing, name string, values []S) {
	if len(values) > 0 {
		*l = append(*l, bson.E{Key: name, Value: bson.D{{Key: "$in", Value: names(values)}}})
	}
}

// ceil is the first instant at or after t that MongoDB's dates know: they have milliseconds.
func ceil(t time.Time) time.Time { return t.Add(time.Millisecond - 1).Truncate(time.Millisecond) }

// pageOf is how many records a list may have that was asked for so many.
func pageOf(limit int) int { return min(max(limit, 1), 1000) }

// find reads documents of one collection in the order of their ids, after one of them, without some fields.
func find[T any](ctx context.Context, c *mongo.Collection, filter bson.D, after string, oldestFirst bool, limit int, without ...string) ([]T, error) {
	order, operator := -1, "$lt"
	if oldestFirst {
		order, operator = 1, "$gt"
	}
	filter = append(bson.D{}, filter...)
	if after != "" {
		filter = append(filter, bson.E{Key: "_id", Value: bson.D{{Key: operator, Value: after}}})
	}
	o := options.Find().SetSort(bson.D{{Key: "_id", Value: order}}).SetLimit(int64(limit)).SetBatchSize(int32(limit) + 1)
	if len(without) > 0 {
		var fields bson.D
		for _, name := range without {
			fields = append(fields, bson.E{Key: name, Value: 0})
		}
		o.SetProjection(fields)
	}
	return all[T](ctx, c, filter, o)
}

// byID reads documents by their ids.
func byID[T any](ctx context.Context, c *mongo.Collection, ids []string, more bson.D) ([]T, error) {
	these := bson.D{{Key: "_id", Value: bson.D{{Key: "$in", Value: ids}}}}
	return all[T](ctx, c, append(these, more...), options.Find().SetBatchSize(int32(len(ids))+1))
}

func all[T any](ctx context.Context, c *mongo.Collection, filter bson.D, o *options.FindOptionsBuilder) ([]T, error) {
	cursor, err := c.Find(ctx, filter, o)
	if err != nil {
		return nil, err
	}
	var docs []T
	err = cursor.All(ctx, &docs)
	return docs, err
}
