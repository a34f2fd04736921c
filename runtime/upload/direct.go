package upload

import (
	"context"
	"sync/atomic"

	"turnkey/internal/crash"
	"turnkey/runtime/bundle"
	"turnkey/runtime/source"
	"turnkey/runtime/value"
)

// Most writes need no reading. A PUT is mostly of a row that the device has just made: if the create rule
// allows it and the row does not exist, inserting it is all there is to do. A PATCH is mostly of a row that
// nobody else has changed, in columns that are simply set, under a rule that says whose row it must be: then the
// rule, and the values that the device has seen, are conditions on the stored row that the database can
// hold against it as it writes. The source tells in the same breath whether all is as it was guessed.
// Whenever anything is otherwise, nothing was written, and the ordinary way starts from the beginning
// and decides.

// guesses says when to try. After a wrong guess the next transaction goes the ordinary way, after the next
// wrong one two, then four: whose writes are not of that kind should not pay for it each time.
type guesses struct{ skip, span atomic.Int32 }

// mostSkipped bounds how many transactions in a row are not tried.
const mostSkipped = 32

func (g *guesses) try() bool { return g.skip.Add(-1) < 0 }

// would tells whether the next one is tried.
func (g *guesses) would() bool { return g.skip.Load() <= 0 }

func (g *guesses) right() {
	g.skip.Store(0)
	g.span.Store(0)
}

func (g *guesses) wrong() {
	span := min(mostSkipped, max(1, 2*g.span.Load()))
	g.span.Store(span)
	g.skip.Store(span)
}

// direct tries the shortcut for a transaction, or for several as one. done means that they are.
func (e *Engine) direct(ctx context.Context, group []*member) (done bool, _ *source.Failure) {
	writer, ok := e.src.(source.Direct)
	if !ok {
		return false, nil
	}
	op, tab := group[0].t.Operations[0].Op, group[0].targets[0].table
	for _, m := range group {
		if m.alone || m.ids.repeats() || !m.uniform(op, tab) {
			return false, nil
		}
	}
	guesses := tab.guesses(op)
	if guesses == nil || !guesses.try() {
		return false, nil
	}
	w, ok := e.guess(group)
	if !ok {
		return false, nil
	}
	crash.At(crash.Decided)
	user := group[0].q.user
	done, err := e.write(ctx, writer, source.Session{UserID: user.ID, Claims: user.Claims}, w.changes, w.receipts, w.numbered)
	if !done {
		for _, m := range group {
			e.recents.forget(m.ids)
		}
	}
	switch {
	case err != nil:
		if f := source.FailureOf(err); f.Class != source.Unknown {
			return false, f
		}
		return false, nil // it may be there already: the ordinary way reads it and finds nothing to do
	case !done:
		guesses.wrong()
		return false, nil
	}
	guesses.right()
	for i, m := range group {
		e.recents.wrote(m.ids, w.memories[i])
	}
	e.recovered()
	return true, nil
}

// guessed is what a shortcut would write.
type guessed struct {
	changes  []source.Change
	receipts []source.Receipt
	memories []*memory // nil: not remembered
	numbered bool
}

// guess makes the changes of all, which must be alike. Those of a device whose receipts are not remembered yet go
// the ordinary way: it reads where they stand.
func (e *Engine) guess(group []*member) (w guessed, ok bool) {
	now := e.now() // the same for all: the source writes receipts of one time at less cost
	w.numbered = true
	receipts := 0
	for _, m := range group {
		receipts += m.ids.mostReceipts()
	}
	if receipts > 0 {
		w.receipts = make([]source.Receipt, 0, receipts)
	}
	for _, m := range group {
		memory := e.recents.recall(m.ids, now)
		switch m.ids.strength {
		case strong:
			if memory == nil {
				return w, false
			}
		case weak:
			if w.numbered = false; m.t.Operations[0].Op != Put {
				return w, false // how many receipts a block has must be read with the row
			}
		}
		a := e.attempt(m)
		for i := range a.ops {
			change := a.guess(i)
			if change == nil || len(w.changes) > 0 && !alike(&w.changes[0], change) {
				return w, false
			}
			w.changes = append(w.changes, *change)
		}
		w.receipts = m.ids.appendReceipts(w.receipts, memory, now, nil)
		w.memories = append(w.memories, memory)
	}
	return w, true
}

// guess makes the change of one operation; nil: the row has to be looked at.
func (a *attempt) guess(i int) *source.Change {
	op, r := &a.ops[i], &row{table: a.targets[i].table, id: a.targets[i].id}
	if op.Op == Patch {
		return a.patch(op, r, i)
	}
	if a.create(op, r) != nil {
		return nil // it may be an update, which another rule judges
	}
	return r.change(nil, i)
}

// patch makes the update of a row that is not known.
func (a *attempt) patch(op *Operation, r *row, i int) *source.Change {
	t := r.table
	doc := &value.Object{Members: make([]value.Member, 0, len(members(op.Data)))}
	c := &source.Change{Kind: source.Update, Table: &t.Table, ID: r.id, Doc: doc, Operation: i}
	var names []string
	for _, m := range members(op.Data) {
		f, no := a.column(t, m)
		if no != nil {
			return nil
		}
		if f == nil {
			continue
		}
		if !a.exact(t, f) {
			return nil
		}
		v, _, no := a.coerce(t, f, m.Value, nil, false)
		if no != nil {
			return nil
		}
		doc.Members = append(doc.Members, value.Member{Name: f.path[0], Value: v})
		c.Set = append(c.Set, source.Assignment{Path: f.path, Value: v})
		names = append(names, f.path[0])
		if base, has := a.base(t, f, op.Previous, nil, false); has {
			c.Expect = append(c.Expect, value.Member{Name: f.path[0], Value: base})
		}
	}
	if len(doc.Members) == 0 || t.update == nil || len(op.raw) > mostBlind {
		return nil
	}
	expected, ok := t.update.Expect(a.user, doc, names)
	if !ok {
		return nil
	}
	for _, e := range expected {
		switch a.columns[t][e.Field].Name { // the rule compares by type, the database as text
		case bundle.TypeString, bundle.TypeUUID:
		default:
			return nil
		}
		c.Expect = append(c.Expect, value.Member{Name: e.Field, Value: e.Value})
	}
	return c
}

// mostBlind is the largest operation, in bytes, that is written to a row whose size is not known.
const mostBlind = 64 << 10

// exact fields are simply set, and the client's form of their values says all of it.
func (a *attempt) exact(t *table, f *field) bool {
	if len(f.path) > 1 || !f.guard.Free() || f.policy.Merge.Policy != "" && f.policy.Merge.Policy != bundle.MergeLastWrite {
		return false
	}
	declared := f.declared.Name
	if declared == "" {
		declared = a.columns[t][f.path[0]].Name
	}
	switch declared {
	case bundle.TypeString, bundle.TypeBool, bundle.TypeInt32, bundle.TypeInt64, bundle.TypeUUID:
		return true
	}
	return false
}

// alike reports that one statement can make both changes.
func alike(a, b *source.Change) bool {
	return sameNames(a.Doc.Members, b.Doc.Members) && sameNames(a.Expect, b.Expect)
}

func sameNames(a, b []value.Member) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].Name != b[i].Name {
			return false
		}
	}
	return true
}

// uniform reports a transaction that does the same to different rows of one table.
func (m *member) uniform(op Op, tab *table) bool {
	seen := make(map[string]bool, len(m.targets))
	for i := range m.targets {
		if m.t.Operations[i].Op != op || m.targets[i].no != nil || m.targets[i].table != tab || seen[m.targets[i].text] {
			return false
		}
		seen[m.targets[i].text] = true
	}
	return true
}

// guesses are those about an operation; nil: it is never guessed.
func (t *table) guesses(op Op) *guesses {
	switch {
	case t == nil, t.hooks.commit: // what is to be delivered is written with the row
	case op == Put && t.policy.Deletes != bundle.DeletesTombstone: // a row that is missing may be buried
		return &t.puts
	case op == Patch && (t.policy.OnConflict.Policy == "" || t.policy.OnConflict.Policy == bundle.RowLastWrite):
		return &t.patches
	}
	return nil
}
