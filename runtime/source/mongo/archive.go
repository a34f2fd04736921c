package mongo

import (
	"context"
	"errors"
	"math"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"turnkey/runtime/source"
)

// Conflicts lists what the filter selects: the operators' halves have all that is selected by, the data
// for users is looked up.
func (s *Source) Conflicts(ctx context.Context, f source.ConflictFilter) ([]source.ConflictRecord, error) {
	c, err := s.get(ctx)
	if err != nil {
		return nil, err
	}
	docs, err := find[operatorConflict](ctx, c.db.Collection(payloadsName), append(conflictFilter(&f), s.ours()), f.After, f.OldestFirst, pageOf(f.Limit))
	if err != nil || len(docs) == 0 {
		return nil, nilOr(err)
	}
	ids := make([]string, len(docs))
	for i := range docs {
		ids[i] = docs[i].ID
	}
	halves, err := byID[publicConflict](ctx, c.db.Collection(conflictsName), ids, nil)
	if err != nil {
		return nil, translate(err)
	}
	publics := make(map[string]*publicConflict, len(halves))
	for i := range halves {
		publics[halves[i].ID] = &halves[i]
	}
	out := make([]source.ConflictRecord, 0, len(docs))
	for i := range docs {
		if p := publics[docs[i].ID]; p != nil {
			out = append(out, joinConflict(p, &docs[i]))
		}
	}
	return out, nil
}

func conflictFilter(f *source.ConflictFilter) bson.D {
	l := listing{{Key: "kind", Value: kindConflict}}
	l.text("user_id", f.UserID)
	l.text("client_id", f.ClientID)
	l.text("table_name", f.TableName)
	l.text("row_id", f.RowID)
	l.text("policy", f.Policy)
	l.text("outcome", f.Outcome)
	l.text("rejection_id", f.Rejection)
	among(&l, "status", f.Status)
	l.number("deployment", f.Deployment)
	l.during("created_at", f.From, f.To)
	return bson.D(l)
}

// joinConflict makes a conflict of its halves.
func joinConflict(p *publicConflict, o *operatorConflict) source.ConflictRecord {
	c := source.ConflictRecord{ID: p.ID, UserID: p.UserID, TableName: p.TableName, RowID: p.RowID, Status: source.ConflictStatus(p.Status), CreatedAt: p.CreatedAt.UTC(),
		ClientData: bytesOf(p.ClientData), ServerData: bytesOf(p.ServerData)}
	if o == nil {
		return c
	}
	copy(c.Owner[:], o.Owner)
	c.ClientID, c.RequestID, c.Deployment, c.Operation = o.ClientID, o.RequestID, int(o.Deployment), int(o.Operation)
	c.Op, c.Policy, c.Outcome, c.Provider, c.Rejection = o.Op, o.Policy, o.Outcome, o.Provider, o.Rejection
	for _, f := range o.Fields {
		c.Fields = append(c.Fields, source.ConflictField(f))
	}
	if o.SettledAt != nil {
		c.SettledAt, c.SettledBy = o.SettledAt.UTC(), o.SettledBy
	}
	c.Resolution = bytesOf(o.Resolution)
	return c
}

// Conflict reads one with everything that was kept.
func (s *Source) Conflict(ctx context.Context, id string) (*source.ConflictRecord, error) {
	c, err := s.get(ctx)
	if err != nil {
		return nil, err
	}
	out, err := s.conflict(ctx, c, id)
	return out, nilOr(err)
}

func (s *Source) conflict(ctx context.Context, c *client, id string) (*source.ConflictRecord, error) {
	var p publicConflict
	err := c.db.Collection(conflictsName).FindOne(ctx, bson.D{{Key: "_id", Value: id}}).Decode(&p)
	if errors.Is(err, mongo.ErrNoDocuments) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	halves, err := byID[operatorConflict](ctx, c.db.Collection(payloadsName), []string{id}, nil)
	if err != nil {
		return nil, err
	}
	var o *operatorConflict
	if len(halves) > 0 {
		if o = &halves[0]; s.foreign(o.Instance) {
			return nil, nil
		}
	}
	out := joinConflict(&p, o)
	parts, err := find[partDoc](ctx, c.db.Collection(payloadsName), under(id), "", true, math.MaxInt16)
	if err != nil {
		return nil, err
	}
	for _, part := range parts {
		switch part.Kind {
		case partValues:
			out.Values = append(out.Values, part.Data...)
		case partClaims:
			out.Claims = append(out.Claims, part.Data...)
		}
	}
	return &out, nil
}

// CloseConflicts moves conflicts, all or none.
func (s *Source) CloseConflicts(ctx context.Context, list []source.Closing) error {
	t, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer t.Rollback(ctx)
	return t.Apply(ctx, nil, &source.Finish{Close: list})
}
