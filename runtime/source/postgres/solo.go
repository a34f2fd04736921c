package postgres

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5/pgxpool"

	"turnkey/runtime/source"
	"turnkey/runtime/value"
)

// solo is a transaction of one row, the commonest of all. It needs no BEGIN and no COMMIT: the row is
// read with its version (xmin) and with what is known of the operations, and written together with its
// receipts by one statement, which is a transaction by itself and holds only if the row still has that
// version. That is what REPEATABLE READ would have checked. When more is to be done than that, a
// transaction begins and verifies the version first.
type solo struct {
	relation *relation
	table    *source.Table
	id       string
	version  string // xmin as text; "" when the row was missing
}

func (t *tx) readSolo(ctx context.Context, r *relation, ref source.Ref, claim *source.Claim) ([]source.Row, source.History, error) {
	var known source.History
	id, err := keyText(ref.ID)
	if err != nil {
		return nil, known, t.fail(ctx, err)
	}
	pool, err := t.src.connections(ctx)
	if err != nil {
		return nil, known, t.fail(ctx, err)
	}
	sql, args := r.solo(&t.src.queries, ref.Table.Key, claim, id)
	rows, err := pool.Query(ctx, sql, args...)
	if err != nil {
		return nil, known, t.fail(ctx, err)
	}
	defer rows.Close()
	t.solo = &solo{relation: r, table: ref.Table, id: id}
	var doc *value.Object
	for rows.Next() {
		n := len(r.columns)
		if version := rows.RawValues()[n]; version != nil {
			t.solo.version = string(version)
			if doc, err = r.document(rows); err != nil {
				return nil, known, t.fail(ctx, err)
			}
		}
		if claim == nil {
			known.Rejected = isTrue(rows.RawValues()[n+1], rows.FieldDescriptions()[n+1].Format)
		} else if known, err = history(rows, n+1, claim.Owner); err != nil {
			return nil, known, t.fail(ctx, err)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, known, t.fail(ctx, err)
	}
	t.old(&known)
	return []source.Row{{Doc: doc}}, known, nil
}

// solo is the query that reads one row with its version, and its parameters.
func (r *relation) solo(q *queries, key string, claim *source.Claim, id string) (string, []any) {
	known, args := q.flagged, append(make([]any, 0, 4), id)
	if claim != nil {
		known, args = q.solo.of(claim, args)
	}
	return r.textOf(textKey{form: soloRead, base: known, column: key}, func() string {
		c := r.byName[key]
		return "SELECT " + r.list + ", t.xmin::text, turnkey_known.* FROM " + known + " LEFT JOIN " + r.name + " AS t ON t." + c.quoted + " = $1::text::" + c.cast
	}), args
}

// suffices reports that one statement can do all that is asked. Behind a pooler it has not the settings that make a
// commit durable whatever the server's default is.
func (o *solo) suffices(t *tx, changes []source.Change, finish *source.Finish) bool {
	if o == nil || t.src.pooled || t.conn != nil || t.over || finish == nil || !finish.Bare() || len(changes) > 1 {
		return false
	}
	if len(t.aged) > 0 && len(finish.Receipts) > 0 {
		return false
	}
	return len(changes) == 0 || changes[0].Table == o.table && value.FormatID(changes[0].ID) == o.id
}

// creates reports that the row, which was there when it was read, is to be created: an INSERT would leave
// it as it is without an error.
func (o *solo) creates(changes []source.Change) bool {
	return o != nil && o.version != "" && slices.ContainsFunc(changes, func(c source.Change) bool {
		return c.Kind == source.Insert && c.Table == o.table && value.FormatID(c.ID) == o.id
	})
}

// verify begins a transaction with what was read alone: from here on, REPEATABLE READ watches the row.
func (o *solo) verify(s *script) {
	c := o.relation.byName[o.table.Key]
	from := "SELECT FROM " + o.relation.name + " WHERE " + c.quoted + " = $1::text::" + c.cast
	if o.version == "" {
		s.add(from, []any{o.id}, affected(0, moved))
		return
	}
	s.add(from+" AND xmin = $2::text::xid", []any{o.id, o.version}, affected(1, moved))
}

func (t *tx) applySolo(ctx context.Context, changes []source.Change, receipts []source.Receipt) error {
	t.over = true // whatever comes of it
	var st statement
	if len(changes) > 0 {
		buckets, err := t.buckets(ctx, changes)
		if err != nil {
			return t.fail(ctx, err)
		}
		if st, err = buckets[0].single(&changes[0], t.solo); err != nil {
			return t.fail(ctx, err)
		}
	}
	want := int64(1)
	switch q := &t.src.queries; {
	case len(receipts) == 0 && len(changes) == 0:
		return nil
	case len(receipts) == 0:
	case len(changes) == 0:
		st.sql, st.args = q.insertReceipts(receipts, false)
		want = int64(len(receipts))
	default:
		write, n, form := st.sql, len(st.args), formOf(receipts)
		together := func() string { return "WITH w AS (" + write + " RETURNING 1) " + q.receiptsText(form, "w", n) }
		st.sql = st.relation.textOf(textKey{form: withReceipt, base: write, receipts: form}, together)
		st.args = receiptArgs(form, receipts, st.args)
		want = int64(len(receipts))
	}
	pool, err := t.src.connections(ctx)
	if err != nil {
		return t.fail(ctx, err)
	}
	tag, err := pool.Exec(ctx, st.sql, st.args...)
	switch {
	case err != nil:
		return t.fail(ctx, st.blame(unknown(t.src.failure(err))))
	case tag.RowsAffected() != want:
		return t.dropped(ctx, pool, len(changes) > 0 && changes[0].Kind == source.Insert, receipts)
	}
	return nil
}

// dropped finds out why a statement did nothing: the row has moved on, or a trigger of the database
// drops the write without an error, which counts as done, as it does in a transaction of many rows.
func (t *tx) dropped(ctx context.Context, pool *pgxpool.Pool, inserts bool, receipts []source.Receipt) error {
	s := &script{}
	t.solo.verify(s)
	item := s.batch.QueuedQueries[0]
	tag, err := pool.Exec(ctx, item.SQL, item.Arguments...)
	if err != nil {
		return t.fail(ctx, err)
	}
	if there := tag.RowsAffected() == 1; there != (t.solo.version != "") || there == inserts {
		return moved()
	}
	if len(receipts) == 0 {
		return nil
	}
	sql, args := t.src.queries.insertReceipts(receipts, false)
	if _, err := pool.Exec(ctx, sql, args...); err != nil {
		return t.fail(ctx, unknown(t.src.failure(err)))
	}
	return nil
}
