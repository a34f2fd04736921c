package postgres

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"turnkey/runtime/source"
)

var _ source.Direct = (*Source)(nil)

// Write implements source.Direct: one statement in one round trip, if all rows are of one table and have
// the same columns. Row-level security is left to the ordinary way, which sets its session, and so are
// poolers, where a statement by itself has not the settings that we rely on.
func (s *Source) Write(ctx context.Context, as source.Session, changes []source.Change, receipts []source.Receipt, numbered bool) (done bool, err error) {
	if s.opt.RLS != nil || len(changes) == 0 || changes[0].Kind == source.Update && !numbered && len(receipts) > 0 {
		return false, nil
	}
	t := &tx{src: s, as: as}
	buckets, err := t.buckets(ctx, changes)
	if err != nil || len(buckets) != 1 || buckets[0].relation.alone(buckets[0].table) {
		return false, nil // the ordinary way reports it, with the change to blame
	}
	pool, err := s.connections(ctx)
	if err != nil {
		return false, err
	}
	if s.pooled {
		return false, nil
	}
	b := buckets[0]
	if b.kind == source.Update {
		return s.update(ctx, pool, b, changes, receipts)
	}
	st, err := b.statement(changes, nil)
	if err != nil {
		return false, nil
	}
	if numbered {
		s.numbered(b, &st, receipts)
	} else {
		s.creation(b, &st, receipts)
	}
	tag, err := pool.Exec(ctx, st.sql, st.args...)
	if !numbered && len(receipts) > 0 {
		return s.done(tag.RowsAffected(), err, changes[:1], receipts)
	}
	return s.done(tag.RowsAffected(), err, changes, receipts)
}

// numbered makes an INSERT that does nothing unless all rows are new and nothing waits, with its receipts.
// For one row they follow it; many rows follow them, because what a part of a statement returns is kept
// until the end, and receipts are few.
func (s *Source) numbered(b *bucket, st *statement, receipts []source.Receipt) {
	if len(st.changes) == 1 || len(receipts) == 0 {
		insert, conflict, conditions := s.allNew(b, st)
		st.sql = insert + " WHERE " + strings.Join(conditions, " AND ") + conflict
		s.follow(st, receipts)
		return
	}
	n, form := len(st.args), formOf(receipts)
	st.sql = b.relation.textOf(textKey{form: newNumbered, base: b.shape, receipts: form}, func() string {
		insert, _, conditions := s.allNew(b, st)
		return "WITH told AS (" + s.queries.receiptsText(form, "", n) + " WHERE " + strings.Join(conditions, " AND ") + " RETURNING 1) " + insert + " WHERE EXISTS (SELECT FROM told)"
	})
	st.args = receiptArgs(form, receipts, st.args)
}

// done judges a statement that writes all or nothing, by the rows that it wrote last.
func (s *Source) done(rows int64, err error, changes []source.Change, receipts []source.Receipt) (bool, error) {
	if err != nil {
		f := unknown(s.failure(err))
		var pg *pgconn.PgError
		privilege := errors.As(err, &pg) && pg.Code == "42501" // the ordinary way writes no column that stays as it is
		if f.Class == source.Refused || f.Class == source.Conflict || privilege {
			return false, nil
		}
		return false, f
	}
	if len(receipts) == 0 || len(changes) > 1 {
		return rows == int64(len(changes)), nil
	}
	return rows == int64(len(receipts)), nil
}

// follow lets receipts be written if the statement writes a row.
func (s *Source) follow(st *statement, receipts []source.Receipt) {
	if len(receipts) == 0 {
		return
	}
	write, n, form := st.sql, len(st.args), formOf(receipts)
	st.sql = st.relation.textOf(textKey{form: madeWithReceipts, base: write, receipts: form}, func() string {
		return "WITH made AS (" + write + " RETURNING 1) " + s.queries.receiptsText(form, "(SELECT FROM made LIMIT 1) AS made_any", n)
	})
	st.args = receiptArgs(form, receipts, st.args)
}

// update writes rows that are as expected. One row is one statement: whoever changes it meanwhile makes
// the condition be asked again. For several, REPEATABLE READ makes that a conflict, so that what was
// counted holds.
//
//	WITH v AS (the new and the expected values), fit AS (how many rows are as expected)
//	     told AS (INSERT INTO receipts ... WHERE all of them are, and nothing waits RETURNING 1)
//	UPDATE ... WHERE EXISTS (SELECT FROM told)
func (s *Source) update(ctx context.Context, pool *pgxpool.Pool, b *bucket, changes []source.Change, receipts []source.Receipt) (bool, error) {
	g, ok := b.expecting(changes)
	if !ok {
		return false, nil
	}
	args, err := g.args(changes)
	if err != nil {
		return false, nil
	}
	if len(b.changes) == 1 {
		st := statement{args: args, changes: b.changes, relation: b.relation}
		st.sql = b.relation.text(expectOne, g.shape, func() string { return g.one(s.schema) })
		s.follow(&st, receipts)
		tag, err := pool.Exec(ctx, st.sql, st.args...)
		return s.done(tag.RowsAffected(), err, changes, receipts)
	}
	n := len(args)
	sql := b.relation.text(expectMany, g.shape, func() string { return g.many("SELECT 1 WHERE " + g.all(s.schema)) })
	if len(receipts) > 0 {
		form := formOf(receipts)
		sql = b.relation.textOf(textKey{form: expectManyNumbered, base: g.shape, receipts: form}, func() string {
			return g.many(s.queries.receiptsText(form, "", n) + " WHERE " + g.all(s.schema) + " RETURNING 1")
		})
		args = receiptArgs(form, receipts, args)
	}
	batch := &pgx.Batch{}
	batch.Queue("BEGIN ISOLATION LEVEL REPEATABLE READ")
	batch.Queue(sql, args...)
	batch.Queue("COMMIT")
	results := pool.SendBatch(ctx, batch)
	_, err = results.Exec()
	var rows int64
	if err == nil {
		tag, failed := results.Exec()
		rows, err = tag.RowsAffected(), failed
	}
	if closed := results.Close(); err == nil {
		err = closed
	}
	return s.done(rows, err, changes, receipts)
}

// expecting is the form of updates that say what they expect. Parameters are the keys, then the columns
// to write, then those that are expected to be something.
type expecting struct {
	*bucket
	expected []*column
	shape    string
}

// expecting finds out the form; ok is false when the changes do not have the same, or have columns
// whose stored values may hold more than our text of them says.
func (b *bucket) expecting(changes []source.Change) (g *expecting, ok bool) {
	g = &expecting{bucket: b}
	shape := []byte(b.shape)
	for n, m := range changes[0].Expect {
		c := b.relation.byName[m.Name]
		if c == nil {
			return nil, false
		}
		for i := range changes {
			if len(changes[i].Expect) != len(changes[0].Expect) || changes[i].Expect[n].Name != m.Name {
				return nil, false
			}
		}
		g.expected = append(g.expected, c)
		shape = append(append(shape, 1), c.name...)
	}
	g.shape = string(shape)
	return g, !slices.ContainsFunc(g.columns, inexact) && !slices.ContainsFunc(g.expected, inexact)
}

// inexact columns have values that look the same in text but are not, or none that we know of.
func inexact(c *column) bool {
	switch c.base {
	case "text", "varchar", "bool", "int2", "int4", "int8", "uuid":
		return c.array || c.generated
	}
	return true
}

func (g *expecting) args(changes []source.Change) ([]any, error) {
	n := 1 + len(g.columns) + len(g.expected)
	lists := make([][]*string, n)
	for i := range changes {
		ch := &changes[i]
		key, err := keyText(ch.ID)
		if err != nil {
			return nil, err
		}
		lists[0] = append(lists[0], &key)
		for n, c := range g.columns {
			v, _ := ch.Doc.Get(c.name)
			text, err := c.encode(v)
			if err != nil {
				return nil, err
			}
			lists[1+n] = append(lists[1+n], text)
		}
		for n, c := range g.expected {
			text, err := c.encode(ch.Expect[n].Value)
			if err != nil {
				return nil, err
			}
			lists[1+len(g.columns)+n] = append(lists[1+len(g.columns)+n], text)
		}
	}
	args := make([]any, n, n+7)
	for i, list := range lists {
		if args[i] = list; len(changes) == 1 {
			args[i] = list[0]
		}
	}
	return args, nil
}

// one is the text for one row, whose values are parameters.
func (g *expecting) one(schema string) string {
	value := func(i int) string { return "$" + strconv.Itoa(i+1) + "::text" }
	return "UPDATE " + g.relation.name + " AS t SET " + g.sets(value) + " WHERE " + g.fits(value) + " AND NOT EXISTS (SELECT FROM " + schema + ".rejected_rows)"
}

// many is the text for several, whose values are lists; told has a row if they are to be written.
func (g *expecting) many(told string) string {
	var lists, names []string
	for i := range 1 + len(g.columns) + len(g.expected) {
		lists, names = append(lists, "$"+strconv.Itoa(i+1)+"::text[]"), append(names, "a"+strconv.Itoa(i))
	}
	value := func(i int) string { return "v.a" + strconv.Itoa(i) }
	key := g.relation.byName[g.table.Key]
	return "WITH v AS MATERIALIZED (SELECT * FROM unnest(" + strings.Join(lists, ", ") + ") AS v(" + strings.Join(names, ", ") + "))," +
		" fit AS MATERIALIZED (SELECT count(DISTINCT t." + key.quoted + ") AS n FROM v JOIN " + g.relation.name + " AS t ON " + g.fits(value) + ")," +
		" told AS (" + told + ")" +
		" UPDATE " + g.relation.name + " AS t SET " + g.sets(value) + " FROM v WHERE t." + key.quoted + " = v.a0::" + key.cast + " AND EXISTS (SELECT FROM told)"
}

// all is the condition that every row is as expected and nothing waits.
func (g *expecting) all(schema string) string {
	return "(SELECT n FROM fit) = cardinality($1::text[]) AND NOT EXISTS (SELECT FROM " + schema + ".rejected_rows)"
}

func (g *expecting) sets(value func(int) string) string {
	sets := make([]string, len(g.columns))
	for i, c := range g.columns {
		sets[i] = c.quoted + " = " + value(i+1) + "::" + c.cast
	}
	return strings.Join(sets, ", ")
}

// fits is the condition on a row: it is the one, is as expected, would change, and is far from the size
// that cannot be replicated. Texts are compared as bytes, whatever the column's collation takes for equal.
func (g *expecting) fits(value func(int) string) string {
	key := g.relation.byName[g.table.Key]
	all := []string{"t." + key.quoted + " = " + value(0) + "::" + key.cast}
	for i, c := range g.expected {
		all = append(all, c.asText()+" IS NOT DISTINCT FROM "+value(1+len(g.columns)+i))
	}
	differs := make([]string, len(g.columns))
	for i, c := range g.columns {
		differs[i] = c.asText() + " IS DISTINCT FROM " + value(i+1)
	}
	all = append(all, "("+strings.Join(differs, " OR ")+")")
	for i := range g.relation.columns {
		if c := &g.relation.columns[i]; c.unbounded() {
			all = append(all, "coalesce(pg_column_size(t."+c.quoted+"), 0) < "+strconv.Itoa(smallColumn))
		}
	}
	return strings.Join(all, " AND ")
}

// smallColumn is the size as stored, perhaps compressed, up to which a column cannot bring a row near
// the limit of what can be replicated.
const smallColumn = 8 << 10

func (c *column) asText() string {
	switch c.base {
	case "text", "varchar":
		return "t." + c.quoted + `::text COLLATE "C"`
	}
	return "t." + c.quoted + "::text"
}

// unbounded columns may be large.
func (c *column) unbounded() bool {
	switch c.base {
	case "bool", "int2", "int4", "int8", "float4", "float8", "uuid", "timestamptz", "timestamp", "date", "time", "timetz", "interval", "oid", "money":
		return c.array
	}
	return true
}
