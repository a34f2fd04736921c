package engine

import (
	"errors"
	"sync"
	"time"

	"github.com/dop251/goja"
)

// The reasons for which a VM is interrupted.
var (
	errTime  = errors.New("time is used up")
	errAbort = errors.New("the host gave up")
)

// watch interrupts a VM when the time for computing is used up. It stands still while the host is asked. Where
// processor time is told, that is what counts, and the wall clock only (a quarter more) when half of it is used: on a busy
// machine a hook is slow, and not at fault.
type watch struct {
	used  func() time.Duration // of processor time; nil: not told
	from  time.Duration        // used when the Run began
	limit time.Duration
	extra time.Duration // by the wall clock, so far

	mu      sync.Mutex
	vm      *goja.Runtime // nil: nothing runs that could be interrupted
	left    time.Duration
	since   time.Time
	timer   *time.Timer
	running bool
	waited  time.Duration // for the host
}

func newWatch(limit time.Duration) *watch { return &watch{limit: limit, left: limit} }

// watch makes one that counts as the engine does.
func (e *Engine) watch(limit time.Duration) *watch {
	w := newWatch(limit)
	if e.used != nil {
		w.used, w.from = e.used, e.used()
	}
	return w
}

// start lets the time run against the VM.
func (w *watch) start(vm *goja.Runtime) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.vm, w.since, w.running = vm, time.Now(), true
	if w.timer == nil {
		w.timer = time.AfterFunc(max(w.left, 0), w.ring)
	} else {
		w.timer.Reset(max(w.left, 0))
	}
}

// stop ends that: when it returns, the VM will not be interrupted any more.
func (w *watch) stop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.running {
		w.timer.Stop()
		w.left -= time.Since(w.since)
		w.running = false
	}
	w.vm.ClearInterrupt()
}

// ring is the timer's. A late one (the timer was stopped or set anew meanwhile) finds time left.
func (w *watch) ring() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.running || time.Since(w.since) < w.left {
		return
	}
	if w.used != nil {
		spent := w.used() - w.from
		more := w.limit - spent
		if spent >= w.limit/2 {
			more = min(more, w.limit/4-w.extra)
		}
		if more > 0 {
			more = max(more, time.Millisecond)
			w.extra += more
			w.left += more
			w.timer.Reset(w.left - time.Since(w.since))
			return
		}
	}
	w.vm.Interrupt(errTime)
}

// pause lets the host work without counting; it returns what ends the pause.
func (w *watch) pause() func() {
	began := time.Now()
	w.mu.Lock()
	w.timer.Stop()
	w.left -= began.Sub(w.since)
	w.running = false
	w.mu.Unlock()
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		now := time.Now()
		w.waited += now.Sub(began)
		w.since, w.running = now, true
		w.timer.Reset(max(w.left, 0))
	}
}

// remaining is the time that is left now.
func (w *watch) remaining() time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.running {
		return w.left
	}
	return w.left - time.Since(w.since)
}

// end stops the timer for good; the runtime's timer has no goroutine to wait for.
func (w *watch) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.running = false
	if w.timer != nil {
		w.timer.Stop()
	}
}
