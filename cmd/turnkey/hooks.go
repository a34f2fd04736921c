package main

import (
	"context"

	"turnkey/runtime/admission"
	"turnkey/runtime/hook"
	"turnkey/runtime/hook/worker"
	"turnkey/runtime/upload"
)

// hooks fits a pool of workers to the pipeline; no pool must be nil, not a nil pointer inside an interface.
func hooks(pool *worker.Pool) upload.Hooks {
	if pool == nil {
		return nil
	}
	return hookWorkers{pool}
}

type hookWorkers struct{ *worker.Pool }

// Session implements upload.Hooks.
func (w hookWorkers) Session(ctx context.Context, instance string, program *hook.Program) (upload.HookSession, error) {
	s, err := w.Pool.Session(ctx, instance, program)
	if err != nil {
		return nil, err
	}
	s.PrepareLater() // the database commits behind the last run, and then the upload is answered
	if admission.Alone(ctx) {
		s.StayAwake()
	}
	return hookSession{s}, nil
}

// expectHook is upload.Deps.Expect: a hook is worth staying awake for while the machine has nothing else to do.
func expectHook(pool *worker.Pool) func(ctx context.Context, instance string) {
	return func(ctx context.Context, instance string) {
		if admission.Alone(ctx) {
			pool.Expect(instance)
		}
	}
}

type hookSession struct{ *worker.Session }

// Do implements upload.HookSession.
func (s hookSession) Do(ctx context.Context, run *hook.Run, host upload.HookHost) (*hook.Ran, error) {
	return s.Session.Do(ctx, run, worker.HostCalls(host))
}
