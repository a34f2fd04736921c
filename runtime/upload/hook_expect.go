package upload

import "context"

// foretell tells that a hook will be called in a moment if an upload begins with what is tried without reading: one row of a table with hooks,
// which may be new. What is left to do until then takes about as long as a worker takes to wake. It may be wrong: then a worker stays awake
// for nothing, for a moment.
func (e *Engine) foretell(ctx context.Context, up *Upload) (told bool) {
	if e.deps.Expect == nil || e.plan.program == nil || len(up.Transactions) == 0 {
		return false
	}
	ops := up.Transactions[0].Operations
	if len(ops) != 1 || ops[0].Op != Put {
		return false
	}
	t := e.plan.tables[ops[0].Table]
	if guesses := t.guesses(Put); guesses == nil || !t.hooks.inside() || !guesses.would() {
		return false
	}
	e.deps.Expect(ctx, e.instance)
	return true
}
