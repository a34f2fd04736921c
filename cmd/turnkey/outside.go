package main

import (
	"context"

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

<<<<<<<< HEAD:cmd/turnkey/hooks.go
type hookWorkers struct{ *worker.Pool }

// Session implements upload.Hooks.
func (w hookWorkers) Session(ctx context.Context, instance string, program *hook.Program) (upload.HookSession, error) {
	s, err := w.Pool.Session(ctx, instance, program)
	if err != nil {
		return nil, err
	}
	return hookSession{s}, nil
========
// killed puts into an instance's log that its hook cost a worker. Of a transaction's hooks the pipeline says it,
// which knows whose it was.
func (p *runtimeParts) killed(k worker.Kill) {
	instance, use, outside := strings.Cut(k.Session, "/")
	where := "afterCommit"
	if use == "auth" {
		where = "resolveUser"
	}
	p.log.Warn("a hook's worker ended", "instance", instance, "use", use, "class", string(k.Class), "how", k.Detail)
	if !outside {
		return
	}
	p.tell(telemetry.Entry{
		Instance: instance, Kind: telemetry.Hook, Level: telemetry.Error, Outcome: telemetry.Fatal, Code: string(k.Class), Message: where + " was killed: " + kills(k) + ".",
	})
>>>>>>>> 8b510c9 (Over HTTP: who a user is, and what strangers are not told; a runtime runs afterCommit):cmd/turnkey/outside.go
}

type hookSession struct{ *worker.Session }

// Do implements upload.HookSession.
func (s hookSession) Do(ctx context.Context, run *hook.Run, host upload.HookHost) (*hook.Ran, error) {
	return s.Session.Do(ctx, run, worker.HostCalls(host))
}
