package mongo

import (
	"context"
	"strconv"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"turnkey/runtime/source"
	"turnkey/runtime/value"
)

// Read implements source.Tx.
func (t *tx) Read(ctx context.Context, refs []source.Ref, claim *source.Claim) ([]source.Row, source.History, error) {
	var claims []*source.Claim
	if claim != nil {
		claims = []*source.Claim{claim}
	}
	rows, known, err := t.ReadAll(ctx, refs, claims)
	if err != nil {
		return nil, source.History{}, err
	}
	if claim == nil {
		return rows, source.History{Rejected: *t.rejected}, nil
	}
	return rows, known[0], nil
}

// ReadAll finds rows with one command per collection, and what is known of the claimed operations with
// at most three.
func (t *tx) ReadAll(ctx context.Context, refs []source.Ref, claims []*source.Claim) (_ []source.Row, known []source.History, err error) {
	if err := t.start(ctx); err != nil {
		return nil, nil, err
	}
	if len(claims) > 0 {
		if known, err = t.histories(ctx, claims); err != nil {
			return nil, nil, t.fail(ctx, err)
		}
	}
	if err := t.readRows(ctx, refs); err != nil {
		return nil, nil, t.fail(ctx, err)
	}
	if err := t.anyRejected(ctx); err != nil {
		return nil, nil, t.fail(ctx, err)
	}
	for i := range known {
		known[i].Rejected = *t.rejected
	}
	rows := make([]source.Row, len(refs))
	for i, ref := range refs {
		rows[i].Doc = t.rows[keyOf(ref.Table, ref.ID)].doc
	}
	return rows, known, nil
}

func (t *tx) readRows(ctx context.Context, refs []source.Ref) error {
	if t.rows == nil {
		t.rows = make(map[rowKey]stored, len(refs))
	}
	byCollection := map[string][]value.Value{}
	var order []string
	asked := make(map[rowKey]bool, len(refs))
	for _, ref := range refs {
		k := keyOf(ref.Table, ref.ID)
		if asked[k] {
			continue
		}
		asked[k] = true
		delete(t.rows, k) // this transaction may have deleted it since it was read
		if _, seen := byCollection[ref.Table.Collection]; !seen {
			order = append(order, ref.Table.Collection)
		}
		byCollection[ref.Table.Collection] = append(byCollection[ref.Table.Collection], ref.ID)
	}
	for _, name := range order {
		if err := t.find(ctx, name, byCollection[name]); err != nil {
			return err
		}
	}
	return nil
}

// find reads rows of one collection into t.rows.
func (t *tx) find(ctx context.Context, collection string, ids []value.Value) error {
	filter, err := idFilter(ids)
	if err != nil {
		return err
	}
	ctx = mongo.NewSessionContext(ctx, t.sess)
	cursor, err := t.client.db.Collection(collection).Find(ctx, filter,
		options.Find().SetBatchSize(int32(len(ids))+1).SetLimit(int64(len(ids))))
	if err != nil {
		return err
	}
	defer cursor.Close(ctx)
	for cursor.Next(ctx) {
		doc, err := decode(cursor.Current)
		if err != nil {
			return err
		}
		id, _ := doc.Get("_id")
		t.rows[rowKey{collection, normalID(id)}] = stored{doc, len(cursor.Current)}
	}
	return cursor.Err()
}

// idFilter is {_id: v} or {_id: {$in: [...]}}, of nothing but scalars.
func idFilter(ids []value.Value) (bson.Raw, error) {
	b := []byte{0, 0, 0, 0}
	var err error
	if len(ids) == 1 {
		b, err = appendID(b, "_id", ids[0])
		return closeDocument(b, 0), err
	}
	b = append(b, byte(bson.TypeEmbeddedDocument), '_', 'i', 'd', 0)
	in := len(b)
	b = append(b, 0, 0, 0, 0, byte(bson.TypeArray), '$', 'i', 'n', 0)
	list := len(b)
	b = append(b, 0, 0, 0, 0)
	for i, id := range ids {
		if b, err = appendID(b, strconv.Itoa(i), id); err != nil {
			return nil, err
		}
	}
	b = closeDocument(b, list)
	b = closeDocument(b, in)
	return closeDocument(b, 0), nil
}

func keyOf(t *source.Table, id value.Value) rowKey { return rowKey{t.Collection, normalID(id)} }

// normalID makes ids that MongoDB takes for equal equal here: it compares numbers by value.
func normalID(id value.Value) any {
	switch id := id.(type) {
	case int32:
		return int64(id)
	case float64:
		if n := int64(id); float64(n) == id {
			return n
		}
		return id
	case string, int64, value.ObjectID, value.UUID:
		return id
	case value.Decimal:
		return id
	}
	return nil // no table has such ids
}
