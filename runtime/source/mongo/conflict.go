package mongo

import (
	"context"
	"math"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"turnkey/runtime/source"
)

// A conflict lies in two collections, as a rejection does. turnkey_conflicts has the sync-stream contract
// and nothing else. turnkey_payloads has, under the same id, what operators need, with what they select
// by, and the parts of the full values and of the claims.
const (
	kindConflict = "conflict"
	partValues   = "values"
)

type publicConflict struct {
	ID         string    `bson:"_id"`
	UserID     string    `bson:"user_id"`
	TableName  string    `bson:"table_name"`
	RowID      string    `bson:"row_id"`
	ClientData *string   `bson:"client_data"`
	ServerData *string   `bson:"server_data"`
	Status     string    `bson:"status"`
	CreatedAt  time.Time `bson:"created_at"`
}

type operatorConflict struct {
	ID         string          `bson:"_id"`
	Kind       string          `bson:"kind"`
	UserID     string          `bson:"user_id"`
	TableName  string          `bson:"table_name"`
	RowID      string          `bson:"row_id"`
	Status     string          `bson:"status"`
	CreatedAt  time.Time       `bson:"created_at"`
	Owner      []byte          `bson:"owner"`
	ClientID   string          `bson:"client_id"`
	RequestID  string          `bson:"request_id"`
	Deployment int64           `bson:"deployment"`
	Operation  int64           `bson:"operation"`
	Op         string          `bson:"op"`
	Policy     string          `bson:"policy"`
	Outcome    string          `bson:"outcome"`
	Provider   string          `bson:"provider"`
	Rejection  string          `bson:"rejection_id"`
	Fields     []conflictField `bson:"fields"`
	SettledAt  *time.Time      `bson:"settled_at,omitempty"`
	SettledBy  string          `bson:"settled_by,omitempty"`
	Resolution *string         `bson:"resolution,omitempty"`
	Instance   string          `bson:"instance,omitempty"`
}

type conflictField struct {
	Name    string `bson:"name"`
	Policy  string `bson:"policy"`
	Outcome string `bson:"outcome"`
}

func textOf(b []byte) *string {
	if b == nil {
		return nil
	}
	s := string(b)
	return &s
}

func bytesOf(s *string) []byte {
	if s == nil {
		return nil
	}
	return []byte(*s)
}

// record keeps one conflict.
func (o *own) record(c *source.ConflictRecord) {
	o.insert(conflictsName, publicConflict{ID: c.ID, UserID: text(c.UserID), TableName: text(c.TableName), RowID: text(c.RowID),
		ClientData: textOf(c.ClientData), ServerData: textOf(c.ServerData), Status: string(c.Status), CreatedAt: c.CreatedAt})
	op := operatorConflict{ID: c.ID, Kind: kindConflict, UserID: text(c.UserID), TableName: text(c.TableName), RowID: text(c.RowID), Status: string(c.Status),
		CreatedAt: c.CreatedAt, Owner: c.Owner[:], ClientID: text(c.ClientID), RequestID: text(c.RequestID), Deployment: int64(c.Deployment), Operation: int64(c.Operation),
		Op: c.Op, Policy: c.Policy, Outcome: c.Outcome, Provider: text(c.Provider), Rejection: text(c.Rejection), Fields: []conflictField{}, Instance: o.instance}
	for _, f := range c.Fields {
		op.Fields = append(op.Fields, conflictField(f))
	}
	o.insert(payloadsName, op)
	o.parts(c.ID, partValues, c.Values)
	o.parts(c.ID, partClaims, c.Claims)
}

// recordConflicts records those that are not there already: an earlier try may have committed after all.
func (t *tx) recordConflicts(ctx context.Context, o *own, list []source.ConflictRecord) error {
	if len(list) == 0 {
		return nil
	}
	ids := make([]string, len(list))
	for i := range list {
		ids[i] = list[i].ID
	}
	there, err := byID[publicConflict](mongo.NewSessionContext(ctx, t.sess), t.client.db.Collection(conflictsName), ids, nil)
	if err != nil {
		return err
	}
	known := make(map[string]bool, len(there))
	for i := range there {
		known[there[i].ID] = true
	}
	for i := range list {
		if !known[list[i].ID] {
			o.record(&list[i])
		}
	}
	return nil
}

// close moves conflicts. Each must be in a state of its From, which send makes sure of by counting.
func (o *own) close(list []source.Closing) {
	for i := range list {
		c := &list[i]
		if o.must == nil {
			o.must = map[string]int64{}
		}
		o.must[conflictsName]++
		from := make([]string, len(c.From))
		for i, s := range c.From {
			from[i] = string(s)
		}
		o.update(conflictsName, bson.D{{Key: "_id", Value: c.ID}, {Key: "status", Value: bson.D{{Key: "$in", Value: from}}}},
			bson.D{{Key: "$set", Value: bson.D{{Key: "status", Value: string(c.To)}}}}, false)
		o.closeOperator(c)
	}
}

func (o *own) closeOperator(c *source.Closing) {
	set := bson.D{{Key: "status", Value: string(c.To)}, {Key: "settled_at", Value: c.At}, {Key: "settled_by", Value: text(c.By)}}
	if c.Resolution != nil {
		set = append(set, bson.E{Key: "resolution", Value: string(c.Resolution)})
	}
	o.update(payloadsName, bson.D{{Key: "_id", Value: c.ID}}, bson.D{{Key: "$set", Value: set}}, false)
}

// closeCases closes what is open of the cases of rejections that are settled, and is not closed by name.
func (t *tx) closeCases(ctx context.Context, o *own, f *source.Finish) error {
	named := make(map[string]bool, len(f.Close))
	closing := f.Close
	for _, c := range f.Close {
		named[c.ID] = true
	}
	for _, s := range f.Settle {
		if s.To.Waiting() {
			continue
		}
		open := bson.D{{Key: "kind", Value: kindConflict}, {Key: "rejection_id", Value: s.ID}, {Key: "status", Value: string(source.ConflictOpen)}}
		docs, err := find[operatorConflict](mongo.NewSessionContext(ctx, t.sess), t.client.db.Collection(payloadsName), open, "", true, math.MaxInt16)
		if err != nil {
			return err
		}
		to := source.ConflictDismissed
		if s.To == source.Replayed {
			to = source.ConflictResolved
		}
		for i := range docs {
			if !named[docs[i].ID] {
				closing = append(closing, source.Closing{ID: docs[i].ID, From: []source.ConflictStatus{source.ConflictOpen}, To: to, By: s.By, At: s.At})
			}
		}
	}
	o.close(closing)
	return nil
}

// forgetConflict removes all of a conflict.
func (o *own) forgetConflict(id string) {
	self := bson.D{{Key: "_id", Value: id}}
	o.remove(conflictsName, self)
	o.remove(payloadsName, self)
	o.remove(payloadsName, under(id))
}
