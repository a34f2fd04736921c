package engine_test

import (
	"testing"
	"time"

	"turnkey/runtime/hook"
)

// TestProcessorTimeCounts: a loop on a busy machine, which uses a part of the time that passes, is interrupted later
// than by the clock on the wall; but not much later once it has used half.
func TestProcessorTimeCounts(t *testing.T) {
	const limit = 100 * time.Millisecond
	for _, c := range []struct {
		name   string
		share  int // of each hundred that pass, used
		sooner time.Duration
		later  time.Duration
	}{
		{"all of it", 100, limit, limit},
		{"half", 50, 5 * limit / 4, 5 * limit / 4},
		{"a quarter", 25, 2 * limit, 2 * limit},
	} {
		b := newBench(t, "hooks/todos.ts", hookWith("beforeWrite", "for (;;) {}"))
		b.limits.TimeMS = int(limit / time.Millisecond)
		took := time.Hour
		for try := 0; took > c.later+time.Second && try < 5; try++ { // a machine may stand still
			began := time.Now()
			b.engine.Meter(func() time.Duration { return time.Since(began) * time.Duration(c.share) / 100 })
			o := b.write(`{}`)
			took = time.Since(began)
			if o.Failure == nil || o.Failure.Class != hook.ClassTimeout {
				t.Errorf("%s: %+v", c.name, o)
			}
			if took < c.sooner-5*time.Millisecond {
				t.Errorf("%s: interrupted after %s, want %s", c.name, took, c.sooner)
			}
		}
		if took > c.later+time.Second {
			t.Errorf("%s: interrupted after %s, want about %s", c.name, took, c.later)
		}
	}
}
