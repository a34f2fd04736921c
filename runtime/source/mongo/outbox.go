package mongo

import (
	"context"
	"errors"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"turnkey/runtime/source"
)

// deliveryDoc is a delivery as stored. Settled ones keep the instant at which they were last due.
type deliveryDoc struct {
	ID           string      `bson:"_id"`
	Kind         string      `bson:"kind"`
	Lane         string      `bson:"lane"`
	UserID       string      `bson:"user_id"`
	TableName    string      `bson:"table_name"`
	RowID        string      `bson:"row_id"`
	RequestID    string      `bson:"request_id"`
	Deployment   int64       `bson:"deployment"`
	CreatedAt    time.Time   `bson:"created_at"`
	Payload      []byte      `bson:"payload,omitempty"`
	PayloadBytes int64       `bson:"payload_bytes"`
	Status       string      `bson:"status"`
	DueAt        time.Time   `bson:"due_at"`
	Attempts     int64       `bson:"attempts"`
	Lease        string      `bson:"lease"`
	Last         *attemptDoc `bson:"last,omitempty"`
	SettledAt    *time.Time  `bson:"settled_at,omitempty"`
	SettledBy    string      `bson:"settled_by,omitempty"`
	Instance     string      `bson:"instance,omitempty"`
}

type attemptDoc struct {
	At         time.Time `bson:"at"`
	DurationMS int64     `bson:"duration_ms"`
	Status     int64     `bson:"status"`
	Code       string    `bson:"code"`
	Message    string    `bson:"message"`
	Excerpt    string    `bson:"excerpt"`
}

// enqueue puts deliveries into the outbox. One that is there stays as it is: inside a transaction a
// duplicate key would end all of it.
func (o *own) enqueue(list []source.Delivery) {
	for i := range list {
		d := &list[i]
		doc := deliveryDoc{Kind: string(d.Kind), Lane: text(d.Lane), UserID: text(d.UserID), TableName: text(d.TableName), RowID: text(d.RowID), RequestID: text(d.RequestID),
			Deployment: int64(d.Deployment), CreatedAt: d.CreatedAt, Payload: d.Payload, PayloadBytes: int64(len(d.Payload)), Status: string(source.Pending), DueAt: d.CreatedAt, Instance: o.instance}
		o.upsert(outboxName, bson.D{{Key: "_id", Value: d.ID}}, bson.D{{Key: "$setOnInsert", Value: withoutID(doc)}})
	}
}

// withoutID is the document for $setOnInsert, which takes the _id from the query.
func withoutID(d deliveryDoc) bson.D {
	raw, err := bson.Marshal(d)
	var out bson.D
	if err == nil {
		err = bson.Unmarshal(raw, &out)
	}
	if err != nil { // a document of plain values always marshals
		panic(err)
	}
	return out[1:]
}

// outbox is the collection outside of transactions: each of its writes is about single documents.
func (s *Source) outbox(ctx context.Context) (*mongo.Collection, error) {
	c, err := s.get(ctx)
	if err != nil {
		return nil, err
	}
	return c.db.Collection(outboxName), nil
}

func isPending() bson.E { return bson.E{Key: "status", Value: string(source.Pending)} }

func notIn(lanes []string) bson.E {
	return bson.E{Key: "lane", Value: bson.D{{Key: "$nin", Value: append([]string{}, lanes...)}}}
}

// NextDelivery implements source.Outbox.
func (s *Source) NextDelivery(ctx context.Context, not []string) (lane string, due time.Time, _ error) {
	c, err := s.outbox(ctx)
	if err != nil {
		return "", due, err
	}
	filter := bson.D{isPending(), s.ours()}
	if len(not) > 0 {
		filter = append(filter, notIn(not))
	}
	var d deliveryDoc
	err = c.FindOne(ctx, filter, options.FindOne().SetSort(bson.D{{Key: "due_at", Value: 1}}).SetProjection(bson.D{{Key: "lane", Value: 1}, {Key: "due_at", Value: 1}})).Decode(&d)
	switch {
	case errors.Is(err, mongo.ErrNoDocuments):
		return "", due, nil
	case err != nil:
		return "", due, translate(err)
	}
	return d.Lane, d.DueAt.UTC(), nil
}

// ClaimDeliveries implements source.Outbox with three commands, whatever the number: what is due is
// looked up, leased document by document where it is still due, and read by the lease.
func (s *Source) ClaimDeliveries(ctx context.Context, q source.LaneClaim) ([]source.Delivery, error) {
	c, err := s.outbox(ctx)
	if err != nil {
		return nil, err
	}
	due := bson.D{isPending(), s.ours(), {Key: "due_at", Value: bson.D{{Key: "$lte", Value: q.Now}}}}
	where := bson.E{Key: "lane", Value: q.Lane}
	if q.Lane == "" {
		where = notIn(q.Not)
	}
	cursor, err := c.Find(ctx, append(bson.D{where}, due...), options.Find().SetSort(bson.D{{Key: "due_at", Value: 1}}).
		SetLimit(int64(min(max(q.Limit, 1), 100))).SetProjection(bson.D{{Key: "_id", Value: 1}}))
	if err != nil {
		return nil, translate(err)
	}
	var found []deliveryDoc
	if err := cursor.All(ctx, &found); err != nil || len(found) == 0 {
		return nil, nilOr(err)
	}
	ids := make([]string, len(found))
	for i := range found {
		ids[i] = found[i].ID
	}
	these := bson.E{Key: "_id", Value: bson.D{{Key: "$in", Value: ids}}}
	_, err = c.UpdateMany(ctx, append(bson.D{these}, due...), bson.D{
		{Key: "$set", Value: bson.D{{Key: "lease", Value: q.Lease}, {Key: "due_at", Value: q.Until}}}, {Key: "$inc", Value: bson.D{{Key: "attempts", Value: int64(1)}}}})
	if err != nil {
		return nil, translate(err)
	}
	return deliveries(all[deliveryDoc](ctx, c, bson.D{these, {Key: "lease", Value: q.Lease}}, options.Find().SetProjection(bson.D{{Key: "payload", Value: 0}})))
}

// ReportDelivery implements source.Outbox.
func (s *Source) ReportDelivery(ctx context.Context, r source.DeliveryReport) (bool, error) {
	set := bson.D{{Key: "status", Value: string(r.To)}, {Key: "due_at", Value: r.Due}, {Key: "lease", Value: ""}}
	change := bson.D{}
	if l := r.Last; l != nil {
		set = append(set, bson.E{Key: "last", Value: attemptDoc{At: l.At, DurationMS: l.DurationMS, Status: int64(l.Status), Code: text(l.Code), Message: text(l.Message), Excerpt: text(l.Excerpt)}})
	} else {
		change = append(change, bson.E{Key: "$inc", Value: bson.D{{Key: "attempts", Value: int64(-1)}}})
	}
	if r.To != source.Pending {
		set = append(set, bson.E{Key: "settled_at", Value: r.Due})
	}
	return s.updateDelivery(ctx, bson.D{{Key: "_id", Value: r.ID}, {Key: "lease", Value: r.Lease}, isPending()}, append(change, bson.E{Key: "$set", Value: set}))
}

// MoveDelivery implements source.Outbox.
func (s *Source) MoveDelivery(ctx context.Context, m source.DeliveryMove) (bool, error) {
	set := bson.D{{Key: "status", Value: string(m.To)}, {Key: "lease", Value: ""}}
	if m.To == source.Pending {
		free := bson.A{bson.D{{Key: "status", Value: bson.D{{Key: "$ne", Value: string(source.Pending)}}}}, bson.D{{Key: "lease", Value: ""}}, bson.D{{Key: "due_at", Value: bson.D{{Key: "$lte", Value: m.At}}}}}
		return s.updateDelivery(ctx, bson.D{{Key: "_id", Value: m.ID}, {Key: "$or", Value: free}, s.ours()}, bson.D{
			{Key: "$set", Value: append(set, bson.E{Key: "due_at", Value: m.At}, bson.E{Key: "attempts", Value: int64(0)})},
			{Key: "$unset", Value: bson.D{{Key: "settled_at", Value: true}, {Key: "settled_by", Value: true}}}})
	}
	open := bson.D{{Key: "$in", Value: bson.A{string(source.Pending), string(source.Dead)}}}
	return s.updateDelivery(ctx, bson.D{{Key: "_id", Value: m.ID}, {Key: "status", Value: open}, s.ours()},
		bson.D{{Key: "$set", Value: append(set, bson.E{Key: "settled_at", Value: m.At}, bson.E{Key: "settled_by", Value: text(m.By)})}})
}

func (s *Source) updateDelivery(ctx context.Context, filter, change bson.D) (bool, error) {
	c, err := s.outbox(ctx)
	if err != nil {
		return false, err
	}
	done, err := c.UpdateOne(ctx, filter, change)
	if err != nil {
		return false, translate(err)
	}
	return done.MatchedCount == 1, nil
}

// Deliveries implements source.Outbox.
func (s *Source) Deliveries(ctx context.Context, f source.DeliveryFilter) ([]source.Delivery, error) {
	c, err := s.outbox(ctx)
	if err != nil {
		return nil, err
	}
	l := listing{s.ours()}
	among(&l, "status", f.Status)
	l.text("kind", string(f.Kind))
	l.text("lane", f.Lane)
	l.text("user_id", f.UserID)
	return deliveries(find[deliveryDoc](ctx, c, bson.D(l), f.After, false, pageOf(f.Limit), "payload"))
}

// deliveries are documents as the interface has them.
func deliveries(docs []deliveryDoc, err error) ([]source.Delivery, error) {
	if err != nil {
		return nil, translate(err)
	}
	var out []source.Delivery
	for i := range docs {
		out = append(out, docs[i].delivery())
	}
	return out, nil
}

// Delivery implements source.Outbox.
func (s *Source) Delivery(ctx context.Context, id string) (*source.Delivery, error) {
	c, err := s.outbox(ctx)
	if err != nil {
		return nil, err
	}
	var d deliveryDoc
	err = c.FindOne(ctx, bson.D{{Key: "_id", Value: text(id)}, s.ours()}).Decode(&d)
	switch {
	case errors.Is(err, mongo.ErrNoDocuments):
		return nil, nil
	case err != nil:
		return nil, translate(err)
	}
	out := d.delivery()
	return &out, nil
}

func (d *deliveryDoc) delivery() source.Delivery {
	out := source.Delivery{ID: d.ID, Kind: source.DeliveryKind(d.Kind), Lane: d.Lane, UserID: d.UserID, TableName: d.TableName, RowID: d.RowID, RequestID: d.RequestID,
		Deployment: int(d.Deployment), CreatedAt: d.CreatedAt.UTC(), Payload: d.Payload, PayloadBytes: int(d.PayloadBytes), Status: source.DeliveryStatus(d.Status),
		Attempts: int(d.Attempts), Leased: d.Lease != "", SettledBy: d.SettledBy}
	if out.Status == source.Pending {
		out.DueAt = d.DueAt.UTC()
	}
	if l := d.Last; l != nil {
		out.Last = &source.Attempt{At: l.At.UTC(), DurationMS: l.DurationMS, Status: int(l.Status), Code: l.Code, Message: l.Message, Excerpt: l.Excerpt}
	}
	if d.SettledAt != nil {
		out.SettledAt = d.SettledAt.UTC()
	}
	return out
}

// EraseDeliveries implements source.Outbox.
func (s *Source) EraseDeliveries(ctx context.Context, userID string) (int, error) {
	return s.removeDeliveries(ctx, bson.E{Key: "user_id", Value: text(userID)})
}

// SweepDeliveries implements source.Outbox. Runtimes that do so at once share the work.
func (s *Source) SweepDeliveries(ctx context.Context, settled, made time.Time) (int, error) {
	n, err := s.removeDeliveries(ctx, bson.E{Key: "settled_at", Value: bson.D{{Key: "$lt", Value: settled}}})
	if err != nil {
		return n, err
	}
	old, err := s.removeDeliveries(ctx, bson.E{Key: "created_at", Value: bson.D{{Key: "$lt", Value: made}}})
	return n + old, err
}

func (s *Source) removeDeliveries(ctx context.Context, which bson.E) (int, error) {
	c, err := s.outbox(ctx)
	if err != nil {
		return 0, err
	}
	done, err := c.DeleteMany(ctx, bson.D{which, s.ours()})
	if err != nil {
		return 0, translate(err)
	}
	return int(done.DeletedCount), nil
}
