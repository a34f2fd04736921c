package upload

import (
	"context"
	"time"

	"turnkey/internal/fault"
	"turnkey/runtime/bundle"
	"turnkey/runtime/hook"
)

// Hooks are the workers that run users' code. Package worker has the real ones.
type Hooks interface {
	// Session leases one for a transaction of the instance.
	Session(ctx context.Context, instance string, program *hook.Program) (HookSession, error)
}

// HookSession is one transaction's use of a worker. Close is always due.
type HookSession interface {
	// Do makes calls; host answers what they ask meanwhile, and its error gives them up. An error is a *worker.Failure
	// or the host's own.
	Do(ctx context.Context, run *hook.Run, host HookHost) (*hook.Ran, error)
	Close()
}

// HookHost answers what users' code asks of the runtime.
type HookHost = func(ctx context.Context, call *hook.HostCall) (hook.HostResult, error)

// program is a deployment's hooks with their settings; nil: there are none.
type program struct {
	*hook.Program
	hooks       Hooks
	env         map[string]string
	timeout     time.Duration
	retry       bool // what fails is held back, not refused
	outboxes    map[string]bundle.Outbox
	transaction hookedTable // hooks/_transaction.ts
}

// hookedTable says which functions there are for a table's rows.
type hookedTable struct {
	transaction                    bool
	before, resolve, after, commit bool
	strict                         *strictness
}

// inside reports functions that run in the transaction.
func (h *hookedTable) inside() bool { return h.before || h.resolve || h.after || h.transaction }

const defaultHookTimeout = 200 * time.Millisecond

// compileHooks adds a bundle's program to its plan.
func (p *plan) compileHooks(b *bundle.Bundle, hooks Hooks) error {
	if b.Program == nil {
		return nil
	}
	if hooks == nil {
		return fault.New(fault.Invalid, "bundle_hooks", "The deployment has hooks, and this runtime has no workers to run them.")
	}
	c := &b.Config.Hooks
	p.program = &program{Program: b.Program, hooks: hooks, env: make(map[string]string, len(c.Env)), timeout: c.Timeout, retry: c.OnError == bundle.HookRetry,
		outboxes: b.Config.Outbox}
	if p.program.timeout <= 0 {
		p.program.timeout = defaultHookTimeout
	}
	for name, ref := range c.Env {
		if secret, ok := b.Secrets[ref.Secret]; ok { // else it is undefined; deploying has said so
			p.program.env[name] = secret.Reveal()
		}
	}
	p.program.transaction = hookedTable{transaction: b.Program.Has("_transaction", hook.BeforeTransaction), strict: &strictness{}}
	for _, t := range p.tables {
		t.hooks = hookedTable{
			before: b.Program.Has(t.Name, hook.BeforeWrite), resolve: decidesByHook(t) && b.Program.Has(t.Name, hook.ResolveConflict),
			after: b.Program.Has(t.Name, hook.AfterWrite), commit: b.Program.Has(t.Name, hook.AfterCommit), strict: &strictness{},
		}
	}
	return nil
}

// decidesByHook reports a policy that asks resolveConflict.
func decidesByHook(t *table) bool {
	if t.policy.OnConflict.Policy == bundle.RowHook {
		return true
	}
	for _, f := range t.fields {
		if f.policy.Merge.Policy == bundle.MergeHook {
			return true
		}
	}
	return false
}

// withoutHook refuses a policy that asks a function which the program does not have.
func (p *plan) withoutHook() error {
	for name, t := range p.tables {
		if decidesByHook(t) && !t.hooks.resolve {
			return fault.New(fault.Invalid, "bundle_policy", "The table "+name+" has a conflict policy that asks resolveConflict of hooks/"+name+", and there is no such function.")
		}
	}
	return nil
}
