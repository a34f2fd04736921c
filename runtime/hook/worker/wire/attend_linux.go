package wire

import (
	"errors"
	"time"

	"golang.org/x/sys/unix"
)

// Attend waits until a pipe has bytes or has ended, without going to sleep; for so long at most. It tells nothing: whoever reads then will
// see. Whoever else wants this processor gets it: between two looks it is offered to all, which costs little where nobody takes it.
func Attend(fd int, most time.Duration) {
	lies := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	for until := time.Now().Add(most); time.Now().Before(until); {
		if n, err := unix.Poll(lies, 0); n != 0 || err != nil && !errors.Is(err, unix.EINTR) {
			return
		}
		_, _, _ = unix.Syscall(unix.SYS_SCHED_YIELD, 0, 0, 0) // it cannot fail
	}
}
