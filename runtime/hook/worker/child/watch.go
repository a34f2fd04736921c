package child

import (
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"turnkey/runtime/hook/worker/wire"
)

// insist is how often an engine that has not stopped is told again.
const insist = 20 * time.Millisecond

// watch interrupts a call that has used its processor time, or half of it and far more time than that, and ends the
// process when the runtime should have done so long ago. Time spent waiting for answers is not counted.
type watch struct {
	interrupt func()

	mu      sync.Mutex
	active  bool
	late    bool
	limits  wire.Limits
	started time.Time
	cpu     time.Duration // used before this call
	waited  time.Duration
	waiting time.Time // since; zero while computing
	soft    *time.Timer
	exit    *time.Timer
}

func newWatch(interrupt func()) *watch {
	w := &watch{interrupt: interrupt}
	w.soft = time.AfterFunc(time.Hour, w.check)
	w.exit = time.AfterFunc(time.Hour, w.end)
	w.soft.Stop()
	w.exit.Stop()
	return w
}

func (w *watch) start(limits wire.Limits) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.active, w.late, w.limits, w.waited, w.waiting = true, false, limits, 0, time.Time{}
	w.started, w.cpu = time.Now(), used()
	w.soft.Reset(limits.CPU)
	w.exit.Reset(limits.Exit)
}

// stop ends the call's limits; it reports whether the call was interrupted.
func (w *watch) stop() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.active = false
	w.soft.Stop()
	w.exit.Stop()
	return w.late
}

func (w *watch) pause() {
	w.mu.Lock()
	w.waiting = time.Now()
	w.mu.Unlock()
}

func (w *watch) resume() {
	w.mu.Lock()
	w.waited += time.Since(w.waiting)
	w.waiting = time.Time{}
	w.mu.Unlock()
}

func (w *watch) check() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.active { // it ended while the timer fired
		return
	}
	wall := time.Since(w.started) - w.waited
	if !w.waiting.IsZero() {
		wall -= time.Since(w.waiting)
	}
	spent := used() - w.cpu
	left := w.limits.CPU - spent
	if spent >= w.limits.CPU/2 { // before that it may only have waited for a processor
		left = min(left, w.limits.Wall-wall)
	}
	if left > 0 {
		w.soft.Reset(max(left, time.Millisecond))
		return
	}
	w.late = true
	w.interrupt()
	w.soft.Reset(insist)
}

func (w *watch) end() {
	w.mu.Lock()
	active := w.active
	w.mu.Unlock()
	if active {
		os.Exit(3)
	}
}

// used is the processor time of this process.
func used() time.Duration {
	var u unix.Rusage
	if unix.Getrusage(unix.RUSAGE_SELF, &u) != nil {
		return 0 // then the wall clock decides alone
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
