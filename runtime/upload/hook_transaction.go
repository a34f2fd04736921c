package upload

import (
	"context"

	"turnkey/runtime/hook"
	"turnkey/runtime/source"
	"turnkey/runtime/value"
)

// openTransaction shows the whole transaction to hooks/_transaction.ts, which may refuse it. What no row could make right is
// refused before. Rows are shown as they are stored, also to the operations that follow others on the same row.
func (a *attempt) openTransaction(ctx context.Context, tx source.Tx) (*Refusal, error) {
	if !a.hooks.program.transaction.transaction {
		return nil, nil
	}
	writes := make([]hook.Write, 0, len(a.ops))
	for i := range a.ops {
		if a.memory.known[i] {
			continue
		}
		a.at = i
		op, r := &a.ops[i], a.rowOf[i]
		values, no := a.shown(op, r)
		if no != nil {
			return no.at(i, op), nil
		}
		writes = append(writes, a.hookWrite(op, r, values))
	}
	call, err := hook.CallBeforeTransaction(a.moment(-1, hook.BeforeTransaction), writes)
	if err != nil {
		return unshowable(hook.BeforeTransaction, err), nil
	}
	a.hooks.serves = true // nothing has been done yet
	of := []asked{{-1, call}}
	outcomes, err := a.call(ctx, tx, of)
	if err != nil {
		return nil, err
	}
	if !outcomes[0].Succeeded() {
		return a.unsuccessful(of[0], &outcomes[0]), nil
	}
	return a.keepEffects(of[0], &outcomes[0]), nil
}

// shown are an operation's values, typed, as a row.
func (a *attempt) shown(op *Operation, r *row) (*value.Object, *Refusal) {
	out := &value.Object{}
	for _, m := range members(op.Data) {
		f, no := a.column(r.table, m)
		if no != nil {
			return nil, no
		}
		if f == nil {
			continue
		}
		old, has := at(r.now, f.path)
		v, _, no := a.coerce(r.table, f, m.Value, old, has)
		if no != nil {
			return nil, no
		}
		if !put(out, f.path, v, a.plan.database) {
			return nil, blocked(f)
		}
	}
	return out, nil
}
