package worker

import (
	"time"

	"golang.org/x/sys/unix"
)

// cpuOf is the processor time that a process has used, by the kernel's count: the clock of another process is
// named by its id, as clock_getcpuclockid(3) does it. A process that is gone used nothing.
func cpuOf(pid int) (time.Duration, bool) {
	const schedClock = 2
	var t unix.Timespec
	if err := unix.ClockGettime(int32(^uint32(pid)<<3|schedClock), &t); err != nil {
		return 0, false
	}
	return time.Duration(t.Nano()), true
}
