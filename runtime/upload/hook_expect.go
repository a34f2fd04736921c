package upload

import (
	"context"
	"sync/atomic"
)

// habit remembers whether the last upload asked a hook without reading first. Devices mostly do what they did last: so the worker is told when
// the next one arrives, and wakes while that is read and decided. Where it is otherwise, it stays awake for nothing for a moment, or is told late.
type habit struct{ asks atomic.Bool }

func (h *habit) learn(q *request) {
	if h.asks.Load() != q.asked {
		h.asks.Store(q.asked)
	}
}

// expect tells that a hook will be called in a moment, if there is somebody to tell.
func (e *Engine) expect(ctx context.Context) bool {
	if e.deps.Expect == nil {
		return false
	}
	e.deps.Expect(ctx, e.instance)
	return true
}
