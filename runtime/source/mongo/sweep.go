package mongo

import (
	"context"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"turnkey/runtime/source"
)

// One runtime sweeps at a time: it holds the document "sweep" of turnkey_meta until its lease ends,
// and renews it between batches. Even two at once would do no harm, as each batch is one transaction.
const (
	leaseID    = "sweep"
	leaseTime  = time.Minute
	leaseRenew = 20 * time.Second
	sweepBatch = 1000
	// Rejections come with parts and rows: fewer of them make a transaction as large.
	sweepRejections = 200
)

// Sweep removes old records batch by batch, while the context lasts.
func (s *Source) Sweep(ctx context.Context, now time.Time, keep source.Retention) (source.Swept, error) {
	var out source.Swept
	held, err := s.lease(ctx)
	if err != nil || !held {
		out.Busy = err == nil
		return out, nilOr(err)
	}
	defer s.release(context.WithoutCancel(ctx))
	renew := s.opt.Now().Add(leaseRenew)
	for _, step := range []struct {
		count *int
		batch int
		run   func(context.Context) (int, error)
	}{
		{&out.Receipts, sweepBatch, func(ctx context.Context) (int, error) { return s.sweepReceipts(ctx, now, now.Add(-keep.Receipts)) }},
		{&out.Rejections, sweepRejections, func(ctx context.Context) (int, error) { return s.sweepRejections(ctx, now.Add(-keep.Rejections)) }},
		{&out.Clients, sweepBatch, func(ctx context.Context) (int, error) { return s.sweepClients(ctx, now.Add(-keep.Clients)) }},
	} {
		for {
			if s.opt.Now().After(renew) {
				if held, err := s.lease(ctx); err != nil || !held {
					out.More = true
					return out, nilOr(err)
				}
				renew = s.opt.Now().Add(leaseRenew)
			}
			n, err := step.run(ctx)
			*step.count += n
			if err != nil {
				out.More = true
				if ctx.Err() != nil {
					return out, nil
				}
				return out, err
			}
			if n < step.batch {
				break
			}
		}
	}
	return out, nil
}

// lease takes or renews the sweeper's lease; false: another runtime has it.
func (s *Source) lease(ctx context.Context) (bool, error) {
	c, err := s.get(ctx)
	if err != nil {
		return false, err
	}
	now := s.opt.Now()
	mine := bson.D{{Key: "_id", Value: leaseID}, {Key: "$or", Value: bson.A{
		bson.D{{Key: "holder", Value: s.id}}, bson.D{{Key: "until", Value: bson.D{{Key: "$lt", Value: now}}}}}}}
	set := bson.D{{Key: "$set", Value: bson.D{{Key: "holder", Value: s.id}, {Key: "until", Value: now.Add(leaseTime)}}}}
	_, err = c.db.Collection(metaName).UpdateOne(ctx, mine, set, options.UpdateOne().SetUpsert(true))
	if mongo.IsDuplicateKeyError(err) { // it is there, and not ours
		return false, nil
	}
	return err == nil, err
}

// release gives the lease back; if that fails it ends by itself.
func (s *Source) release(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, rollbackTimeout)
	defer cancel()
	c, err := s.get(ctx)
	if err == nil {
		_, err = c.db.Collection(metaName).DeleteOne(ctx, bson.D{{Key: "_id", Value: leaseID}, {Key: "holder", Value: s.id}})
	}
	if err != nil {
		s.opt.Log.Warn("giving back the sweeper's lease", "error", err)
	}
}

// sweepReceipts removes one batch and raises the floors of those owners whose receipts had ops.
func (s *Source) sweepReceipts(ctx context.Context, now, before time.Time) (n int, err error) {
	err = s.transact(ctx, func(t *tx, o *own) error {
		old, err := agedBefore[receiptDoc](ctx, t, receiptsName, "at", before, sweepBatch, "last")
		if err != nil {
			return err
		}
		n = len(old)
		ids, floors := make([][]byte, n), map[source.Owner]int64{}
		for i, d := range old {
			ids[i] = d.ID
			owner, _, _, err := parseReceiptID(d.ID)
			if err != nil {
				return err
			}
			if d.Last == nil {
				continue
			}
			if floor, ok := floors[owner]; !ok || *d.Last > floor {
				floors[owner] = *d.Last
			}
		}
		if n == 0 {
			return nil
		}
		o.remove(receiptsName, bson.D{{Key: "_id", Value: bson.D{{Key: "$in", Value: ids}}}})
		for owner, floor := range floors {
			o.upsert(clientsName, bson.D{{Key: "_id", Value: owner[:]}}, bson.D{{Key: "$max", Value: bson.D{{Key: "floor", Value: floor}, {Key: "seen_at", Value: now}}}})
		}
		return nil
	})
	return n, err
}

func (s *Source) sweepRejections(ctx context.Context, before time.Time) (n int, err error) {
	err = s.transact(ctx, func(t *tx, o *own) error {
		old, err := agedBefore[struct {
			ID string `bson:"_id"`
		}](ctx, t, rejectionsName, "created_at", before, sweepRejections)
		if err != nil {
			return err
		}
		n = len(old)
		for _, d := range old {
			o.forget(d.ID)
		}
		return nil
	})
	return n, err
}

func (s *Source) sweepClients(ctx context.Context, before time.Time) (n int, err error) {
	err = s.transact(ctx, func(t *tx, o *own) error {
		old, err := agedBefore[struct {
			ID any `bson:"_id"`
		}](ctx, t, clientsName, "seen_at", before, sweepBatch)
		if err != nil {
			return err
		}
		if n = len(old); n == 0 {
			return nil
		}
		ids := make(bson.A, n)
		for i, d := range old {
			ids[i] = d.ID
		}
		o.remove(clientsName, bson.D{{Key: "_id", Value: bson.D{{Key: "$in", Value: ids}}}})
		return nil
	})
	return n, err
}

// agedBefore reads the ids, and more fields, of what is older than an instant, oldest first.
func agedBefore[T any](ctx context.Context, t *tx, collection, field string, before time.Time, limit int64, more ...string) ([]T, error) {
	fields := bson.D{{Key: "_id", Value: 1}}
	for _, f := range more {
		fields = append(fields, bson.E{Key: f, Value: 1})
	}
	cursor, err := t.client.db.Collection(collection).Find(mongo.NewSessionContext(ctx, t.sess), bson.D{{Key: field, Value: bson.D{{Key: "$lt", Value: before}}}},
		options.Find().SetSort(bson.D{{Key: field, Value: 1}}).SetLimit(limit).SetBatchSize(int32(limit)+1).SetProjection(fields))
	if err != nil {
		return nil, err
	}
	var docs []T
	err = cursor.All(ctx, &docs)
	return docs, err
}
