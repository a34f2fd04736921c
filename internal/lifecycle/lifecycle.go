// Package lifecycle gives every goroutine an owner that waits for it. It must not know what the
// goroutines do.
package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
)

// Group runs named background tasks and waits for all of them in Stop. The zero value is not
// usable; call NewGroup. A task that returns an error before Stop is reported to the log and, once,
// to Failed: the owner decides whether that ends the program.
type Group struct {
	log    *slog.Logger
	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup
	failed chan error

	mu      sync.Mutex
	stopped bool
}

// NewGroup makes a group whose tasks end when parent does, or at Stop.
func NewGroup(parent context.Context, log *slog.Logger) *Group {
	ctx, cancel := context.WithCancel(parent)
	return &Group{log: log, ctx: ctx, cancel: cancel, failed: make(chan error, 1)}
}

// Go starts a task. The context that it gets ends at Stop. After Stop it does nothing and returns
// false.
func (g *Group) Go(name string, task func(ctx context.Context) error) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.stopped {
		return false
	}
	g.wg.Add(1)
	go func() {
		defer g.wg.Done()
		err := task(g.ctx)
		if err == nil || (g.ctx.Err() != nil && errors.Is(err, context.Canceled)) {
			return
		}
		g.log.Error("background task ended", "task", name, "error", err)
		select {
		case g.failed <- fmt.Errorf("%s: %w", name, err):
		default: // one report is enough to act on; the log has the rest
		}
	}()
	return true
}

// Failed gives the first error of a task.
func (g *Group) Failed() <-chan error { return g.failed }

// Stop cancels every task and waits until all have returned. It may be called more than once, also
// at the same time; each call returns only when everything has ended.
func (g *Group) Stop() {
	g.mu.Lock()
	g.stopped = true
	g.mu.Unlock()
	g.cancel()
	g.wg.Wait()
}
