package upload

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"turnkey/runtime/bundle"
	"turnkey/runtime/source"
	"turnkey/runtime/value"
)

// insert answers insertOne.
func (d *dbCall) insert(ctx context.Context) (jsontext.Value, error) {
	given, err := d.object(d.request.Document, "document")
	if err != nil {
		return nil, err
	}
	id, given, err := d.newID(given)
	if err != nil {
		return nil, err
	}
	if err := d.mayWrite(id); err != nil {
		return nil, err
	}
	doc := &value.Object{Members: make([]value.Member, 0, 1+len(given.Members))}
	doc.Set(d.table.Key, id)
	written, err := d.fill(doc, given, false)
	if err != nil {
		return nil, err
	}
	there, _, err := d.tx.Read(ctx, []source.Ref{{Table: &d.table.Table, ID: id}}, nil)
	if err != nil {
		return nil, err
	}
	if there[0].Doc != nil {
		return nil, catch(dbDuplicate, "The table %s has a row with the id %s already.", quote(d.table.Name), quote(value.FormatID(id)))
	}
	change := source.Change{Kind: source.Insert, Table: &d.table.Table, ID: id, Doc: withoutKey(doc, d.table.Key)}
	if err := d.send(ctx, change, append(written, putWhole)); err != nil {
		return nil, err
	}
	return append(value.AppendJSON([]byte(`{"insertedId":`), value.FormatID(id)), '}'), nil
}

// update answers updateOne: the first row that the filter finds.
func (d *dbCall) update(ctx context.Context) (jsontext.Value, error) {
	given, err := d.object(d.request.Set, "changes")
	if err != nil {
		return nil, err
	}
	stored, id, err := d.first(ctx)
	if err != nil || stored == nil {
		return jsontext.Value(`{"matchedCount":0,"modifiedCount":0}`), err
	}
	now := stored.Clone()
	written, err := d.fill(now, given, true)
	if err != nil {
		return nil, err
	}
	touched := row{table: d.table, now: now}
	for _, path := range written {
		top, _, _ := strings.Cut(path, ".")
		if d.columns != nil && d.columns[path].Name != "" {
			top = path
		}
		touched.touch(top)
	}
	set := touched.edits(stored)
	if len(set) == 0 {
		return jsontext.Value(`{"matchedCount":1,"modifiedCount":0}`), nil
	}
	change := source.Change{Kind: source.Update, Table: &d.table.Table, ID: id, Doc: withoutKey(now, d.table.Key), Set: set}
	return jsontext.Value(`{"matchedCount":1,"modifiedCount":1}`), d.send(ctx, change, written)
}

// delete answers deleteOne: the first row that the filter finds.
func (d *dbCall) delete(ctx context.Context) (jsontext.Value, error) {
	stored, id, err := d.first(ctx)
	if err != nil || stored == nil {
		return jsontext.Value(`{"deletedCount":0}`), err
	}
	return jsontext.Value(`{"deletedCount":1}`), d.send(ctx, source.Change{Kind: source.Delete, Table: &d.table.Table, ID: id}, nil)
}

// first is the row that a filter finds first, by the key; nil: none.
func (d *dbCall) first(ctx context.Context) (*value.Object, value.Value, error) {
	q, err := d.query()
	if err != nil {
		return nil, nil, err
	}
	q.Limit = 1
	rows, err := d.rows(ctx, q)
	if err != nil || len(rows) == 0 {
		return nil, nil, err
	}
	key, _ := rows[0].Doc.Get(d.table.Key)
	id, err := value.ParseID(d.table.ID, value.FormatID(key))
	if err != nil {
		return nil, nil, catch(dbValue, "The row's key is no %s, as the configuration has it for table %s.", d.table.ID, quote(d.table.Name))
	}
	return rows[0].Doc, id, d.mayWrite(id)
}

// fill puts the code's values into a row, and lists the paths. Below the row's own members only changes lead, not rows.
func (d *dbCall) fill(doc, given *value.Object, deep bool) ([]string, error) {
	written := make([]string, 0, len(given.Members))
	for _, m := range given.Members {
		path, err := d.path(m.Name)
		if err != nil {
			return nil, err
		}
		if len(path) > 1 && !deep {
			return nil, catch(dbQuery, "The document names %s: give the object %s whole.", quote(m.Name), quote(path[0]))
		}
		if path[0] == d.table.Key {
			key, _ := doc.Get(d.table.Key)
			if text, ok := keyText(m.Value); len(path) > 1 || !ok || text != value.FormatID(key) {
				return nil, catch(dbValue, "The key %s of a row cannot be changed.", quote(d.table.Key))
			}
			continue
		}
		old, has := at(doc, path)
		v, err := d.typed(path, m.Value, d.typeAt(path), old, has)
		if err != nil {
			return nil, err
		}
		if !put(doc, path, v, d.attempt.plan.database) {
			return nil, catch(dbValue, "The path %s leads through a value that is no object.", quote(m.Name))
		}
		written = append(written, strings.Join(path, "."))
	}
	if no := checkDocument(doc); no != nil {
		return nil, catch(dbValue, "%s", no.Message)
	}
	return written, nil
}

// newID takes the key from a document, or makes one: the same when the transaction is tried again.
func (d *dbCall) newID(given *value.Object) (value.Value, *value.Object, error) {
	for _, name := range []string{d.table.Key, "id"} {
		v, ok := given.Get(name)
		if !ok || name != d.table.Key && !d.keyIsCalledID() {
			continue
		}
		text, ok := keyText(v)
		if !ok {
			return nil, nil, catch(dbValue, "The key %s of a row is text, or a number.", quote(name))
		}
		id, err := value.ParseID(d.table.ID, text)
		if err != nil {
			return nil, nil, catch(dbValue, "The key %s: %s", quote(name), typeRefusal(&field{name: name}, err).Message)
		}
		given = given.Clone()
		given.Delete(name)
		return id, given, nil
	}
	random := sha256.Sum256([]byte(d.attempt.seed + "\x00ctx.db\x00" + strconv.Itoa(d.attempt.dbWrites)))
	switch d.table.ID {
	case bundle.TypeObjectID:
		binary.BigEndian.PutUint32(random[:4], uint32(d.attempt.request.arrived.Unix()))
		return value.ObjectID(random[:12]), given, nil
	case bundle.TypeUUID, bundle.TypeString:
		random[6], random[8] = random[6]&0x0f|0x40, random[8]&0x3f|0x80
		if id := value.UUID(random[:16]); d.table.ID == bundle.TypeUUID {
			return id, given, nil
		} else {
			return id.String(), given, nil
		}
	}
	return nil, nil, catch(dbNoID, "The ids of table %s are numbers: give the new row's %s.", quote(d.table.Name), d.table.Key)
}

// mayWrite refuses the row whose operation is in hand: that decides on the row as it was.
func (d *dbCall) mayWrite(id value.Value) error {
	if r := d.attempt.inHand(); r != nil && r.is(d.table, id) {
		return catch(dbOwnRow, "This is the row that is being written: ctx.db cannot write it here. Return what it is to be from beforeWrite.")
	}
	return nil
}

// is compares rows by where they are stored: several tables of the configuration may be one in the source.
func (r *row) is(t *table, id value.Value) bool {
	return (r.table == t || r.table.Collection == t.Collection) && value.FormatID(r.id) == value.FormatID(id)
}

// send carries a change out at once, and makes what the attempt knows true again.
func (d *dbCall) send(ctx context.Context, c source.Change, written []string) error {
	a := d.attempt
	c.Operation = a.at
	if err := d.tx.Apply(ctx, []source.Change{c}, nil); err != nil {
		return err
	}
	a.sent = true
	a.dbWrites++
	name := source.RowName{TableName: d.table.Name, RowID: value.FormatID(c.ID)}
	a.byCode.note(name, written, c.Kind == source.Delete)
	a.byCode.bury(d.table, name, c.Kind == source.Delete)
	if err := a.reread(ctx, d.tx, func(r *row) bool { return d.effects || r.is(d.table, c.ID) }); err != nil {
		return err
	}
	for _, r := range a.order {
		if !r.is(d.table, c.ID) {
			continue
		}
		if r.orphan = c.Kind == source.Delete; c.Kind == source.Insert {
			r.stored = r.now // no device created it
		}
	}
	return nil
}

// reread gets rows of the transaction again that something else than its operations may have changed.
func (a *attempt) reread(ctx context.Context, tx source.Tx, stale func(*row) bool) error {
	var rows []*row
	var refs []source.Ref
	for _, r := range a.order {
		if stale(r) {
			rows, refs = append(rows, r), append(refs, source.Ref{Table: &r.table.Table, ID: r.id})
		}
	}
	if len(rows) == 0 {
		return nil
	}
	found, _, err := tx.Read(ctx, refs, nil)
	if err != nil {
		return err
	}
	for i, r := range rows {
		r.now = found[i].Doc
	}
	return nil
}
