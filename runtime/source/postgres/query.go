package postgres

import (
	"context"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"turnkey/runtime/bundle"
	"turnkey/runtime/source"
	"turnkey/runtime/value"
)

// Find implements source.Tx.
func (t *tx) Find(ctx context.Context, q *source.Query) (rows []source.Row, fits bool, err error) {
	fits = true
	err = t.query(ctx, q, func(sel *selection) (string, func(pgx.BatchResults) error) {
		return sel.find(), func(results pgx.BatchResults) (err error) {
			rows, fits, err = sel.rows(results)
			return err
		}
	})
	if err != nil || !fits {
		return nil, fits, err
	}
	for i := range rows {
		t.finds(q.Table, rows[i].Doc)
	}
	return rows, true, nil
}

// finds notes a row, where the counts of writes are compared.
func (t *tx) finds(table *source.Table, doc *value.Object) {
	if t.src.opt.RLS == nil && !t.relations[table].hides {
		return
	}
	if t.found == nil {
		t.found = map[source.Ref]bool{}
	}
	key, _ := doc.Get(table.Key)
	if id, err := value.ParseID(table.ID, value.FormatID(key)); err == nil { // an integer column of another width
		t.found[source.Ref{Table: table, ID: id}] = true
	}
}

// Describe implements source.Tx.
func (t *tx) Describe(ctx context.Context, table *source.Table) (map[string]bundle.Type, bool, error) {
	if t.over {
		return nil, false, closedFailure()
	}
	r, err := t.relation(ctx, table)
	if err != nil {
		return nil, false, t.fail(ctx, err)
	}
	return r.declared, r.alone(table), nil
}

// Count implements source.Tx.
func (t *tx) Count(ctx context.Context, q *source.Query) (n int64, err error) {
	err = t.query(ctx, q, func(sel *selection) (string, func(pgx.BatchResults) error) {
		return "SELECT count(*) FROM " + sel.relation.name + sel.where, func(results pgx.BatchResults) error {
			return results.QueryRow().Scan(&n)
		}
	})
	return n, err
}

// query runs one SELECT as the client, and begins the transaction for real: what was read alone is verified first.
func (t *tx) query(ctx context.Context, q *source.Query, make func(*selection) (string, func(pgx.BatchResults) error)) error {
	sel, err := t.selection(ctx, q)
	if err != nil {
		return t.fail(ctx, err)
	}
	s, err := t.begin(ctx)
	if err != nil {
		return t.fail(ctx, err)
	}
	text, step := make(sel)
	t.asClient(s)
	s.add(text, sel.args, step)
	t.asOurselves(s)
	return t.run(ctx, s)
}

// selection is a query in the making: its conditions, with their values as parameters.
type selection struct {
	query    *source.Query
	relation *relation
	where    string
	order    string
	args     []any
}

func (t *tx) selection(ctx context.Context, q *source.Query) (*selection, error) {
	if err := q.Check(); err != nil {
		return nil, err
	}
	r, err := t.relation(ctx, q.Table)
	if err != nil {
		return nil, err
	}
	s := &selection{query: q, relation: r}
	conditions := make([]string, 0, len(q.Where))
	for i := range q.Where {
		text, err := s.condition(&q.Where[i])
		if err != nil {
			return nil, err
		}
		conditions = append(conditions, text)
	}
	if len(conditions) > 0 {
		s.where = " WHERE " + strings.Join(conditions, " AND ")
	}
	return s, s.sort()
}

// column is one that a query names.
func (s *selection) column(path []string) (*column, error) {
	c := s.relation.byName[path[0]]
	if c == nil {
		return nil, source.UnknownField(s.query.Table, path)
	}
	if len(path) > 1 {
		f := refused("SCHEMA_MISMATCH", "The field "+strconv.Quote(strings.Join(path, "."))+" lies inside a column, which queries cannot look into on PostgreSQL.")
		f.Hint = "Find the rows by other columns, and look at " + path[0] + " in the code; or add a generated column."
		return nil, f
	}
	return c, nil
}

// comparable refuses types that PostgreSQL cannot compare.
func (s *selection) comparable(path []string) (*column, error) {
	c, err := s.column(path)
	if err != nil {
		return nil, err
	}
	switch elementBase(c.base) {
	case "json", "xml", "point", "polygon":
		return nil, refused("SCHEMA_MISMATCH", "The column "+strconv.Quote(c.name)+" is of type "+c.cast+", which has no comparisons but with null.")
	}
	return c, nil
}

var operators = map[source.Comparison]string{source.Eq: " = ", source.Ne: " IS DISTINCT FROM ", source.Gt: " > ", source.Gte: " >= ", source.Lt: " < ", source.Lte: " <= "}

func (s *selection) condition(c *source.Condition) (string, error) {
	if len(c.Values) == 1 && c.Values[0] == nil && (c.Op == source.Eq || c.Op == source.Ne) {
		col, err := s.column(c.Path)
		if err != nil {
			return "", err
		}
		if c.Op == source.Ne {
			return col.quoted + " IS NOT NULL", nil
		}
		return col.quoted + " IS NULL", nil
	}
	col, err := s.comparable(c.Path)
	if err != nil {
		return "", err
	}
	if c.Op == source.In {
		return s.in(col, c.Values)
	}
	p, err := s.parameter(col, c.Values[0])
	return col.quoted + operators[c.Op] + p, err
}

// in compares with each value: a list of lists is not what PostgreSQL makes of an array of arrays.
func (s *selection) in(c *column, values []value.Value) (string, error) {
	var any []string
	var texts []*string
	for _, v := range values {
		text, err := c.encode(v)
		switch {
		case err != nil:
			return "", err
		case text == nil:
			any = append(any, c.quoted+" IS NULL")
		case c.array:
			s.args = append(s.args, text)
			any = append(any, c.quoted+" = $"+strconv.Itoa(len(s.args))+"::text::"+c.cast)
		default:
			texts = append(texts, text)
		}
	}
	if len(texts) > 0 {
		s.args = append(s.args, texts)
		any = append(any, c.quoted+" = ANY ($"+strconv.Itoa(len(s.args))+"::text[]::"+c.cast+"[])")
	}
	if len(any) == 0 {
		return "false", nil
	}
	return "(" + strings.Join(any, " OR ") + ")", nil
}

func (s *selection) parameter(c *column, v value.Value) (string, error) {
	text, err := c.encode(v)
	if err != nil {
		return "", err
	}
	s.args = append(s.args, text)
	return "$" + strconv.Itoa(len(s.args)) + "::text::" + c.cast, nil
}

// sort puts null first, as MongoDB does. A column without nulls keeps the order that its indexes have.
func (s *selection) sort() error {
	key := s.relation.byName[s.query.Table.Key]
	keys := make([]string, 0, len(s.query.Sort)+1)
	for _, k := range s.query.Sort {
		c, err := s.comparable(k.Path)
		if err != nil {
			return err
		}
		text := c.quoted
		switch {
		case k.Descending && c.nullable:
			text += " DESC NULLS LAST"
		case k.Descending:
			text += " DESC"
		case c.nullable:
			text += " NULLS FIRST"
		}
		keys = append(keys, text)
	}
	s.order = " ORDER BY " + strings.Join(append(keys, key.quoted), ", ")
	return nil
}

func (s *selection) find() string {
	text := "SELECT " + s.relation.list + " FROM " + s.relation.name + s.where + s.order + " LIMIT " + strconv.Itoa(s.query.Most())
	if s.query.Skip > 0 {
		text += " OFFSET " + strconv.Itoa(s.query.Skip)
	}
	return text
}

// rows reads to the end, so that the transaction can go on, but keeps no more than may be given.
func (s *selection) rows(results pgx.BatchResults) (found []source.Row, fits bool, err error) {
	rows, err := results.Query()
	if err != nil {
		return nil, false, err
	}
	defer rows.Close()
	size := 0
	for rows.Next() {
		for _, raw := range rows.RawValues() {
			size += len(raw)
		}
		if size > source.MaxFoundBytes {
			found = nil
			continue
		}
		doc, err := s.relation.document(rows)
		if err != nil {
			return nil, false, err
		}
		found = append(found, source.Row{Doc: doc})
	}
	return found, size <= source.MaxFoundBytes, rows.Err()
}
