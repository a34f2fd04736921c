package mongo

import (
	"context"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"

	"turnkey/runtime/source"
)

// own collects writes to our own collections: one command per collection and verb, as for the data,
// and in the same order of verbs.
type own struct {
	open map[ownKey]*batch
	out  []*batch
	err  error // the first
	// must says how many documents the updates of a collection have to find; 0: any number.
	must map[string]int64
	// instance that what is kept for people belongs to.
	instance string
}

type ownKey struct {
	collection string
	verb       verb
}

func (o *own) add(v verb, collection string, statement any) {
	if o.err != nil {
		return
	}
	doc, err := bson.Marshal(statement)
	if err != nil {
		o.err = err
		return
	}
	if o.open == nil {
		o.open = map[ownKey]*batch{}
	}
	k := ownKey{collection, v}
	for {
		b := o.open[k]
		if b == nil {
			b = &batch{verb: v, collection: collection}
			o.open[k] = b
			o.out = append(o.out, b)
		}
		full, err := b.add(-1, func(buf []byte) ([]byte, error) { return append(buf, doc...), nil })
		if err != nil {
			o.err = err
		}
		if !full {
			return
		}
		delete(o.open, k)
	}
}

func (o *own) insert(collection string, doc any) { o.add(verbInsert, collection, doc) }

func (o *own) update(collection string, filter, change bson.D, multi bool) {
	o.add(verbUpdate, collection, bson.D{{Key: "q", Value: filter}, {Key: "u", Value: change}, {Key: "multi", Value: multi}})
}

func (o *own) upsert(collection string, filter, change bson.D) {
	o.add(verbUpdate, collection, bson.D{{Key: "q", Value: filter}, {Key: "u", Value: change}, {Key: "upsert", Value: true}})
}

func (o *own) remove(collection string, filter bson.D) {
	o.add(verbDelete, collection, bson.D{{Key: "q", Value: filter}, {Key: "limit", Value: int32(0)}})
}

// send runs the commands inside the transaction.
func (t *tx) send(ctx context.Context, o *own) error {
	if o.err != nil {
		return ownFailure(translate(o.err))
	}
	slices.SortStableFunc(o.out, func(a, b *batch) int { return int(a.verb) - int(b.verb) })
	found := map[string]int64{}
	for _, b := range o.out {
		n, err := t.command(ctx, b)
		if err != nil {
			return ownFailure(translate(err))
		}
		if b.verb == verbUpdate {
			found[b.collection] += n
		}
	}
	for name, n := range o.must {
		if found[name] != n && name == conflictsName {
			return failure(source.Conflict, source.CodeConflictMoved, "A conflict was settled at the same time.", nil)
		} else if found[name] != n {
			return failure(source.Conflict, "rejection_moved", "A rejection was settled at the same time.", nil)
		}
	}
	return nil
}

// ownFailure makes sure that no client's data is blamed for what becomes of our own records.
func ownFailure(f *source.Failure) *source.Failure {
	g := *f
	g.Change, g.Field = -1, ""
	if g.Class == source.Refused {
		g.Class, g.Code, g.Message = source.Misconfigured, "source_records_refused", "The database does not take Turnkey's own records."
		g.Hint = "Remove validators and unique indexes from the collections whose names start with turnkey_."
	}
	return &g
}
