package engine

import (
	"slices"
	"time"

	"github.com/dop251/goja"
)

// timer is one setTimeout or setInterval. Due is counted from when it was set; the clock that user code
// sees stands still.
type timer struct {
	id     int64
	due    time.Time
	every  time.Duration
	repeat bool
	fn     goja.Callable
}

// timers are those of one call.
type timers struct {
	list []timer
	last int64
}

// maxTimers bounds what one call may wait for at a time.
const maxTimers = 1000

func (t *timers) empty() bool { return len(t.list) == 0 }

func (t *timers) set(fn goja.Callable, after time.Duration, repeat bool) (int64, bool) {
	if len(t.list) >= maxTimers {
		return 0, false
	}
	t.last++
	t.list = append(t.list, timer{id: t.last, due: time.Now().Add(after), every: after, repeat: repeat, fn: fn})
	return t.last, true
}

func (t *timers) clear(id int64) {
	t.list = slices.DeleteFunc(t.list, func(x timer) bool { return x.id == id })
}

// next waits for the earliest timer and runs it. One that is due after the time is used up is not waited for.
func (t *timers) next(w *watch) error {
	first := 0
	for i := range t.list {
		if t.list[i].due.Before(t.list[first].due) {
			first = i
		}
	}
	x := t.list[first]
	if wait := time.Until(x.due); wait > 0 {
		if wait >= w.remaining() {
			return errTime
		}
		<-time.After(wait)
	}
	if x.repeat {
		t.list[first].due = x.due.Add(max(x.every, time.Millisecond))
	} else {
		t.list = slices.Delete(t.list, first, first+1)
	}
	_, err := x.fn(nil)
	return err
}
