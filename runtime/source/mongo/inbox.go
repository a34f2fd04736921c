package mongo

import (
	"context"
	"errors"
	"math"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"turnkey/runtime/source"
)

// A list reads one of the two collections that hold rejections in the order of ids, and looks the
// other half up: operators' filters lie in turnkey_payloads, the others in turnkey_rejections.

// Rejections lists what the filter selects, without payloads, claims and rows.
func (s *Source) Rejections(ctx context.Context, f source.RejectionFilter) ([]source.Rejection, error) {
	c, err := s.get(ctx)
	if err != nil {
		return nil, err
	}
	limit := pageOf(f.Limit)
	public, operator := publicFilter(&f), operatorFilter(&f)
	ofOperators := append(bson.D{{Key: "kind", Value: kindRejection}, s.ours()}, operator...)
	var out []source.Rejection
	for after := f.After; ; {
		var page []source.Rejection
		var more bool
		if len(operator) > 0 { // the few that it selects are found there; else their other half is the one to go by
			page, after, more, err = c.pageByOperator(ctx, ofOperators, public, after, f.OldestFirst, limit-len(out))
		} else {
			page, after, more, err = s.pageByPublic(ctx, c, public, after, f.OldestFirst, limit-len(out))
		}
		if err != nil {
			return nil, translate(err)
		}
		if out = append(out, page...); !more || len(out) >= limit {
			return out, nil
		}
	}
}

func publicFilter(f *source.RejectionFilter) bson.D {
	var l listing
	among(&l, "status", f.Status)
	l.text("user_id", f.UserID)
	l.text("table_name", f.TableName)
	l.text("row_id", f.RowID)
	l.text("error_code", f.ErrorCode)
	l.during("created_at", f.From, f.To)
	return bson.D(l)
}

// operatorFilter selects by what only operators see; empty: by nothing of that.
func operatorFilter(f *source.RejectionFilter) bson.D {
	var l listing
	l.text("client_id", f.ClientID)
	l.number("deployment", f.Deployment)
	l.text("group", f.Group)
	return bson.D(l)
}

func (s *Source) pageByPublic(ctx context.Context, c *client, filter bson.D, after string, oldestFirst bool, limit int) (page []source.Rejection, last string, more bool, err error) {
	docs, err := find[publicDoc](ctx, c.db.Collection(rejectionsName), filter, after, oldestFirst, limit)
	if err != nil || len(docs) == 0 {
		return nil, "", false, err
	}
	ids := make([]string, len(docs))
	for i, d := range docs {
		ids[i] = d.ID
	}
	halves, err := byID[operatorDoc](ctx, c.db.Collection(payloadsName), ids, nil)
	if err != nil {
		return nil, "", false, err
	}
	operators := make(map[string]*operatorDoc, len(halves))
	for i := range halves {
		operators[halves[i].ID] = &halves[i]
	}
	for i := range docs {
		if o := operators[docs[i].ID]; o == nil || !s.foreign(o.Instance) {
			page = append(page, join(&docs[i], o))
		}
	}
	return page, ids[len(ids)-1], len(docs) == limit, nil
}

// scanned is how many of the operators' halves a page looks at, at least: the public filter may drop most.
const scanned = 200

func (c *client) pageByOperator(ctx context.Context, filter, public bson.D, after string, oldestFirst bool, limit int) (page []source.Rejection, last string, more bool, err error) {
	look := limit
	if len(public) > 0 {
		look = max(limit, scanned)
	}
	docs, err := find[operatorDoc](ctx, c.db.Collection(payloadsName), filter, after, oldestFirst, look)
	if err != nil || len(docs) == 0 {
		return nil, "", false, err
	}
	ids := make([]string, len(docs))
	for i, d := range docs {
		ids[i] = d.ID
	}
	halves, err := byID[publicDoc](ctx, c.db.Collection(rejectionsName), ids, public)
	if err != nil {
		return nil, "", false, err
	}
	publics := make(map[string]*publicDoc, len(halves))
	for i := range halves {
		publics[halves[i].ID] = &halves[i]
	}
	for i := range docs {
		if p := publics[docs[i].ID]; p != nil && len(page) < limit {
			page = append(page, join(p, &docs[i]))
		}
	}
	return page, ids[len(ids)-1], len(docs) == look, nil
}

// join makes a rejection of its halves; the operators' one may be missing.
func join(p *publicDoc, o *operatorDoc) source.Rejection {
	r := source.Rejection{ID: p.ID, UserID: p.UserID, TableName: p.TableName, RowID: p.RowID, ErrorCode: p.ErrorCode, Message: p.Message, Hint: p.Hint,
		Status: source.RejectionStatus(p.Status), CreatedAt: p.CreatedAt.UTC(), Group: p.ID}
	if o == nil {
		return r
	}
	copy(r.Owner[:], o.Owner)
	r.ClientID, r.RequestID, r.Provider = o.ClientID, o.RequestID, o.Provider
	r.Deployment, r.Operation, r.PayloadBytes, r.Attempts = int(o.Deployment), int(o.Operation), int(o.PayloadBytes), int(o.Attempts)
	if o.Group != "" { // layout 1 had no groups: each heads its own
		r.Group = o.Group
	}
	if o.SettledAt != nil {
		r.SettledAt, r.SettledBy = o.SettledAt.UTC(), o.SettledBy
	}
	return r
}

// Rejection reads one with everything that was kept.
func (s *Source) Rejection(ctx context.Context, id string) (*source.Rejection, error) {
	c, err := s.get(ctx)
	if err != nil {
		return nil, err
	}
	r, err := s.rejection(ctx, c, id)
	return r, nilOr(err)
}

func (s *Source) rejection(ctx context.Context, c *client, id string) (*source.Rejection, error) {
	var p publicDoc
	err := c.db.Collection(rejectionsName).FindOne(ctx, bson.D{{Key: "_id", Value: id}}).Decode(&p)
	if errors.Is(err, mongo.ErrNoDocuments) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var o *operatorDoc
	halves, err := byID[operatorDoc](ctx, c.db.Collection(payloadsName), []string{id}, nil)
	if err != nil {
		return nil, err
	}
	if len(halves) > 0 {
		if o = &halves[0]; s.foreign(o.Instance) {
			return nil, nil
		}
	}
	r := join(&p, o)
	parts, err := find[partDoc](ctx, c.db.Collection(payloadsName), under(id), "", true, math.MaxInt16)
	if err != nil {
		return nil, err
	}
	for _, part := range parts {
		switch part.Kind {
		case partPayload:
			r.Payload = append(r.Payload, part.Data...)
		case partClient:
			r.Client = append(r.Client, part.Data...)
		case partClaims:
			r.Claims = append(r.Claims, part.Data...)
		case partDetail:
			r.Detail += string(part.Data)
		}
	}
	if r.Status.Waiting() {
		r.Rows, err = c.rejectedRows(ctx, under(id))
	}
	return &r, err
}

// Settle moves rejections, all or none.
func (s *Source) Settle(ctx context.Context, list []source.Settlement) error {
	t, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer t.Rollback(ctx)
	return t.Apply(ctx, nil, &source.Finish{Settle: list})
}

// eraseBatch bounds what one transaction erases.
const eraseBatch = 100

// Erase removes a user's rejections and conflicts, and what identifies the user in client records and tombstones. A try
// that fails half-way may be repeated.
func (s *Source) Erase(ctx context.Context, userID string) (int, error) {
	rejections, err := s.eraseOf(ctx, rejectionsName, userID, (*own).forget, func(o *own, user bson.D) {
		o.update(clientsName, user, bson.D{{Key: "$unset", Value: bson.D{{Key: "report", Value: true}, {Key: "user_id", Value: true}, {Key: "client_id", Value: true}}}}, true)
	})
	if err != nil {
		return rejections, err
	}
	conflicts, err := s.eraseOf(ctx, conflictsName, userID, (*own).forgetConflict, func(o *own, user bson.D) {
		o.update(tombstonesName, user, bson.D{{Key: "$set", Value: bson.D{{Key: "user_id", Value: ""}, {Key: "client_id", Value: ""}}}}, true)
	})
	return rejections + conflicts, err
}

// eraseOf removes what a collection has of a user and is this instance's, in transactions of at most eraseBatch
// documents; last goes with the last of them.
func (s *Source) eraseOf(ctx context.Context, collection, userID string, forget func(o *own, id string), last func(o *own, user bson.D)) (total int, err error) {
	user := bson.D{{Key: "user_id", Value: text(userID)}}
	for after := ""; ; {
		var found, ours []string
		err = s.transact(ctx, func(t *tx, o *own) error {
			docs, err := find[idDoc](mongo.NewSessionContext(ctx, t.sess), t.client.db.Collection(collection), user, after, true, eraseBatch)
			if err != nil {
				return err
			}
			found = make([]string, len(docs))
			for i := range docs {
				found[i] = docs[i].ID
			}
			if ours, err = s.onlyOurs(ctx, t, found); err != nil {
				return err
			}
			for _, id := range ours {
				forget(o, id)
			}
			if len(found) < eraseBatch {
				last(o, user)
			}
			return nil
		})
		if err != nil {
			return total, err
		}
		if total += len(ours); len(found) < eraseBatch {
			return total, nil
		}
		after = found[len(found)-1]
	}
}

// forget removes all of a rejection.
func (o *own) forget(id string) {
	self := bson.D{{Key: "_id", Value: id}}
	o.remove(rejectionsName, self)
	o.remove(payloadsName, self)
	o.remove(payloadsName, under(id))
	o.remove(rejectedRowsName, under(id))
}

// maxTries bounds the tries of our own transactions against others in the way.
const maxTries = 8

// transact runs one transaction over our own collections, again while others are in the way. What plan
// wants is sent and committed with it; it must be safe to repeat.
func (s *Source) transact(ctx context.Context, plan func(t *tx, o *own) error) error {
	var err error
	for try := range maxTries {
		if err = s.transactOnce(ctx, plan); err == nil {
			return nil
		}
		if f := source.FailureOf(err); f.Class != source.Conflict && f.Class != source.Unknown || ctx.Err() != nil {
			return err
		}
		timer := time.NewTimer(time.Duration(1+try) * 5 * time.Millisecond)
		select {
		case <-ctx.Done():
			timer.Stop()
			return err
		case <-timer.C:
		}
	}
	return err
}

func (s *Source) transactOnce(ctx context.Context, plan func(t *tx, o *own) error) error {
	t, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer t.Rollback(ctx)
	if err := t.start(ctx); err != nil {
		return err
	}
	o := &own{instance: s.opt.Instance}
	if err := plan(t, o); err != nil {
		return t.fail(ctx, err)
	}
	if len(o.out) == 0 {
		return nil
	}
	if err := t.send(ctx, o); err != nil {
		return t.fail(ctx, err)
	}
	return t.commit(ctx)
}
