package upload

import (
	"context"

	"turnkey/internal/crash"
	"turnkey/runtime/source"
)

// A table with hooks has a shortcut of its own (direct.go has that of tables without). A PUT is mostly of a row that the
// device has just made. So the hooks are asked as if no row were there, before anything is read, and what comes of
// it is one guarded command:
//
//	read ─► hooks ─► write and commit      the ordinary way
//	        hooks ─► write, if all is new  here
//
// If a row is there after all, or a rejection waits, or anybody refuses, nothing has been written, and what the hooks said is void:
// the ordinary way asks them again, with fresh global state and the rows as they are. A hook cannot tell the two ways apart.
// Whatever needs more than rows and receipts (deliveries, what merges left) goes the ordinary way, too, and so does whoever wants ctx.db.

// unreadable gives what is known of a transaction's operations if it may be tried without reading, because its rows are to be new ones
// of one table; nil: it may not.
func (e *Engine) unreadable(m *member) *memory {
	if !m.hooked || m.ids.repeats() || !m.uniform(Put, m.targets[0].table) {
		return nil
	}
	if _, ok := e.src.(source.Direct); !ok {
		return nil
	}
	known := e.recents.recall(m.ids, e.now())
	if known == nil && m.ids.strength == strong {
		return nil // where its receipts stand has to be read
	}
	if guesses := m.targets[0].table.guesses(Put); guesses == nil || !guesses.try() {
		return nil
	}
	if known == nil {
		known = &memory{known: make([]bool, len(m.t.Operations)), expired: -1, fresh: len(m.t.Operations)}
	}
	return known
}

// unread tries that. Unless it is done, nothing is written and the attempt is as it was.
func (a *attempt) unread(ctx context.Context) (v verdict, done bool, err error) {
	guesses := a.targets[0].table.guesses(Put)
	done, failure := a.writeUnread(ctx)
	switch {
	case done:
		guesses.right()
		return verdict{result: result{Status: success}}, true, nil
	case failure != nil:
		return verdict{}, false, failure
	}
	guesses.wrong()
	a.engine.recents.forget(a.ids)
	a.restart()
	return verdict{}, false, nil
}

func (a *attempt) writeUnread(ctx context.Context) (done bool, err error) {
	if e, q := a.engine, a.request; len(a.ops) == 1 && e.deps.Expect != nil { // more take longer to make a call of than a worker stays awake
		if !q.foretold {
			e.deps.Expect(ctx, e.instance)
		}
		q.foretold = false // the next transaction was not
	}
	a.memory, a.remembered = a.blind, a.ids.strength == strong
	a.refs()
	if no, err := a.play(ctx, nil); no != nil || err != nil || a.reborn {
		return false, err
	}
	finish, err := a.finish(ctx)
	if err != nil {
		return false, err
	}
	a.closeHooks() // somebody else may want the worker meanwhile
	for i := range a.changes {
		if a.changes[i].Kind != source.Insert || !alike(&a.changes[0], &a.changes[i]) {
			return false, nil
		}
	}
	if len(a.changes) != len(a.ops) || !finish.Bare() { // some were dropped, or there is more to write
		return false, nil
	}
	crash.At(crash.Decided)
	writer := a.engine.src.(source.Direct)
	done, err = a.engine.write(ctx, writer, source.Session{UserID: a.user.ID, Claims: a.user.Claims}, a.changes, finish.Receipts, a.ids.strength != weak)
	a.engine.prepare() // before the answer is written: a device that has it may come back before a worker is ready
	if f := source.FailureOf(err); f != nil && f.Class == source.Unknown {
		return false, nil // it may be there already: the ordinary way reads it and finds nothing to do
	}
	return done, err
}
