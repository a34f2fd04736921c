package mongo

import (
	"context"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"turnkey/runtime/source"
)

// Several instances may use one database, and then our collections in it: runtime/source/postgres/share.go says what of ours is whose. Records
// that are older than the field instance belong to everybody.

// ours selects by the instance.
func (s *Source) ours() bson.E {
	return bson.E{Key: "instance", Value: bson.D{{Key: "$in", Value: bson.A{s.opt.Instance, nil}}}}
}

// foreign says the same of what was read.
func (s *Source) foreign(instance string) bool { return instance != "" && instance != s.opt.Instance }

// onlyOurs are those of some rejections or conflicts that are the instance's: what lies beside them tells.
func (s *Source) onlyOurs(ctx context.Context, t *tx, ids []string) ([]string, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	others := bson.D{{Key: "instance", Value: bson.D{{Key: "$nin", Value: bson.A{s.opt.Instance, nil}}}}}
	docs, err := byID[idDoc](mongo.NewSessionContext(ctx, t.sess), t.client.db.Collection(payloadsName), ids, others)
	if err != nil {
		return nil, err
	}
	foreign := make(map[string]bool, len(docs))
	for _, d := range docs {
		foreign[d.ID] = true
	}
	out := ids[:0:0]
	for _, id := range ids {
		if !foreign[id] {
			out = append(out, id)
		}
	}
	return out, nil
}

// idDoc is a document of which no more is wanted than its id.
type idDoc struct {
	ID string `bson:"_id"`
}

// idsOf are the texts by which aged documents are named.
func idsOf(docs []aged) []string {
	ids := make([]string, len(docs))
	for i, d := range docs {
		ids[i] = d.id.(bson.RawValue).StringValue()
	}
	return ids
}

// keepDoc says in turnkey_meta how long an instance wants what is shared to be kept, in minutes.
type keepDoc struct {
	Receipts   int64 `bson:"receipts"`
	Clients    int64 `bson:"clients"`
	Traces     int64 `bson:"traces"`
	Tombstones int64 `bson:"tombstones"`
}

// agree writes down what this instance wants, and gives the longest that any wants. One that is gone for good keeps
// its say: too much is kept then, never too little.
func (s *Source) agree(ctx context.Context, keep source.Retention) (source.Retention, error) {
	c, err := s.get(ctx)
	if err != nil {
		return keep, err
	}
	meta, mine := c.db.Collection(metaName), keepDoc{int64(keep.Receipts / time.Minute), int64(keep.Clients / time.Minute), int64(keep.Conflicts / time.Minute), int64(keep.Tombstones / time.Minute)}
	name := "keep " + s.opt.Instance
	if _, err := meta.UpdateByID(ctx, name, bson.D{{Key: "$set", Value: mine}}, options.UpdateOne().SetUpsert(true)); err != nil {
		return keep, translate(err)
	}
	others, err := all[keepDoc](ctx, meta, bson.D{{Key: "_id", Value: bson.D{{Key: "$gt", Value: "keep "}, {Key: "$lt", Value: "keep!"}}}}, options.Find())
	if err != nil {
		return keep, translate(err)
	}
	for _, o := range others {
		keep.Receipts = max(keep.Receipts, time.Duration(o.Receipts)*time.Minute)
		keep.Clients = max(keep.Clients, time.Duration(o.Clients)*time.Minute)
		keep.Conflicts = max(keep.Conflicts, time.Duration(o.Traces)*time.Minute)
		keep.Tombstones = max(keep.Tombstones, time.Duration(o.Tombstones)*time.Minute)
	}
	return keep, nil
}
