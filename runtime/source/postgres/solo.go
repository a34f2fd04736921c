package postgres

import (
	"context"

	"turnkey/runtime/source"
	"turnkey/runtime/value"
)

// solo is a transaction of one row, the commonest of all. It needs no BEGIN and no COMMIT: the row is
// read with its version (xmin), and written by one statement, which is a transaction by itself and
// holds only if the row still has that version. That is what REPEATABLE READ would have checked.
type solo struct {
	version string // xmin as text; "" when the row was missing
}

// moved is the conflict of a row that somebody else changed, made or deleted since it was read.
func moved() *source.Failure {
	return &source.Failure{Class: source.Conflict, Code: "conflict", Message: "Another write was in the way.", Change: -1}
}

func (t *tx) readSolo(ctx context.Context, ref source.Ref) ([]source.Row, error) {
	r, err := t.src.relation(ctx, ref.Table)
	if err != nil {
		return nil, t.fail(ctx, err)
	}
	id, err := keyText(ref.ID)
	if err != nil {
		return nil, t.fail(ctx, err)
	}
	pool, err := t.src.connections(ctx)
	if err != nil {
		return nil, t.fail(ctx, err)
	}
	rows, err := pool.Query(ctx, r.solo(ref.Table.Key), id)
	if err != nil {
		return nil, t.fail(ctx, err)
	}
	t.solo = &solo{}
	var doc *value.Object
	for rows.Next() {
		if doc, err = r.document(rows); err != nil {
			rows.Close()
			return nil, t.fail(ctx, err)
		}
		t.solo.version = string(rows.RawValues()[len(r.columns)])
	}
	if err := rows.Err(); err != nil {
		return nil, t.fail(ctx, err)
	}
	return []source.Row{{Doc: doc}}, nil
}

// solo is the query that reads one row with its version, made once for each relation and key.
func (r *relation) solo(key string) string {
	if q, ok := r.soloQueries.Load(key); ok {
		return q.(string)
	}
	c := r.byName[key]
	q := "SELECT " + r.list + ", xmin::text FROM " + r.name + " WHERE " + c.quoted + " = $1::text::" + c.cast
	r.soloQueries.Store(key, q)
	return q
}

func (t *tx) applySolo(ctx context.Context, ch *source.Change) error {
	t.over = true // whatever comes of it
	statements, err := t.statements(ctx, []source.Change{*ch})
	if err != nil {
		return t.fail(ctx, err)
	}
	pool, err := t.src.connections(ctx)
	if err != nil {
		return t.fail(ctx, err)
	}
	tag, err := pool.Exec(ctx, statements[0].sql, statements[0].args...)
	switch {
	case err != nil:
		return t.fail(ctx, statements[0].blame(t.commitFailure(err)))
	case tag.RowsAffected() == 0:
		return moved()
	}
	return nil
}
