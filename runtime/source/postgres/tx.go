package postgres

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"turnkey/runtime/source"
	"turnkey/runtime/value"
)

// tx implements source.Tx. Nothing travels before the first Read or Apply.
type tx struct {
	src     *Source
	as      source.Session
	conn    *pgxpool.Conn // nil: not begun, or over
	over    bool
	session []byte // claims for row-level security
	solo    *solo  // a transaction of one row; see solo.go
}

var _ source.Tx = (*tx)(nil)

// Begin implements source.Source.
func (s *Source) Begin(_ context.Context, as source.Session) (source.Tx, error) {
	t := &tx{src: s, as: as}
	if s.opt.RLS == nil {
		return t, nil
	}
	claims := make(map[string]any, len(as.Claims)+2)
	for k, v := range as.Claims {
		claims[k] = v
	}
	claims["sub"], claims["role"] = as.UserID, s.opt.RLS.Role
	var err error
	if t.session, err = json.Marshal(claims); err != nil {
		return nil, refused("INVALID_DATA", "The token's claims cannot be handed to the database.")
	}
	return t, nil
}

// begin queues what a transaction starts with.
func (t *tx) begin(ctx context.Context, b *pgx.Batch) error {
	if t.over {
		return closedFailure()
	}
	if t.conn != nil {
		return nil
	}
	pool, err := t.src.connections(ctx)
	if err != nil {
		return err
	}
	if t.conn, err = pool.Acquire(ctx); err != nil {
		return translate(err)
	}
	b.Queue("BEGIN ISOLATION LEVEL REPEATABLE READ")
	if t.src.pooled {
		b.Queue("SET LOCAL synchronous_commit = on")
	}
	if rls := t.src.opt.RLS; rls != nil {
		b.Queue("SELECT set_config('role', $1, true), set_config('request.jwt.claims', $2, true), set_config('app.user_id', $3, true)",
			rls.Role, string(t.session), t.as.UserID)
	}
	return nil
}

// Read implements source.Tx.
func (t *tx) Read(ctx context.Context, refs []source.Ref) ([]source.Row, error) {
	if len(refs) == 1 && t.conn == nil && !t.over && t.src.opt.RLS == nil {
		return t.readSolo(ctx, refs[0])
	}
	groups, order, err := t.groups(ctx, refs)
	if err != nil {
		return nil, t.fail(ctx, err)
	}
	b := &pgx.Batch{}
	if err := t.begin(ctx, b); err != nil {
		return nil, t.fail(ctx, err)
	}
	prelude := b.Len()
	for _, g := range order {
		key := g.relation.byName[g.table.Key]
		from := "SELECT " + g.relation.list + " FROM " + g.relation.name + " WHERE " + key.quoted
		if len(g.ids) == 1 {
			b.Queue(from+" = $1::text::"+key.cast, g.ids[0])
			continue
		}
		b.Queue(from+" = ANY ($1::text[]::"+key.cast+"[])", g.ids)
	}
	results := t.conn.SendBatch(ctx, b)
	found, err := t.collect(results, prelude, order)
	if closeErr := results.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return nil, t.fail(ctx, err)
	}
	rows := make([]source.Row, len(refs))
	for i, ref := range refs {
		rows[i].Doc = found[groups[ref.Table]][value.FormatID(ref.ID)]
	}
	return rows, nil
}

// group is what is read of one table.
type group struct {
	table    *source.Table
	relation *relation
	ids      []string
}

func (t *tx) groups(ctx context.Context, refs []source.Ref) (map[*source.Table]int, []*group, error) {
	index := map[*source.Table]int{}
	var order []*group
	seen := map[source.Ref]bool{}
	for _, ref := range refs {
		if seen[ref] {
			continue
		}
		seen[ref] = true
		i, ok := index[ref.Table]
		if !ok {
			r, err := t.src.relation(ctx, ref.Table)
			if err != nil {
				return nil, nil, err
			}
			i = len(order)
			index[ref.Table] = i
			order = append(order, &group{table: ref.Table, relation: r})
		}
		text, err := keyText(ref.ID)
		if err != nil {
			return nil, nil, err
		}
		order[i].ids = append(order[i].ids, text)
	}
	return index, order, nil
}

// collect reads the results of a Read, by table and id.
func (t *tx) collect(results pgx.BatchResults, prelude int, order []*group) ([]map[string]*value.Object, error) {
	for range prelude {
		if _, err := results.Exec(); err != nil {
			return nil, err
		}
	}
	found := make([]map[string]*value.Object, len(order))
	for i, g := range order {
		found[i] = make(map[string]*value.Object, len(g.ids))
		rows, err := results.Query()
		if err != nil {
			return nil, err
		}
		for rows.Next() {
			doc, err := g.relation.document(rows)
			if err != nil {
				rows.Close()
				return nil, err
			}
			id, _ := doc.Get(g.table.Key)
			found[i][value.FormatID(id)] = doc
		}
		if err := rows.Err(); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// Apply implements source.Tx.
func (t *tx) Apply(ctx context.Context, changes []source.Change, commit bool) error {
	if t.solo != nil && commit && len(changes) == 1 && t.conn == nil && !t.over {
		return t.applySolo(ctx, &changes[0])
	}
	statements, err := t.statements(ctx, changes)
	if err != nil {
		return t.fail(ctx, err)
	}
	b := &pgx.Batch{}
	if err := t.begin(ctx, b); err != nil {
		return t.fail(ctx, err)
	}
	prelude := b.Len()
	for _, st := range statements {
		b.Queue(st.sql, st.args...)
	}
	// With row-level security counts decide whether to commit.
	together := commit && (t.src.opt.RLS == nil && t.solo == nil || len(statements) == 0)
	if together {
		b.Queue("COMMIT")
	}
	if b.Len() > 0 {
		if err := t.execute(ctx, b, prelude, statements, together); err != nil {
			return err
		}
	}
	if commit && !together {
		b := &pgx.Batch{}
		b.Queue("COMMIT")
		if err := t.execute(ctx, b, 0, nil, true); err != nil {
			return err
		}
	}
	if commit {
		t.release()
	}
	return nil
}

func (t *tx) execute(ctx context.Context, b *pgx.Batch, prelude int, statements []statement, commits bool) error {
	results := t.conn.SendBatch(ctx, b)
	err := func() error {
		for range prelude {
			if _, err := results.Exec(); err != nil {
				return err
			}
		}
		for i := range statements {
			tag, err := results.Exec()
			if err != nil {
				return statements[i].blame(translate(err))
			}
			if tag.RowsAffected() < int64(len(statements[i].changes)) && t.solo != nil {
				return statements[i].blame(moved())
			}
			if tag.RowsAffected() < int64(len(statements[i].changes)) && t.src.opt.RLS != nil {
				return statements[i].blame(refused("UNAUTHORIZED", "Row-level security does not allow this row."))
			}
		}
		if commits {
			tag, err := results.Exec()
			if err != nil {
				return t.commitFailure(err)
			}
			if tag.String() == "ROLLBACK" { // PostgreSQL's answer to the commit of a failed transaction
				return &source.Failure{Class: source.Conflict, Code: "conflict", Message: "The transaction was rolled back.", Change: -1}
			}
		}
		return nil
	}()
	if closeErr := results.Close(); err == nil && closeErr != nil {
		err = closeErr
		if commits {
			err = t.commitFailure(closeErr)
		}
	}
	if err != nil {
		return t.fail(ctx, err)
	}
	return nil
}

// commitFailure: when the connection died with the commit on its way, nobody knows what became of it.
func (t *tx) commitFailure(err error) error {
	f := source.FailureOf(translate(err))
	if f.Class == source.Down {
		c := *f
		c.Class, c.Code, c.Message = source.Unknown, "commit_unknown", "The database did not confirm the commit."
		return &c
	}
	return f
}

// fail ends the transaction and translates.
func (t *tx) fail(ctx context.Context, err error) error {
	t.Rollback(ctx)
	f := source.FailureOf(translate(err))
	switch f.Code {
	case "source_table_missing", "source_column_missing", "SCHEMA_MISMATCH", "conflict":
		if f.Class != source.Conflict || isStale(f.Err) {
			t.src.forget()
		}
	}
	return f
}

func isStale(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "0A000"
}

// Rollback implements source.Tx.
func (t *tx) Rollback(ctx context.Context) {
	if t.conn == nil || t.over {
		t.over = true
		return
	}
	if !t.conn.Conn().IsClosed() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), connectTimeout)
		if _, err := t.conn.Exec(ctx, "ROLLBACK"); err != nil {
			_ = t.conn.Conn().Close(ctx) // the pool makes another
		}
		cancel()
	}
	t.release()
}

func (t *tx) release() {
	if t.conn != nil {
		t.conn.Release()
	}
	t.conn, t.over = nil, true
}
