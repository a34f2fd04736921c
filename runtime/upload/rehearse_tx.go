package upload

import (
	"context"
	"slices"

	"turnkey/runtime/rehearsal"
	"turnkey/runtime/source"
	"turnkey/runtime/value"
)

// take is one run on a stage: what stands in for what is stored, and what was seen of the run.
type take struct {
	// stand gives the row to use in the place of one that is stored; replaced says that it is another. nil: none.
	stand func(ref source.Ref, stored *value.Object) (doc *value.Object, replaced bool)
	// covers reports rows for which stand needs nothing that is stored: then nothing is read. nil: none.
	covers func(ref source.Ref) bool
	// marks are what was noted about rows; nil: what is noted today.
	marks map[source.RowName]source.Mark
	// left is what the device's own writes had left in the row; nil: what is noted today.
	left map[string]source.Print

	calls   int
	hooks   []rehearsal.HookCall
	acted   []*acted       // rows that were read or changed, by first appearance
	finish  *source.Finish // what would have been committed with them; nil: it did not come to that
	checked bool           // the database has seen the changes
}

type takeKey struct{}

// onTake runs what begins transactions with ctx on a take.
func onTake(ctx context.Context, t *take) context.Context {
	return context.WithValue(ctx, takeKey{}, t)
}

func takeOf(ctx context.Context) *take {
	if t, ok := ctx.Value(takeKey{}).(*take); ok {
		return t
	}
	return &take{}
}

// acted is a row of a run.
type acted struct {
	table   *source.Table
	id      value.Value
	text    string
	old     *value.Object // as it was first read; nil: missing, or never read
	now     *value.Object
	read    bool
	kind    source.ChangeKind // of the first change; 0: none
	standIn bool
}

// stagedTx is a transaction that ends without effect. Changes do go to the database, so that its own checks are
// part of the verdict; they are rolled back with the rest. Those of a row that was stood in for do not: what is stored
// is not what they are about.
type stagedTx struct {
	source.Tx
	take     *take
	acted    []*acted
	replaced bool
	sent     bool
}

// Read implements source.Tx.
func (t *stagedTx) Read(ctx context.Context, refs []source.Ref, claim *source.Claim) ([]source.Row, source.History, error) {
	if t.take.covers != nil && !slices.ContainsFunc(refs, func(r source.Ref) bool { return !t.take.covers(r) }) {
		rows := make([]source.Row, len(refs))
		t.seen(refs, rows)
		return rows, source.History{}, nil
	}
	t.take.calls++
	rows, history, err := t.Tx.Read(ctx, refs, claim)
	if err == nil {
		t.seen(refs, rows)
	}
	return rows, history, err
}

// ReadAll implements source.Tx.
func (t *stagedTx) ReadAll(ctx context.Context, refs []source.Ref, claims []*source.Claim) ([]source.Row, []source.History, error) {
	t.take.calls++
	rows, histories, err := t.Tx.ReadAll(ctx, refs, claims)
	if err == nil {
		t.seen(refs, rows)
	}
	return rows, histories, err
}

func (t *stagedTx) seen(refs []source.Ref, rows []source.Row) {
	for i, ref := range refs {
		r := t.row(ref.Table, ref.ID)
		if t.take.stand != nil {
			rows[i].Doc, r.standIn = t.take.stand(ref, rows[i].Doc)
			t.replaced = t.replaced || r.standIn
		}
		if !r.read {
			r.old, r.read = rows[i].Doc, true
		}
		r.now = rows[i].Doc
	}
	t.take.acted = t.acted // if nothing is to be written, it stays at that
}

// row finds a row of the run.
func (t *stagedTx) row(table *source.Table, id value.Value) *acted {
	text := value.FormatID(id)
	for _, r := range t.acted {
		if r.table.Collection == table.Collection && r.text == text {
			return r
		}
	}
	r := &acted{table: table, id: id, text: text}
	t.acted = append(t.acted, r)
	return r
}

// Rejected implements source.Tx.
func (t *stagedTx) Rejected(ctx context.Context, rows []source.RowName) ([]source.RejectedRow, error) {
	t.take.calls++
	return t.Tx.Rejected(ctx, rows)
}

// Marks implements source.Tx.
func (t *stagedTx) Marks(ctx context.Context, owner source.Owner, rows []source.RowName) ([]source.Mark, error) {
	if t.take.left == nil && t.take.marks == nil {
		t.take.calls++
		return t.Tx.Marks(ctx, owner, rows)
	}
	list := make([]source.Mark, len(rows))
	for i, r := range rows {
		if list[i] = t.take.marks[r]; t.take.left != nil {
			list[i].Left = t.take.left
		}
		list[i].TableName, list[i].RowID = r.TableName, r.RowID
	}
	return list, nil
}

// Apply implements source.Tx, but for the commit.
func (t *stagedTx) Apply(ctx context.Context, changes []source.Change, finish *source.Finish) error {
	if real := t.real(changes); len(real) > 0 {
		t.take.calls++
		if err := t.Tx.Apply(ctx, real, nil); err != nil {
			return err
		}
		t.sent = true
	}
	for i := range changes {
		c := &changes[i]
		r := t.row(c.Table, c.ID)
		r.now = nil
		if c.Kind != source.Delete {
			r.now = c.Doc
		}
		if r.kind == 0 {
			r.kind = c.Kind
		}
	}
	if finish != nil {
		t.take.acted, t.take.finish, t.take.checked = t.acted, finish, t.sent && !t.replaced
	}
	return nil
}

// real are the changes of rows that nothing stands in for.
func (t *stagedTx) real(changes []source.Change) []source.Change {
	if !t.replaced {
		return changes
	}
	return slices.DeleteFunc(slices.Clone(changes), func(c source.Change) bool { return t.row(c.Table, c.ID).standIn })
}
