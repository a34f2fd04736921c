//go:build linux && !cgo

package main

import (
	"runtime"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

// TestTimersOfAllThreadsMayBeLate: not only the thread that asked, and those made later too.
func TestTimersOfAllThreadsMayBeLate(t *testing.T) {
	if err := slacken(); err != nil {
		t.Fatal(err)
	}
	const threads = 20
	var all, held sync.WaitGroup
	held.Add(threads)
	for range threads {
		all.Go(func() {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			slack, err := unix.PrctlRetInt(unix.PR_GET_TIMERSLACK, 0, 0, 0, 0)
			if err != nil || int64(slack) != timerSlack.Nanoseconds() {
				t.Errorf("a thread's timers may be %d ns late (%v), want %d", slack, err, timerSlack.Nanoseconds())
			}
			held.Done()
			held.Wait() // each on a thread of its own
		})
	}
	all.Wait()
}
