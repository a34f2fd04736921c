//go:build !linux

package child

import (
	"time"

	"golang.org/x/sys/unix"
)

// quiet waits for something to read, in whole milliseconds; it reports that nothing came in time.
func (c conn) quiet(wait time.Duration) bool {
	fds := []unix.PollFd{{Fd: int32(c), Events: unix.POLLIN}}
	n, err := unix.Poll(fds, int((wait+time.Millisecond-1)/time.Millisecond))
	return err == nil && n == 0
}
