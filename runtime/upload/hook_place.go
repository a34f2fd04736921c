package upload

import (
	"context"
	"time"

	"golang.org/x/sync/semaphore"

	"turnkey/runtime/hook"
)

// A transaction holds a connection and rows of the database while its hooks run, or wait for a worker. So only so
// many of an instance do at once, fewer than there are connections: where hooks are slow, tables without hooks have
// their connections all the same. Who waits here holds nothing of the database, and a place is given back before
// the commit.
const (
	hookPlaces    = 4
	hookPlaceWait = 5 * time.Second
)

// places are those of an engine.
type places struct{ *semaphore.Weighted }

func newPlaces() places { return places{semaphore.NewWeighted(hookPlaces)} }

// takePlace waits for one, for as long as the attempt calls hooks.
func (a *attempt) takePlace(ctx context.Context) error {
	h := a.hooks
	if h == nil || h.placed {
		return nil
	}
	free := a.engine.places
	if !free.TryAcquire(1) {
		limited, cancel := context.WithTimeout(ctx, hookPlaceWait)
		defer cancel()
		defer a.engine.deps.Idle(ctx)()
		if err := free.Acquire(limited, 1); err != nil {
			return &hookTrouble{asked: asked{operation: -1}, class: hook.ClassUnavailable, message: "Too many writes wait for hooks.", after: hookPlaceWait, err: err}
		}
	}
	h.placed = true
	return nil
}

// closeHooks gives the worker and the place back; nobody calls hooks any more.
func (a *attempt) closeHooks() {
	h := a.hooks
	if h == nil {
		return
	}
	if h.session != nil {
		h.session.Close()
		h.session = nil
	}
	if h.placed {
		a.engine.places.Release(1)
		h.placed = false
	}
}
