package mongo

import (
	"context"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// One runtime sweeps at a time: it holds the document "sweep" of turnkey_meta until its lease ends, and
// renews it between batches. Even two at once would do no harm, as each batch is one transaction.
const (
	leaseID    = "sweep"
	leaseTime  = time.Minute
	leaseRenew = 20 * time.Second
)

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
