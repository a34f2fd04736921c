package postgres

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"turnkey/runtime/source"
	"turnkey/runtime/value"
)

// statement carries the changes of one table and one set of columns.
type statement struct {
	sql      string
	args     []any
	changes  []int // indexes into Apply's changes
	relation *relation
	// head and tail make up the sql of an INSERT; a condition goes between them.
	head, tail string
}

// blame names the change when there is only one that it can be, and the column whose value was taken.
func (st *statement) blame(err error) error {
	var f *source.Failure
	if !errors.As(err, &f) {
		return err
	}
	c := *f
	if len(st.changes) == 1 {
		c.Change = st.changes[0]
	}
	if st.relation != nil && st.relation.uniques[c.Field] != "" {
		c.Field = st.relation.uniques[c.Field]
	}
	return &c
}

// bucket collects changes that fit one statement.
type bucket struct {
	kind     source.ChangeKind
	table    *source.Table
	relation *relation
	columns  []*column
	changes  []int
	shape    string // what all of its changes have in common, and the texts of its statements depend on
}

// statements groups changes, keeping the first appearance's order. Grouping may put a row before
// another that the client wrote earlier; the pipeline sends changes one by one when the database
// minds.
func (t *tx) statements(ctx context.Context, changes []source.Change) ([]statement, error) {
	buckets, err := t.buckets(ctx, changes)
	if err != nil {
		return nil, err
	}
	out := make([]statement, 0, len(buckets))
	for _, b := range buckets {
		st, err := b.statement(changes, nil)
		if err != nil {
			return nil, err
		}
		out = append(out, st)
	}
	return out, nil
}

func (t *tx) buckets(ctx context.Context, changes []source.Change) ([]*bucket, error) {
	var buckets []*bucket
	var byShape map[string]*bucket // made for the second change
	for i := range changes {
		ch := &changes[i]
		r, err := t.relation(ctx, ch.Table)
		if err != nil {
			return nil, err
		}
		columns, err := r.targets(ch)
		if err != nil {
			return nil, atChange(err, i)
		}
		shape := shapeOf(ch, columns)
		if i == 1 {
			byShape = map[string]*bucket{buckets[0].shape: buckets[0]}
		}
		b := byShape[shape]
		if b == nil {
			b = &bucket{kind: ch.Kind, table: ch.Table, relation: r, columns: columns, shape: shape}
			buckets = append(buckets, b)
			if byShape != nil {
				byShape[shape] = b
			}
		}
		b.changes = append(b.changes, i)
	}
	return buckets, nil
}

func atChange(err error, i int) error {
	st := statement{changes: []int{i}}
	return st.blame(err)
}

func shapeOf(ch *source.Change, columns []*column) string {
	buf := make([]byte, 0, 128)
	buf = append(buf, byte('0'+ch.Kind))
	buf = append(append(append(buf, ch.Table.Collection...), 0), ch.Table.Key...)
	for _, c := range columns {
		buf = append(append(buf, 0), c.name...)
	}
	return string(buf)
}

// targets lists the columns that a change writes.
func (r *relation) targets(ch *source.Change) ([]*column, error) {
	switch ch.Kind {
	case source.Insert:
		out := make([]*column, 0, len(ch.Doc.Members))
		for _, m := range ch.Doc.Members {
			c, err := r.target(ch, m.Name)
			if err != nil {
				return nil, err
			}
			out = append(out, c)
		}
		return out, nil
	case source.Update:
		out := make([]*column, 0, len(ch.Set))
		for _, a := range ch.Set {
			c, err := r.target(ch, a.Path[0])
			if err != nil {
				return nil, err
			}
			if !slices.Contains(out, c) {
				out = append(out, c)
			}
		}
		return out, nil
	}
	return nil, nil
}

// target is a column that a change may write.
func (r *relation) target(ch *source.Change, name string) (*column, error) {
	c := r.byName[name]
	if c == nil {
		return nil, &source.Failure{Class: source.Misconfigured, Code: "source_column_missing", Message: "A configured column does not exist.",
			Hint: "Create the column " + name + " in " + ch.Table.Collection + ", or correct the field's path in the configuration.", Change: -1}
	}
	if c.generated {
		return nil, refused("SCHEMA_MISMATCH", "The column "+name+" is computed by the database and cannot be written.")
	}
	return c, nil
}

func (b *bucket) statement(changes []source.Change, guard *solo) (statement, error) {
	if len(b.changes) == 1 {
		return b.single(&changes[b.changes[0]], guard)
	}
	st := statement{changes: b.changes, relation: b.relation}
	ids := make([]string, len(b.changes))
	for n, i := range b.changes {
		text, err := keyText(changes[i].ID)
		if err != nil {
			return st, atChange(err, i)
		}
		ids[n] = text
	}
	st.args = append(st.args, ids)
	for _, c := range b.columns {
		texts := make([]*string, len(b.changes))
		for n, i := range b.changes {
			v, _ := changes[i].Doc.Get(c.name) // an update that removes a column writes null
			text, err := c.encode(v)
			if err != nil {
				return st, atChange(err, i)
			}
			texts[n] = text
		}
		st.args = append(st.args, texts)
	}
	if b.kind == source.Insert {
		st.head, st.tail = b.relation.text(manyInsert, b.shape, b.insert), b.onConflict()
		st.sql = b.relation.text(followedBy, st.head, func() string { return st.head + st.tail })
		return st, nil
	}
	st.sql = b.relation.text(manyWrite, b.shape, b.sql)
	return st, nil
}

// single writes one row by plain parameters: unnesting lists of one costs the server more than the
// write itself.
func (b *bucket) single(ch *source.Change, guard *solo) (statement, error) {
	st := statement{changes: b.changes, relation: b.relation, args: make([]any, 1, 1+len(b.columns))}
	var err error
	if st.args[0], err = keyText(ch.ID); err != nil {
		return st, atChange(err, b.changes[0])
	}
	for _, c := range b.columns {
		v, _ := ch.Doc.Get(c.name)
		text, err := c.encode(v)
		if err != nil {
			return st, atChange(err, b.changes[0])
		}
		st.args = append(st.args, text)
	}
	if b.kind == source.Insert {
		st.head, st.tail = b.relation.text(singleInsert, b.shape, b.singleSQL), b.onConflict()
		st.sql = b.relation.text(followedBy, st.head, func() string { return st.head + st.tail })
		return st, nil
	}
	st.sql = b.relation.text(singleWrite, b.shape, b.singleSQL)
	if guard != nil {
		st.args = append(st.args, guard.version)
		st.sql = b.relation.text(guardedWrite, b.shape, func() string { return st.sql + " AND xmin = $" + strconv.Itoa(len(st.args)) + "::text::xid" })
	}
	return st, nil
}

// singleSQL writes one row: $1 is its id, the columns follow.
func (b *bucket) singleSQL() string {
	key := b.relation.byName[b.table.Key]
	parameter := func(i int, c *column) string { return "$" + strconv.Itoa(i) + "::text::" + c.cast }
	switch b.kind {
	case source.Delete:
		return "DELETE FROM " + b.relation.name + " WHERE " + key.quoted + " = " + parameter(1, key)
	case source.Insert:
		into, values := []string{key.quoted}, []string{parameter(1, key)}
		for i, c := range b.columns {
			into, values = append(into, c.quoted), append(values, parameter(i+2, c))
		}
		return "INSERT INTO " + b.relation.name + " (" + strings.Join(into, ", ") + ") SELECT " + strings.Join(values, ", ")
	}
	sets := make([]string, len(b.columns))
	for i, c := range b.columns {
		sets[i] = c.quoted + " = " + parameter(i+2, c)
	}
	return "UPDATE " + b.relation.name + " SET " + strings.Join(sets, ", ") + " WHERE " + key.quoted + " = " + parameter(1, key)
}

// onConflict: a row that appeared since our snapshot makes this fail with 40001, and the next try sees
// it.
func (b *bucket) onConflict() string {
	return " ON CONFLICT (" + b.relation.byName[b.table.Key].quoted + ") DO NOTHING"
}

// insert and sql are the same text for the same columns, so that the server plans it once.
func (b *bucket) insert() string {
	key := b.relation.byName[b.table.Key]
	into, values := []string{key.quoted}, []string{"v.k::" + key.cast}
	for i, c := range b.columns {
		into = append(into, c.quoted)
		values = append(values, "v.c"+strconv.Itoa(i)+"::"+c.cast)
	}
	return "INSERT INTO " + b.relation.name + " (" + strings.Join(into, ", ") + ") SELECT " + strings.Join(values, ", ") + b.unnested()
}

func (b *bucket) sql() string {
	key := b.relation.byName[b.table.Key]
	if b.kind == source.Delete {
		return "DELETE FROM " + b.relation.name + " WHERE " + key.quoted + " = ANY ($1::text[]::" + key.cast + "[])"
	}
	sets := make([]string, len(b.columns))
	for i, c := range b.columns {
		sets[i] = c.quoted + " = v.c" + strconv.Itoa(i) + "::" + c.cast
	}
	return "UPDATE " + b.relation.name + " AS t SET " + strings.Join(sets, ", ") + b.unnested() + " WHERE t." + key.quoted + " = v.k::" + key.cast
}

// unnested is the FROM clause of many rows: the ids as v.k, the columns as v.c0 and so on.
func (b *bucket) unnested() string {
	arrays, names := []string{"$1::text[]"}, []string{"k"}
	for i := range b.columns {
		arrays = append(arrays, "$"+strconv.Itoa(i+2)+"::text[]")
		names = append(names, "c"+strconv.Itoa(i))
	}
	return " FROM unnest(" + strings.Join(arrays, ", ") + ") AS v(" + strings.Join(names, ", ") + ")"
}

// Lookup implements source.Source.
func (s *Source) Lookup(ctx context.Context, collection string, match map[string]value.Value, take string) (value.Value, bool, error) {
	if !strings.Contains(collection, ".") {
		collection = "public." + collection
	}
	r, err := s.relation(ctx, &source.Table{Name: "lookup", Collection: collection, Key: take}, nil)
	if err != nil {
		return nil, false, err
	}
	var conditions []string
	var args []any
	for name, v := range match {
		c := r.byName[name]
		if c == nil {
			return nil, false, &source.Failure{Class: source.Misconfigured, Code: "source_column_missing", Message: "The look-up names a column that does not exist.", Change: -1,
				Hint: "Correct auth.providers.user_id.lookup.match."}
		}
		text, err := c.encode(v)
		if err != nil {
			return nil, false, err
		}
		args = append(args, text)
		conditions = append(conditions, c.quoted+" = $"+strconv.Itoa(len(args))+"::text::"+c.cast)
	}
	pool, err := s.connections(ctx)
	if err != nil {
		return nil, false, err
	}
	rows, err := pool.Query(ctx, "SELECT "+r.list+" FROM "+r.name+" WHERE "+strings.Join(conditions, " AND ")+" LIMIT 2", args...)
	if err != nil {
		return nil, false, translate(err)
	}
	defer rows.Close()
	var found []*value.Object
	for rows.Next() {
		doc, err := r.document(rows)
		if err != nil {
			return nil, false, translate(err)
		}
		found = append(found, doc)
	}
	if err := rows.Err(); err != nil {
		return nil, false, translate(err)
	}
	switch len(found) {
	case 0:
		return nil, false, nil
	case 1:
		v, _ := found[0].Get(take)
		return v, v != nil, nil
	}
	return nil, false, refused("lookup_ambiguous", "More than one row matches the look-up.")
}
