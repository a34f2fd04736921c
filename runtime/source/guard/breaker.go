package guard

import (
	"sync"
	"time"
)

const (
	trip  = 3 // failures in a row that open it
	first = time.Second
	most  = 30 * time.Second
)

// State of a breaker.
type State string

// The states.
const (
	Closed   State = "closed"
	Open     State = "open"
	HalfOpen State = "half_open"
)

// Status is what a breaker knows.
type Status struct {
	State    State     `json:"state"`
	Failures int       `json:"failures_in_a_row"`
	Code     string    `json:"code,omitempty"` // of the last failure
	RetryAt  time.Time `json:"retry_at"`
}

// breaker decides whether a call may go to the source. Safe for concurrent use.
type breaker struct {
	now    func() time.Time
	random func() float64

	mu       sync.Mutex
	failures int
	code     string
	opened   bool          // open or half-open
	until    time.Time     // when open: half-open from then
	span     time.Duration // how long it was open the last time
	probing  bool
}

// allow reports whether a call may go; probe is true for the one that goes while half-open. Whoever
// is allowed calls settle.
func (b *breaker) allow() (allowed, probe bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.opened {
		return true, false
	}
	if b.probing || b.now().Before(b.until) {
		return false, false
	}
	b.probing = true
	return true, true
}

// settle takes in what a call has said about the source. Calls that were under way when the breaker
// opened can close it, but do not make it stay open longer.
func (b *breaker) settle(probe bool, v verdict, code string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if probe {
		b.probing = false
	}
	switch v {
	case answered:
		b.failures, b.opened, b.span, b.code = 0, false, 0, ""
	case silent:
		b.failures++
		b.code = code
		if b.opened && !probe || b.failures < trip {
			return
		}
		b.opened = true
		b.span = min(max(2*b.span, first), most)
		b.until = b.now().Add(time.Duration(float64(b.span) * (0.75 + b.random()/2)))
	}
}

// status tells; suspended is how long calls are refused from now, at least one second while a probe
// is under way, 0 when they are not.
func (b *breaker) status() (s Status, suspended time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	s = Status{State: Closed, Failures: b.failures, Code: b.code}
	if !b.opened {
		return s, 0
	}
	s.RetryAt = b.until
	if left := b.until.Sub(b.now()); left > 0 {
		s.State = Open
		return s, max(left, time.Second)
	}
	s.State = HalfOpen
	if b.probing {
		return s, time.Second
	}
	return s, 0
}
