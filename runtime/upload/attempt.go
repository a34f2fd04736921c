package upload

import (
	"context"

	"turnkey/internal/crash"
	"turnkey/runtime/bundle"
	"turnkey/runtime/rule"
	"turnkey/runtime/source"
	"turnkey/runtime/telemetry"
	"turnkey/runtime/value"
)

// attempt is one try at one client transaction.
type attempt struct {
	engine  *Engine
	plan    *plan
	user    rule.User
	ops     []Operation
	ids     *identities
	replay  *replaying // nil: an upload
	targets []target
	columns map[*table]map[string]bundle.Type
	// strict sends each operation by itself, in order.
	strict bool

	memory   *memory
	rejected rejectedRows // nil: no rejection waits for any of the rows
	rows     map[rowKey]*row
	order    []*row // by first appearance
	rowOf    []*row // by operation; nil where the target is none
	changes  []source.Change
	weighed  weighed

	request    *request
	at         int // the operation that is applied
	marks      map[source.RowName]source.Mark
	wantsMarks bool
	recorded   []source.ConflictRecord
	counts     []telemetry.TableOperations // only their conflicts
	undecided  *Refusal                    // the first conflict that policy record left to somebody
}

// run reads, decides and applies. An error is a *source.Failure.
func (a *attempt) run(ctx context.Context) (verdict, error) {
	tx, err := a.engine.src.Begin(ctx, source.Session{UserID: a.user.ID, Claims: a.user.Claims})
	if err != nil {
		return verdict{}, err
	}
	defer tx.Rollback(ctx)
	if err := a.read(ctx, tx); err != nil {
		return verdict{}, err
	}
	if a.memory.fresh == 0 && a.replay == nil {
		return verdict{result: retold(a.memory.worst), known: true}, nil
	}
	if no := a.unfit(); no != nil {
		return verdict{no: no}, nil
	}
	if a.strict {
		return a.oneByOne(ctx, tx)
	}
	for i := range a.ops {
		if a.memory.known[i] {
			continue
		}
		r := a.rowOf[i]
		if no, err := a.carryOut(ctx, tx, i); no != nil || err != nil {
			return a.refused(no.at(i, &a.ops[i])), err
		}
		a.note(&a.ops[i], r)
		r.last = i
		if r.reborn { // delete, then create: the net effect would lose the deletion's own effects
			return a.again(ctx, tx)
		}
	}
	if a.undecided != nil {
		return a.refused(a.undecided), nil
	}
	for _, r := range a.order {
		if c := r.change(r.stored, r.last); c != nil {
			a.changes = append(a.changes, *c)
		}
	}
	return a.commit(ctx, tx, false)
}

// unfit refuses new operations that no row could make right.
func (a *attempt) unfit() *Refusal {
	if i := a.memory.expired; i >= 0 {
		return refuse(CodeExpired, "This write arrives after the time for which repeats can be recognised.").
			hint("It may have been applied long ago. Look at the row, then replay or discard the rejection; receipts.ttl sets the time.").at(i, &a.ops[i])
	}
	for i := range a.targets {
		if a.targets[i].no != nil && !a.memory.known[i] {
			return a.targets[i].no
		}
	}
	return nil
}

// commit sends the changes with the receipts; written says that some changes were sent already.
func (a *attempt) commit(ctx context.Context, tx source.Tx, written bool) (verdict, error) {
	finish, err := a.finish(ctx)
	if err != nil {
		return verdict{}, err
	}
	v := verdict{result: retold(a.memory.worst), counts: a.counts}
	if !written && a.nothing(finish) {
		return v, nil
	}
	crash.At(crash.Decided)
	if err := tx.Apply(ctx, a.changes, finish); err != nil {
		return verdict{}, err
	}
	return v, nil
}

func (a *attempt) nothing(f *source.Finish) bool {
	return len(a.changes) == 0 && len(f.Receipts) == 0 && f.Bare()
}

// finish is what commits with the changes.
func (a *attempt) finish(ctx context.Context) (*source.Finish, error) {
	f := &source.Finish{Conflicts: a.recorded, Tombstones: a.tombstones(), Traces: a.traces()}
	if a.replay != nil {
		f.Settle, f.Close = a.replay.settlements(a.engine.now()), a.replay.closings()
	} else {
		f.Receipts = a.ids.receipts(a.memory, a.engine.now(), nil)
	}
	if a.rejected == nil {
		return f, nil
	}
	f.Notes = a.notes()
	if a.replay != nil && a.replay.LeaveNewer {
		return f, nil // what came after it is replayed by itself
	}
	settle, err := a.superseded(ctx)
	f.Settle = append(f.Settle, settle...)
	return f, err
}

// again starts over, one operation at a time.
func (a *attempt) again(ctx context.Context, tx source.Tx) (verdict, error) {
	tx.Rollback(ctx)
	a.strict, a.rows, a.order = true, nil, nil
	a.marks, a.recorded, a.counts, a.undecided = nil, nil, nil, nil
	return a.run(ctx)
}

// oneByOne applies every operation by itself, so that the database's checks see the client's order
// and its refusal names the operation.
func (a *attempt) oneByOne(ctx context.Context, tx source.Tx) (verdict, error) {
	written := false
	for i := range a.ops {
		if a.memory.known[i] {
			continue
		}
		r := a.rowOf[i]
		before := r.now
		r.touched = nil
		if no, err := a.carryOut(ctx, tx, i); no != nil || err != nil {
			return a.refused(no.at(i, &a.ops[i])), err
		}
		a.note(&a.ops[i], r)
		c := r.change(before, i)
		if c == nil {
			continue
		}
		a.changes = []source.Change{*c}
		if err := tx.Apply(ctx, a.changes, nil); err != nil {
			f := *source.FailureOf(err)
			f.Change = 0 // the only one
			return verdict{}, &f
		}
		written = true
	}
	if a.undecided != nil {
		return a.refused(a.undecided), nil
	}
	a.changes = nil // what fails at commit is no single operation's fault
	return a.commit(ctx, tx, written)
}

func (a *attempt) key(i int) rowKey {
	// The id's canonical text: "AB.." and "ab.." of one ObjectId are one row.
	return rowKey{a.targets[i].table, value.FormatID(a.targets[i].id)}
}

// read gets every row that the transaction names, once, and what is known of its operations.
func (a *attempt) read(ctx context.Context, tx source.Tx) error {
	a.rows, a.rowOf = make(map[rowKey]*row, len(a.ops)), make([]*row, len(a.ops))
	refs := make([]source.Ref, 0, len(a.ops))
	for i := range a.ops {
		if a.targets[i].no != nil {
			continue
		}
		k := a.key(i)
		if a.rowOf[i] = a.rows[k]; a.rowOf[i] != nil {
			continue
		}
		r := &row{table: a.targets[i].table, id: a.targets[i].id, name: source.RowName{TableName: a.ops[i].Table, RowID: k.id}}
		a.rows[k], a.rowOf[i] = r, r
		a.order = append(a.order, r)
		refs = append(refs, source.Ref{Table: &r.table.Table, ID: r.id})
	}
	found, history, err := tx.Read(ctx, refs, a.ids.claim())
	if err != nil {
		return err
	}
	for i, r := range a.order {
		r.stored = found[i].Doc
		r.now = r.stored
	}
	a.memory = a.ids.recall(&history, len(a.ops), a.engine.now())
	if a.replay != nil {
		a.memory.forget()
	}
	if !history.Rejected || a.memory.fresh == 0 {
		return nil
	}
	return a.readRejected(ctx, tx)
}
