package postgres

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"turnkey/runtime/source"
)

// tx implements source.Tx. Nothing travels before the first Read or Apply.
type tx struct {
	src     *Source
	as      source.Session
	conn    *pgxpool.Conn // nil: not begun, or over
	over    bool
	session []byte // claims for row-level security
	client  bool   // with row-level security: the statements that follow run as the client's role
	solo    *solo  // a transaction of one row; see solo.go
	aged    []source.Receipt
	found   map[source.Ref]bool // rows that were read, where writes are counted
	// relations that this transaction has asked for. Once it has begun it asks the catalog on its own
	// connection: when every transaction waits for a second one, nobody gets any.
	relations map[*source.Table]*relation
}

func (t *tx) relation(ctx context.Context, table *source.Table) (*relation, error) {
	if r := t.relations[table]; r != nil {
		return r, nil
	}
	var own catalog
	if t.conn != nil {
		own = t.conn
	}
	r, err := t.src.relation(ctx, table, own)
	if err == nil {
		err = r.keyed(table)
	}
	if err != nil {
		return nil, err
	}
	if t.relations == nil {
		t.relations = map[*source.Table]*relation{}
	}
	t.relations[table] = r
	return r, nil
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

// begin makes a script, which starts with what the transaction starts with if it has not begun.
func (t *tx) begin(ctx context.Context) (*script, error) {
	s := &script{}
	if t.over {
		return nil, closedFailure()
	}
	if t.conn != nil {
		return s, nil
	}
	pool, err := t.src.connections(ctx)
	if err != nil {
		return nil, err
	}
	if t.conn, err = pool.Acquire(ctx); err != nil {
		return nil, unasked(err)
	}
	s.add("BEGIN ISOLATION LEVEL REPEATABLE READ", nil, nil)
	if t.src.pooled {
		s.add("SELECT set_config('synchronous_commit', 'on', true), set_config('idle_in_transaction_session_timeout', $1, true)", []any{idleLimit}, nil)
	}
	if t.solo != nil {
		t.solo.verify(s)
	}
	return s, nil
}

// asClient lets the statements that follow run as the client's role; asOurselves as the connection's
// own user, to whom our own tables belong. Scripts end as ourselves, because the next one's statements
// are prepared before it begins, and the client's role may not even see our schema.
func (t *tx) asClient(s *script) {
	rls := t.src.opt.RLS
	if rls == nil || t.client {
		return
	}
	t.client = true
	s.add("SELECT set_config('role', $1, true), set_config('request.jwt.claims', $2, true), set_config('app.user_id', $3, true)",
		[]any{rls.Role, string(t.session), t.as.UserID}, nil)
}

func (t *tx) asOurselves(s *script) {
	if t.client {
		t.client = false
		s.add("SET LOCAL ROLE NONE", nil, nil)
	}
}

// Apply implements source.Tx.
func (t *tx) Apply(ctx context.Context, changes []source.Change, finish *source.Finish) error {
	if t.solo.suffices(t, changes, finish) {
		return t.applySolo(ctx, changes, finish.Receipts)
	}
	if t.conn == nil && t.solo.creates(changes) {
		return t.fail(ctx, moved())
	}
	statements, err := t.statements(ctx, changes)
	if err != nil {
		return t.fail(ctx, err)
	}
	s, err := t.begin(ctx)
	if err != nil {
		return t.fail(ctx, err)
	}
	together := finish != nil && t.decided(statements, finish)
	if finish != nil {
		if !together {
			s.add(shortIdle, nil, nil) // locks are held from here to the commit
		}
		t.queueFinish(s, finish)
	}
	if len(statements) > 0 {
		t.asClient(s)
	}
	for i := range statements {
		s.add(statements[i].sql, statements[i].args, t.written(&statements[i], changes))
	}
	if finish == nil {
		t.asOurselves(s)
	} else {
		t.asClient(s) // deferred triggers run at the commit
	}
	if together {
		s.commit()
	}
	if err := t.run(ctx, s); err != nil {
		return err
	}
	if finish != nil && !together {
		s := &script{}
		s.commit()
		if err := t.run(ctx, s); err != nil {
			return err
		}
	}
	if finish != nil {
		t.release()
	}
	return nil
}

// decided reports that COMMIT may go along with the statements, because no count can still forbid it.
func (t *tx) decided(statements []statement, finish *source.Finish) bool {
	if t.solo != nil || len(finish.Settle)+len(finish.Close) > 0 || len(t.aged) > 0 && len(finish.Receipts) > 0 {
		return false
	}
	for i := range statements {
		if t.counted(&statements[i]) {
			return false
		}
	}
	return true
}

// counted: row-level security and views hide rows from UPDATE and DELETE without an error.
func (t *tx) counted(st *statement) bool { return t.src.opt.RLS != nil || st.relation.hides }

func (t *tx) written(st *statement, changes []source.Change) func(pgx.BatchResults) error {
	return func(results pgx.BatchResults) error {
		tag, err := results.Exec()
		var pg *pgconn.PgError
		switch {
		case errors.As(err, &pg):
			return st.blame(t.src.failure(err))
		case err != nil:
			return err
		case t.counted(st) && tag.RowsAffected() < int64(len(st.changes)):
			return st.blame(t.hidden(st, changes))
		}
		return nil
	}
}

// hidden is why a statement touched fewer rows than it names.
func (t *tx) hidden(st *statement, changes []source.Change) error {
	for _, i := range st.changes {
		if ch := &changes[i]; ch.Kind == source.Insert && t.found[source.Ref{Table: ch.Table, ID: ch.ID}] {
			return moved()
		}
	}
	if st.relation.view {
		return refused("UNAUTHORIZED", "The view does not allow this row.")
	}
	return refused("UNAUTHORIZED", "Row-level security does not allow this row.")
}

// fail ends the transaction and translates.
func (t *tx) fail(ctx context.Context, err error) error {
	t.Rollback(ctx)
	f := t.src.failure(err)
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
