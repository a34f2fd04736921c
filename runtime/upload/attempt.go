package upload

import (
	"context"
	"slices"

	"turnkey/internal/crash"
	"turnkey/runtime/bundle"
	"turnkey/runtime/hook"
	"turnkey/runtime/rule"
	"turnkey/runtime/source"
	"turnkey/runtime/telemetry"
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
	// blind is what is known of the operations, if they are tried without reading first.
	blind *memory

	memory *memory
	// remembered: what is known of the operations was not read, and only a commit can prove it.
	remembered bool
	rejected   rejectedRows // nil: no rejection waits for any of the rows
	rows       map[rowKey]*row
	order      []*row // by first appearance
	rowOf      []*row // by operation; nil where the target is none
	changes    []source.Change
	reborn     bool // play has met a row that is deleted and created again
	weighed    weighed

	hooks    *hooking // nil: none run inside this transaction
	effects  []effect
	seed     string // of what is random in hooks
	sent     bool   // something was written before the commit
	dbWrites int    // by ctx.db
	byCode   byCode // what those leave
	waits    bool   // some rejection waits in the database
	seen     *hook.User

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
	if err := a.takePlace(ctx); err != nil {
		return verdict{}, err
	}
	defer a.closeHooks()
	if a.blind != nil {
		if v, done, err := a.unread(ctx); done || err != nil {
			return v, err
		}
		if err := a.takePlace(ctx); err != nil { // given back before it wrote
			return verdict{}, err
		}
	}
	tx, err := a.engine.begin(ctx, source.Session{UserID: a.user.ID, Claims: a.user.Claims})
	if err != nil {
		return verdict{}, err
	}
	defer tx.Rollback(ctx)
	if err := a.read(ctx, tx); err != nil {
		return verdict{}, err
	}
	if v, over := a.told(); over {
		return v, nil
	}
	if a.hooks != nil {
		if no, err := a.openTransaction(ctx, tx); no != nil || err != nil {
			return a.refused(no), err
		}
		a.strict = a.strict || a.dbWrites > 0 // the rows are not as they were read
	}
	if a.strict {
		return a.oneByOne(ctx, tx)
	}
	if no, err := a.play(ctx, tx); no != nil || err != nil {
		return a.refused(no), err
	}
	if a.reborn {
		return a.again(ctx, tx)
	}
	return a.commit(ctx, tx)
}

// told ends a transaction for which no row needs to be looked at: all of it is known, or no row could make
// it right.
func (a *attempt) told() (v verdict, over bool) {
	if a.memory.fresh == 0 && a.replay == nil {
		return verdict{result: retold(a.memory.worst), known: true}, true
	}
	no := a.unfit()
	return verdict{no: no}, no != nil
}

// play carries the operations out on the rows as read, and collects the changes. It stops at a row that
// is reborn: to delete and create it again in one change would lose the deletion's own effects.
func (a *attempt) play(ctx context.Context, tx source.Tx) (*Refusal, error) {
	each := a.playEach
	if a.hooks != nil {
		each = a.playFrames
	}
	if no, err := each(ctx, tx); no != nil || err != nil || a.reborn {
		return no, err
	}
	if a.undecided != nil {
		return a.undecided, nil
	}
	for _, r := range a.order {
		if c := r.change(r.stored, r.last); c != nil {
			a.changes = append(a.changes, *c)
		}
	}
	return nil, nil
}

// playEach carries the operations out one by one.
func (a *attempt) playEach(ctx context.Context, tx source.Tx) (*Refusal, error) {
	for i := range a.ops {
		if a.memory.known[i] {
			continue
		}
		was := a.rowOf[i].now
		if no, err := a.carryOut(ctx, tx, i); no != nil || err != nil {
			return no.at(i, &a.ops[i]), err
		}
		if a.played(i); a.reborn {
			return nil, nil
		}
		if no := a.commits(i, was); no != nil {
			return no, nil
		}
	}
	return nil, nil
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

// commit sends the changes with the receipts.
func (a *attempt) commit(ctx context.Context, tx source.Tx) (verdict, error) {
	a.closeHooks() // somebody else may want the worker meanwhile
	finish, err := a.finish(ctx)
	if err != nil {
		return verdict{}, err
	}
	v := verdict{result: retold(a.memory.worst), counts: a.counts}
	if !a.sent && a.nothing(finish) {
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
	f := &source.Finish{Conflicts: a.recorded, Tombstones: a.tombstones(), Traces: a.traces(), Deliveries: a.deliveries(), Notes: a.allNotes()}
	if a.replay != nil {
		f.Settle, f.Close = a.replay.settlements(a.engine.now()), a.replay.closings()
	} else {
		f.Receipts = a.ids.receipts(a.memory, a.engine.now(), nil)
	}
	if a.rejected == nil {
		return f, nil
	}
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
	a.restart()
	a.strict = true
	return a.run(ctx)
}

// restart forgets all that came of the operations so far.
func (a *attempt) restart() {
	a.blind, a.reborn, a.rows, a.order, a.memory, a.remembered = nil, false, nil, nil, nil, false
	a.changes, a.marks, a.recorded, a.counts, a.undecided = nil, nil, nil, nil, nil
	a.effects, a.sent, a.dbWrites, a.byCode = nil, false, 0, byCode{}
	a.hooks.restart()
}

// oneByOne applies every operation by itself, so that the database's checks see the client's order
// and its refusal names the operation.
func (a *attempt) oneByOne(ctx context.Context, tx source.Tx) (verdict, error) {
	for i := range a.ops {
		if a.memory.known[i] {
			continue
		}
		no, err := a.one(ctx, tx, i)
		if no != nil || err != nil {
			return a.refused(no), err
		}
	}
	if a.undecided != nil {
		return a.refused(a.undecided), nil
	}
	a.changes = nil // what fails at commit is no single operation's fault
	return a.commit(ctx, tx)
}

// one carries out one operation, with its hooks, and sends it.
func (a *attempt) one(ctx context.Context, tx source.Tx, i int) (no *Refusal, err error) {
	r := a.rowOf[i]
	was := r.now
	r.touched = nil
	if a.hooks != nil {
		no, err = a.carryFrame(ctx, tx, []int{i})
		was = a.hooks.said[i].row
	} else if no, err = a.carryOut(ctx, tx, i); no == nil && err == nil {
		a.played(i)
	}
	if no != nil || err != nil {
		return no.at(i, &a.ops[i]), err
	}
	if c := r.change(was, i); c != nil {
		a.changes = []source.Change{*c}
		if err := tx.Apply(ctx, a.changes, nil); err != nil {
			f := *source.FailureOf(err)
			f.Change = 0 // the only one
			return nil, &f
		}
		a.sent = true
	}
	if a.hooks != nil {
		return a.tellWritten(ctx, tx, []int{i})
	}
	return a.commits(i, was), nil
}

// refs names every row that the transaction touches, once.
func (a *attempt) refs() []source.Ref {
	a.rows = make(map[rowKey]*row, len(a.ops))
	a.rowOf = make([]*row, len(a.ops))
	refs := make([]source.Ref, 0, len(a.ops))
	for i := range a.ops {
		t := &a.targets[i]
		if t.no != nil {
			continue
		}
		k := rowKey{t.table, t.text}
		if a.rowOf[i] = a.rows[k]; a.rowOf[i] != nil {
			continue
		}
		r := &row{table: t.table, id: t.id, name: source.RowName{TableName: a.ops[i].Table, RowID: t.text}}
		a.rows[k], a.rowOf[i] = r, r
		a.order = append(a.order, r)
		refs = append(refs, source.Ref{Table: &r.table.Table, ID: r.id})
	}
	return refs
}

// claim asks for what is known of the operations, where it is not remembered.
func (a *attempt) claim() *source.Claim {
	if a.replay == nil {
		if a.memory = a.engine.recents.recall(a.ids, a.engine.now()); a.memory != nil {
			a.remembered = true
			return nil
		}
	}
	return a.ids.claim()
}

// learn takes in the rows of refs, and what is known of the operations.
func (a *attempt) learn(found []source.Row, history *source.History) {
	for i, r := range a.order {
		r.stored = found[i].Doc
		r.now = r.stored
	}
	a.waits = history.Rejected
	if a.memory == nil {
		a.memory = a.ids.recall(history, len(a.ops), a.engine.now())
	}
	if a.replay != nil {
		a.memory.forget()
	}
}

// read gets every row that the transaction names, once, and what is known of its operations.
func (a *attempt) read(ctx context.Context, tx source.Tx) error {
	refs := a.refs()
	found, history, err := tx.Read(ctx, refs, a.claim())
	if err != nil {
		return a.impossible(ctx, refs, err)
	}
	a.learn(found, &history)
	if !history.Rejected || a.memory.fresh == 0 {
		return nil
	}
	return a.readRejected(ctx, tx)
}

// impossible names the first operation whose row cannot even be looked for, because no row's key can be what its id says.
func (a *attempt) impossible(ctx context.Context, refs []source.Ref, err error) error {
	f := *source.FailureOf(err)
	if f.Class != source.Refused {
		return err
	}
	for i, r := range a.order {
		if len(refs) > 1 && a.engine.mayLookFor(ctx, a.user, refs[i]) {
			continue
		}
		op := slices.Index(a.rowOf, r)
		a.changes, f.Change = []source.Change{{Table: refs[i].Table, ID: refs[i].ID, Operation: op}}, 0
		return &f
	}
	return err
}

// mayLookFor tries a row by itself.
func (e *Engine) mayLookFor(ctx context.Context, as rule.User, ref source.Ref) bool {
	tx, err := e.src.Begin(ctx, source.Session{UserID: as.ID, Claims: as.Claims})
	if err != nil {
		return true
	}
	defer tx.Rollback(ctx)
	_, _, err = tx.Read(ctx, []source.Ref{ref}, nil)
	f := source.FailureOf(err)
	return f == nil || f.Class != source.Refused
}
