package child

import (
	"errors"
	"io"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// roam gives every thread of this process the processors that are its own once it is ready; those that are made later have what
// their makers have. Nobody lists threads (/proc/PID/task leaves entries behind for which this process's reaper would have to wait): they are
// numbered upwards from the first, in a namespace of its own without a gap, elsewhere with a few.
func roam(cpus []int, status *os.File) error {
	var want unix.CPUSet
	for _, cpu := range cpus {
		want.Set(cpu)
	}
	for range passes {
		moved, err := move(&want, status)
		if err != nil || moved == 0 {
			return err
		}
	}
	return nil
}

const (
	passes = 10     // until nobody is left who was made meanwhile by one that had not been moved
	gap    = 10_000 // numbers of others among our threads'
)

var errThreads = errors.New("not all threads were found")

// move gives processors to those threads that have others.
func move(want *unix.CPUSet, status *os.File) (moved int, err error) {
	left, err := threads(status)
	if err != nil {
		return 0, err
	}
	self := os.Getpid()
	for tid := self; left > 0 && tid < self+gap; tid++ {
		if unix.Tgkill(self, tid, 0) != nil { // not one of us
			continue
		}
		left--
		var has unix.CPUSet
		if err := unix.SchedGetaffinity(tid, &has); err != nil {
			return moved, err
		} else if has == *want {
			continue
		}
		if err := unix.SchedSetaffinity(tid, want); err != nil {
			return moved, err
		}
		moved++
	}
	if left > 0 {
		return moved, errThreads
	}
	return moved, nil
}

// threads is how many this process has, as its status tells, which was opened when there was still a file to open.
func threads(status *os.File) (int, error) {
	raw := make([]byte, 8192)
	n, err := status.ReadAt(raw, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(raw[:n]), "\nThreads:")
	line, _, _ := strings.Cut(rest, "\n")
	return strconv.Atoi(strings.TrimSpace(line))
}
