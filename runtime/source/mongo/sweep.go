package mongo

import (
	"bytes"
	"context"
	"errors"
	"math"
	"slices"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"turnkey/runtime/source"
)

// sweepBatch bounds the documents that a transaction looks at. Rejections come with parts and rows, and
// each client with a look for its receipts: fewer of them make a transaction as long.
const (
	sweepBatch      = 1000
	sweepRejections = 200
	sweepClients    = 100
	// runtimesKept is how long after its last beat a runtime is forgotten; longer than trusted.
	runtimesKept = 24 * time.Hour
)

// cursor is the last document that a sweep has looked at, in the order of an instant and _id.
type cursor struct {
	at time.Time
	id any
}

// aged is a document that may be swept.
type aged struct {
	id   any // as the server has it
	at   time.Time
	last *int64 // of a receipt with ops
}

func agedOf(raw bson.Raw, field string) (d aged) {
	id := raw.Lookup("_id")
	id.Value = bytes.Clone(id.Value) // the driver uses its buffer again
	d.id = id
	if at, ok := raw.Lookup(field).TimeOK(); ok {
		d.at = at
	}
	if last, ok := raw.Lookup("last").Int64OK(); ok {
		d.last = &last
	}
	return d
}

// step removes one batch after a cursor and tells how many documents it looked at.
type step func(ctx context.Context, after *cursor) (looked, removed int, err error)

// Sweep removes old records batch by batch, while the context lasts.
func (s *Source) Sweep(ctx context.Context, now time.Time, keep source.Retention) (out source.Swept, err error) {
	if !s.sweeping.CompareAndSwap(false, true) {
		return source.Swept{Busy: true}, nil
	}
	defer s.sweeping.Store(false)
	held, err := s.lease(ctx)
	switch {
	case ctx.Err() != nil:
		return source.Swept{More: true}, nil
	case err != nil || !held:
		return source.Swept{Busy: err == nil}, nilOr(err)
	}
	defer s.release(context.WithoutCancel(ctx))
	shared, err := s.agree(ctx, keep)
	if err != nil {
		return out, err
	}
	renew := s.opt.Now().Add(leaseRenew)
	for _, part := range []struct {
		count *int
		batch int
		run   step
	}{
		{&out.Receipts, sweepBatch, func(ctx context.Context, after *cursor) (int, int, error) {
			return s.sweepReceipts(ctx, now, now.Add(-shared.Receipts), after)
		}},
		{&out.Rejections, sweepRejections, func(ctx context.Context, after *cursor) (int, int, error) {
			return s.sweepRejections(ctx, now.Add(-keep.Rejections), after)
		}},
		{&out.Clients, sweepClients, func(ctx context.Context, after *cursor) (int, int, error) {
			return s.sweepClients(ctx, now.Add(-shared.Clients), after)
		}},
		{&out.Conflicts, sweepRejections, func(ctx context.Context, after *cursor) (int, int, error) {
			return s.sweepConflicts(ctx, now.Add(-keep.Conflicts), after)
		}},
		{new(int), sweepBatch, func(ctx context.Context, after *cursor) (int, int, error) {
			return s.sweepAged(ctx, tracesName, now.Add(-shared.Conflicts), after)
		}},
		{&out.Tombstones, sweepBatch, func(ctx context.Context, after *cursor) (int, int, error) {
			return s.sweepAged(ctx, tombstonesName, now.Add(-shared.Tombstones), after)
		}},
	} {
		for after := (cursor{}); ; {
			if s.opt.Now().After(renew) {
				if held, err = s.lease(ctx); err == nil && !held { // we were too slow: another goes on
					out.More = true
					return out, nil
				}
				renew = s.opt.Now().Add(leaseRenew)
			}
			looked, removed := 0, 0
			if err == nil {
				looked, removed, err = part.run(ctx, &after)
			}
			*part.count += removed
			if err != nil {
				out.More = true
				if ctx.Err() != nil {
					return out, nil
				}
				return out, nilOr(err)
			}
			if looked < part.batch {
				break
			}
		}
	}
	return out, s.sweepRuntimes(ctx)
}

// agedBefore reads what is older than an instant, oldest first, after a cursor, which it moves.
func (t *tx) agedBefore(ctx context.Context, collection, field string, before time.Time, limit int64, after *cursor) ([]aged, error) {
	old := bson.D{{Key: field, Value: bson.D{{Key: "$lt", Value: before}}}}
	if after.id != nil {
		old = bson.D{{Key: field, Value: bson.D{{Key: "$gte", Value: after.at}, {Key: "$lt", Value: before}}}, {Key: "$or", Value: bson.A{
			bson.D{{Key: field, Value: bson.D{{Key: "$gt", Value: after.at}}}}, bson.D{{Key: "_id", Value: bson.D{{Key: "$gt", Value: after.id}}}}}}}
	}
	found, err := t.client.db.Collection(collection).Find(mongo.NewSessionContext(ctx, t.sess), old, options.Find().
		SetSort(bson.D{{Key: field, Value: 1}, {Key: "_id", Value: 1}}).SetLimit(limit).SetBatchSize(int32(limit)+1).
		SetProjection(bson.D{{Key: field, Value: 1}, {Key: "last", Value: 1}}))
	if err != nil {
		return nil, err
	}
	docs, err := allAged(ctx, found, field)
	if n := len(docs); n > 0 {
		after.at, after.id = docs[n-1].at, docs[n-1].id
	}
	return docs, err
}

func allAged(ctx context.Context, found *mongo.Cursor, field string) (docs []aged, err error) {
	defer found.Close(ctx)
	for found.Next(ctx) {
		docs = append(docs, agedOf(found.Current, field))
	}
	return docs, found.Err()
}

// sweepReceipts removes the receipts of blocks that have only old ones, and raises the floors of those
// owners whose receipts had ops. Were a part of a block removed, the numbers of its next receipts would
// be those of ones that are there.
func (s *Source) sweepReceipts(ctx context.Context, now, before time.Time, after *cursor) (looked, removed int, err error) {
	start := *after
	err = s.transact(ctx, func(t *tx, o *own) error {
		*after = start
		old, err := t.agedBefore(ctx, receiptsName, "at", before, sweepBatch, after)
		if err != nil {
			return err
		}
		looked, removed = len(old), 0
		blocks, err := t.blocksOf(ctx, old)
		if err != nil {
			return err
		}
		ids, floors := bson.A{}, map[source.Owner]int64{}
		for k, list := range blocks {
			if slices.ContainsFunc(list, func(r aged) bool { return !r.at.Before(before) }) {
				continue
			}
			for _, r := range list {
				ids = append(ids, r.id)
				if floor, ok := floors[k.owner]; r.last != nil && (!ok || *r.last > floor) {
					floors[k.owner] = *r.last
				}
			}
		}
		if removed = len(ids); removed == 0 {
			return nil
		}
		o.remove(receiptsName, bson.D{{Key: "_id", Value: bson.D{{Key: "$in", Value: ids}}}})
		for owner, floor := range floors {
			o.upsert(clientsName, bson.D{{Key: "_id", Value: owner[:]}}, bson.D{{Key: "$max", Value: bson.D{{Key: "floor", Value: floor}, {Key: "seen_at", Value: now}}}})
		}
		return nil
	})
	return looked, removed, err
}

// maxRanges bounds the ranges of one find.
const maxRanges = 100

// blocksOf reads all receipts of the blocks that some receipts belong to.
func (t *tx) blocksOf(ctx context.Context, some []aged) (map[blockKey][]aged, error) {
	claims := map[source.Owner]*source.Claim{}
	for _, r := range some {
		k, err := blockKeyOf(r)
		if err != nil {
			return nil, err
		}
		c := claims[k.owner]
		if c == nil {
			c = &source.Claim{Owner: k.owner}
			claims[k.owner] = c
		}
		c.Blocks = append(c.Blocks, k.block)
	}
	var ranges bson.A
	for _, c := range claims {
		slices.Sort(c.Blocks)
		c.Blocks = slices.Compact(c.Blocks)
		ranges = append(ranges, blockRanges(c)...)
	}
	out := map[blockKey][]aged{}
	for part := range slices.Chunk(ranges, maxRanges) {
		found, err := t.client.db.Collection(receiptsName).Find(mongo.NewSessionContext(ctx, t.sess), bson.D{{Key: "$or", Value: bson.A(part)}},
			options.Find().SetProjection(bson.D{{Key: "at", Value: 1}, {Key: "last", Value: 1}}).SetBatchSize(10*sweepBatch))
		if err != nil {
			return nil, err
		}
		all, err := allAged(ctx, found, "at")
		if err != nil {
			return nil, err
		}
		for _, r := range all {
			k, err := blockKeyOf(r)
			if err != nil {
				return nil, err
			}
			out[k] = append(out[k], r)
		}
	}
	return out, nil
}

func blockKeyOf(r aged) (k blockKey, err error) {
	_, id, _ := r.id.(bson.RawValue).BinaryOK()
	k.owner, k.block, _, err = parseReceiptID(id)
	return k, err
}

func (s *Source) sweepRejections(ctx context.Context, before time.Time, after *cursor) (looked, removed int, err error) {
	start := *after
	err = s.transact(ctx, func(t *tx, o *own) error {
		*after = start
		old, err := t.agedBefore(ctx, rejectionsName, "created_at", before, sweepRejections, after)
		if err != nil {
			return err
		}
		ids, err := s.onlyOurs(ctx, t, idsOf(old))
		looked, removed = len(old), len(ids)
		for _, id := range ids {
			o.forget(id)
		}
		return err
	})
	return looked, removed, err
}

// sweepClients removes client records that have no receipts any more: a floor outlives them.
func (s *Source) sweepClients(ctx context.Context, before time.Time, after *cursor) (looked, removed int, err error) {
	start := *after
	err = s.transact(ctx, func(t *tx, o *own) error {
		*after = start
		old, err := t.agedBefore(ctx, clientsName, "seen_at", before, sweepClients, after)
		if err != nil {
			return err
		}
		ids := bson.A{}
		for _, d := range old {
			used, err := t.hasReceipts(ctx, d)
			if err != nil {
				return err
			}
			if !used {
				ids = append(ids, d.id)
			}
		}
		looked, removed = len(old), len(ids)
		if removed > 0 {
			o.remove(clientsName, bson.D{{Key: "_id", Value: bson.D{{Key: "$in", Value: ids}}}})
		}
		return nil
	})
	return looked, removed, err
}

func (t *tx) hasReceipts(ctx context.Context, client aged) (bool, error) {
	var owner source.Owner
	_, id, _ := client.id.(bson.RawValue).BinaryOK()
	copy(owner[:], id)
	all := bson.D{{Key: "_id", Value: bson.D{{Key: "$gte", Value: receiptID(owner, math.MinInt64, 0)}, {Key: "$lte", Value: receiptID(owner, math.MaxInt64, -1)}}}}
	err := t.client.db.Collection(receiptsName).FindOne(mongo.NewSessionContext(ctx, t.sess), all, options.FindOne().SetProjection(bson.D{{Key: "_id", Value: 1}})).Err()
	if errors.Is(err, mongo.ErrNoDocuments) {
		return false, nil
	}
	return err == nil, err
}

// sweepRuntimes forgets runtimes that have ended, by the server's clock.
func (s *Source) sweepRuntimes(ctx context.Context) error {
	c, err := s.get(ctx)
	if err != nil {
		return err
	}
	now, err := c.now(ctx)
	if err != nil {
		return translate(err)
	}
	_, err = c.db.Collection(runtimesName).DeleteMany(ctx, bson.D{{Key: "at", Value: bson.D{{Key: "$lt", Value: now.Add(-runtimesKept)}}}})
	return nilOr(err)
}
