package child

import (
	"time"

	"golang.org/x/sys/unix"
)

// quiet waits for something to read; it reports that nothing came in time.
func (c conn) quiet(wait time.Duration) bool {
	fds := []unix.PollFd{{Fd: int32(c), Events: unix.POLLIN}}
	timeout := unix.NsecToTimespec(wait.Nanoseconds())
	n, err := unix.Ppoll(fds, &timeout, nil)
	return err == nil && n == 0
}
