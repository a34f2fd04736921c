package main

import (
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// timerSlack is by how much this process's timers may be late. The watchdog of Go's runtime sleeps for 20 us at a time while anything
// runs, and the kernel adds 50 us to that; where uploads come one by one it takes a fifth of the processor that they cost.
const timerSlack = 200 * time.Microsecond

// slacken sets it for every thread; those that are made later have what their maker has. A build with cgo cannot, and does without.
func slacken() error {
	if _, _, errno := syscall.AllThreadsSyscall(unix.SYS_PRCTL, unix.PR_SET_TIMERSLACK, uintptr(timerSlack.Nanoseconds()), 0); errno != 0 {
		return errno
	}
	return nil
}
