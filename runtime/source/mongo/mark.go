package mongo

import (
	"context"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"turnkey/runtime/source"
)

// tombstoneDoc and traceDoc are what is noted about a row. Their ids are names with a NUL between, which no
// configured table has: a look for some rows is one find by ids.
type tombstoneDoc struct {
	ID        string    `bson:"_id"` // table, row
	TableName string    `bson:"table_name"`
	RowID     string    `bson:"row_id"`
	At        time.Time `bson:"at"`
	Owner     []byte    `bson:"owner"`
	UserID    string    `bson:"user_id"`
	ClientID  string    `bson:"client_id"`
}

type traceDoc struct {
	ID        string     `bson:"_id"` // owner, table, row
	TableName string     `bson:"table_name"`
	RowID     string     `bson:"row_id"`
	Left      []leftLeaf `bson:"left"`
	At        time.Time  `bson:"at"`
}

// leftLeaf is a list's element, because a path has dots.
type leftLeaf struct {
	Path  string `bson:"path"`
	Print []byte `bson:"print"`
}

func tombstoneID(table, row string) string { return text(table) + "\x00" + text(row) }

func traceID(owner source.Owner, table, row string) string {
	return owner.String() + "\x00" + tombstoneID(table, row)
}

// mark writes tombstones and traces over what is there.
func (o *own) mark(f *source.Finish) {
	set := func(collection, id string, doc bson.D) {
		o.upsert(collection, bson.D{{Key: "_id", Value: id}}, bson.D{{Key: "$set", Value: doc}})
	}
	for i := range f.Tombstones {
		t := &f.Tombstones[i]
		set(tombstonesName, tombstoneID(t.TableName, t.RowID), bson.D{{Key: "table_name", Value: text(t.TableName)}, {Key: "row_id", Value: text(t.RowID)},
			{Key: "at", Value: t.At}, {Key: "owner", Value: t.Owner[:]}, {Key: "user_id", Value: text(t.UserID)}, {Key: "client_id", Value: text(t.ClientID)}})
	}
	for i := range f.Traces {
		t := &f.Traces[i]
		left := make([]leftLeaf, 0, len(t.Left))
		for path, print := range t.Left {
			left = append(left, leftLeaf{path, print[:]})
		}
		set(tracesName, traceID(t.Owner, t.TableName, t.RowID), bson.D{{Key: "table_name", Value: text(t.TableName)}, {Key: "row_id", Value: text(t.RowID)},
			{Key: "left", Value: left}, {Key: "at", Value: t.At}})
	}
}

// Marks finds what is noted about rows with one command for each kind of note.
func (t *tx) Marks(ctx context.Context, owner source.Owner, rows []source.RowName) ([]source.Mark, error) {
	if err := t.start(ctx); err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, nil
	}
	stones, traces := make([]string, len(rows)), make([]string, len(rows))
	for i, r := range rows {
		stones[i], traces[i] = tombstoneID(r.TableName, r.RowID), traceID(owner, r.TableName, r.RowID)
	}
	in := mongo.NewSessionContext(ctx, t.sess)
	deleted, err := byID[tombstoneDoc](in, t.client.db.Collection(tombstonesName), stones, nil)
	if err != nil {
		return nil, t.fail(ctx, err)
	}
	left, err := byID[traceDoc](in, t.client.db.Collection(tracesName), traces, nil)
	if err != nil {
		return nil, t.fail(ctx, err)
	}
	var out []source.Mark
	at := map[source.RowName]int{}
	of := func(table, row string) *source.Mark {
		name := source.RowName{TableName: table, RowID: row}
		i, ok := at[name]
		if !ok {
			i = len(out)
			at[name], out = i, append(out, source.Mark{TableName: table, RowID: row})
		}
		return &out[i]
	}
	for _, d := range deleted {
		stone := &source.Tombstone{TableName: d.TableName, RowID: d.RowID, At: d.At.UTC(), UserID: d.UserID, ClientID: d.ClientID}
		copy(stone.Owner[:], d.Owner)
		of(d.TableName, d.RowID).Deleted = stone
	}
	for _, d := range left {
		m := of(d.TableName, d.RowID)
		m.Left = make(map[string]source.Print, len(d.Left))
		for _, l := range d.Left {
			if len(l.Print) == len(source.Print{}) {
				m.Left[l.Path] = source.Print(l.Print)
			}
		}
	}
	return out, nil
}

// sweepAged removes a batch of what is older than an instant from a collection without other halves.
func (s *Source) sweepAged(ctx context.Context, collection string, before time.Time, after *cursor) (looked, removed int, err error) {
	start := *after
	err = s.transact(ctx, func(t *tx, o *own) error {
		*after = start
		old, err := t.agedBefore(ctx, collection, "at", before, sweepBatch, after)
		if err != nil {
			return err
		}
		looked, removed = len(old), len(old)
		ids := bson.A{}
		for _, d := range old {
			ids = append(ids, d.id)
		}
		if removed > 0 {
			o.remove(collection, bson.D{{Key: "_id", Value: bson.D{{Key: "$in", Value: ids}}}})
		}
		return nil
	})
	return looked, removed, err
}

func (s *Source) sweepConflicts(ctx context.Context, before time.Time, after *cursor) (looked, removed int, err error) {
	start := *after
	err = s.transact(ctx, func(t *tx, o *own) error {
		*after = start
		old, err := t.agedBefore(ctx, conflictsName, "created_at", before, sweepRejections, after)
		if err != nil {
			return err
		}
		ids, err := s.onlyOurs(ctx, t, idsOf(old))
		looked, removed = len(old), len(ids)
		for _, id := range ids {
			o.forgetConflict(id)
		}
		return err
	})
	return looked, removed, err
}
