package mongo

import (
	"context"
	"strconv"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"turnkey/runtime/bundle"
	"turnkey/runtime/source"
	"turnkey/runtime/value"
)

// Find implements source.Tx. Rows that it finds are known to the transaction as if Read had given them.
func (t *tx) Find(ctx context.Context, q *source.Query) (rows []source.Row, fits bool, err error) {
	if err := t.start(ctx); err != nil {
		return nil, false, err
	}
	if rows, fits, err = t.selected(ctx, q); err != nil {
		return nil, false, t.fail(ctx, err)
	}
	return rows, fits, nil
}

func (t *tx) selected(ctx context.Context, q *source.Query) (rows []source.Row, fits bool, err error) {
	filter, err := queryFilter(q)
	if err != nil {
		return nil, false, err
	}
	sort, err := querySort(q)
	if err != nil {
		return nil, false, err
	}
	ctx = mongo.NewSessionContext(ctx, t.sess)
	opt := options.Find().SetSort(sort).SetLimit(int64(q.Most())).SetSkip(int64(q.Skip))
	cursor, err := t.client.db.Collection(q.Table.Collection).Find(ctx, filter, opt)
	if err != nil {
		return nil, false, err
	}
	defer cursor.Close(ctx)
	var found []stored
	for size := 0; cursor.Next(ctx); {
		if size += len(cursor.Current); size > source.MaxFoundBytes {
			return nil, false, nil
		}
		doc, err := decode(cursor.Current)
		if err != nil {
			return nil, false, err
		}
		found = append(found, stored{doc, len(cursor.Current)})
	}
	if err := cursor.Err(); err != nil {
		return nil, false, err
	}
	return t.know(q.Table, found), true, nil
}

// know remembers rows that were found.
func (t *tx) know(table *source.Table, found []stored) []source.Row {
	if t.rows == nil {
		t.rows = make(map[rowKey]stored, len(found))
	}
	rows := make([]source.Row, len(found))
	for i, f := range found {
		id, _ := f.doc.Get("_id")
		t.rows[keyOf(table, id)] = f
		rows[i].Doc = f.doc
	}
	return rows
}

// Describe implements source.Tx: MongoDB knows of none, and nothing in it writes in passing.
func (*tx) Describe(context.Context, *source.Table) (map[string]bundle.Type, bool, error) {
	return nil, false, nil
}

// Count implements source.Tx.
func (t *tx) Count(ctx context.Context, q *source.Query) (int64, error) {
	if err := t.start(ctx); err != nil {
		return 0, err
	}
	filter, err := queryFilter(q)
	if err != nil {
		return 0, t.fail(ctx, err)
	}
	n, err := t.client.db.Collection(q.Table.Collection).CountDocuments(mongo.NewSessionContext(ctx, t.sess), filter)
	if err != nil {
		return 0, t.fail(ctx, err)
	}
	return n, nil
}

var comparisons = map[source.Comparison]string{source.Eq: "$eq", source.Ne: "$ne", source.Gt: "$gt", source.Gte: "$gte", source.Lt: "$lt", source.Lte: "$lte", source.In: "$in"}

// queryFilter is {$and: [{path: {$op: value}}, ...]}. The operators are ours: paths are checked names, and
// what stands under an operator is data whatever it holds.
func queryFilter(q *source.Query) (bson.Raw, error) {
	if err := q.Check(); err != nil {
		return nil, err
	}
	b := []byte{0, 0, 0, 0}
	if len(q.Where) == 0 {
		return closeDocument(b, 0), nil
	}
	b = append(b, byte(bson.TypeArray), '$', 'a', 'n', 'd', 0)
	list := len(b)
	b = append(b, 0, 0, 0, 0)
	for i := range q.Where {
		b = append(strconv.AppendInt(append(b, byte(bson.TypeEmbeddedDocument)), int64(i), 10), 0)
		one := len(b)
		var err error
		if b, err = appendCondition(append(b, 0, 0, 0, 0), q.Table, &q.Where[i]); err != nil {
			return nil, err
		}
		b = closeDocument(b, one)
	}
	return closeDocument(closeDocument(b, list), 0), nil
}

func appendCondition(b []byte, table *source.Table, c *source.Condition) ([]byte, error) {
	path, err := queryPath(table, c.Path)
	if err != nil {
		return b, err
	}
	b = append(append(append(b, byte(bson.TypeEmbeddedDocument)), path...), 0)
	at := len(b)
	b = append(b, 0, 0, 0, 0)
	var operand value.Value
	if c.Op == source.In {
		operand = value.Array(c.Values)
	} else {
		operand = c.Values[0]
	}
	if b, err = appendElement(b, comparisons[c.Op], operand, 0); err != nil {
		return b, err
	}
	return closeDocument(b, at), nil
}

// querySort ends with the key.
func querySort(q *source.Query) (bson.D, error) {
	sort := make(bson.D, 0, len(q.Sort)+1)
	for _, k := range q.Sort {
		path, err := queryPath(q.Table, k.Path)
		if err != nil {
			return nil, err
		}
		direction := 1
		if k.Descending {
			direction = -1
		}
		sort = append(sort, bson.E{Key: path, Value: direction})
		if path == "_id" {
			return sort, nil
		}
	}
	return append(sort, bson.E{Key: "_id", Value: 1}), nil
}

// queryPath joins a path of checked names.
func queryPath(table *source.Table, path []string) (string, error) {
	if len(path) == 1 && path[0] == "_id" {
		return "_id", nil
	}
	joined, err := joinPath(path)
	if err != nil {
		return "", source.UnknownField(table, path)
	}
	return joined, nil
}
