package upload

import (
	"context"
	"time"

	"turnkey/runtime/value"
)

// What a shadow may cost the process that serves.
const (
	// shadowQueue and shadowHeld bound what waits for its rehearsal, in transactions and in bytes.
	shadowQueue = 256
	shadowHeld  = 16 << 20
	// shadowBytes bounds the text of a transaction that is kept, and shadowRows what its rows weigh.
	shadowBytes = 256 << 10
	shadowRows  = 1 << 20
	// shadowRest is how long a shadow rests after each rehearsal, in times of what that took: it has a quarter of the
	// time of one goroutine.
	shadowRest = 3
)

// room reports whether one more transaction may be chosen. One that has none is counted before it goes the plain way for
// nothing: what writes pay for a shadow is bounded by what it gets done.
func (s *Shadow) room() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.queue) < shadowQueue && s.held < shadowHeld {
		return true
	}
	s.report.Dropped++
	return false
}

// rest waits after a rehearsal.
func (s *Shadow) rest(ctx context.Context, took time.Duration) {
	if took <= 0 {
		return
	}
	timer := time.NewTimer(shadowRest * took)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// weight of what is kept of a transaction; false: it is more than a shadow keeps.
func (x *shadowed) weight() (int, bool) {
	left := shadowRows
	for i := range x.rows {
		for _, row := range []*value.Object{x.rows[i].old, x.rows[i].now} {
			if row == nil {
				continue
			}
			if left -= weigh(row, left); left < 0 {
				return 0, false
			}
		}
	}
	return len(x.t.Raw) + shadowRows - left, true
}

// weigh adds up roughly what a value takes in memory. It stops when that is more than most.
func weigh(v value.Value, most int) int {
	const each = 32 // for a member or an element, whatever it is
	switch v := v.(type) {
	case string:
		return each + len(v)
	case []byte:
		return each + len(v)
	case value.JSON:
		return each + len(v)
	case value.Array:
		sum := each
		for i := 0; i < len(v) && sum <= most; i++ {
			sum += weigh(v[i], most-sum)
		}
		return sum
	case *value.Object:
		sum := each
		for i := 0; v != nil && i < len(v.Members) && sum <= most; i++ {
			sum += len(v.Members[i].Name) + weigh(v.Members[i].Value, most-sum)
		}
		return sum
	}
	return each
}
