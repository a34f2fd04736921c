package main

import (
	"context"
	"log/slog"
	"time"

	"turnkey/internal/clock"
	"turnkey/runtime/hook/engine"
	"turnkey/runtime/hook/worker"
	"turnkey/runtime/hook/worker/child"
)

// sandbox are the settings of the processes that run users' code.
type sandbox struct {
	RequireSandbox []string `help:"Do not start unless hooks are isolated by these layers: seccomp, memory, namespaces, landlock, chroot, capabilities, no_new_privs, not_dumpable, user, limits, priority; or all of these; or processors: long runs and starts are kept to half of them."`
	HookWorkers    int      `default:"64" help:"Processes that run hooks, at most; an instance that needs one more takes the place of what has been idle for longest. About 8 MB each."`
}

// open makes the pool of workers. It starts none before a hook needs one, unless layers are required: then
// one shows what it has.
func (s sandbox) open(ctx context.Context, log *slog.Logger) (*worker.Pool, error) {
	pool, err := worker.New(worker.Options{Sizes: worker.Sizes{Workers: max(1, s.HookWorkers)}, Now: clock.Now, Log: log})
	if err != nil || len(s.RequireSandbox) == 0 {
		return pool, err
	}
	if err := pool.Require(ctx, s.RequireSandbox...); err != nil {
		pool.Close()
		return nil, err
	}
	layers, err := pool.Layers(ctx)
	if err != nil {
		pool.Close()
		return nil, err
	}
	log.Info("hooks are isolated", "layers", layers.String())
	return pool, nil
}

// sandboxWorker is the life of a process that was started to run users' code.
func sandboxWorker() int { return child.Main(child.ForEngine(engine.New(time.Now))) }
