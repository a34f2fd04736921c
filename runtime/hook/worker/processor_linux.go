package worker

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
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

// delayOf is how long a process has waited for a processor: its most patient thread, because the others mostly
// sleep. Where the kernel does not count, it has not waited.
func delayOf(pid int) (most time.Duration) {
	threads, err := filepath.Glob("/proc/" + strconv.Itoa(pid) + "/task/*/schedstat")
	if err != nil {
		return 0
	}
	for _, path := range threads {
		raw, err := os.ReadFile(path)
		if err != nil {
			continue // the thread has ended
		}
		var ran, waited int64
		if _, err := fmt.Sscan(string(raw), &ran, &waited); err == nil {
			most = max(most, time.Duration(waited))
		}
	}
	return most
}

// prefer sets how readily a worker yields its processor. It has a group of its own, which is how all of its
// threads are meant.
func prefer(pid, nice int) error {
	err := unix.Setpriority(unix.PRIO_PGRP, pid, nice)
	// Since 6.6, whoever has a processor keeps it for a slice of time, though a more urgent one wakes, unless that one's slices are
	// shorter. Kernels that know no slices ignore this; it is a courtesy, so it may fail.
	slice := unix.SchedAttr{Nice: int32(nice)}
	if nice == niceLong {
		slice.Runtime = uint64(100 * time.Millisecond)
	}
	for _, thread := range threadsOf(pid) {
		_ = unix.SchedSetAttr(thread, &slice, 0)
	}
	return err
}

func threadsOf(pid int) (ids []int) {
	list, err := os.ReadDir("/proc/" + strconv.Itoa(pid) + "/task")
	if err != nil {
		return nil // it is gone
	}
	for _, entry := range list {
		if id, err := strconv.Atoi(entry.Name()); err == nil {
			ids = append(ids, id)
		}
	}
	return ids
}

// mayRaise reports whether this process may give a worker its priority back. It tries with a thread, which ends if not.
func mayRaise() bool {
	raised := make(chan bool)
	go func() {
		runtime.LockOSThread()
		self := unix.Gettid()
		raw, err := unix.Getpriority(unix.PRIO_PROCESS, self)
		nice := 20 - raw // that is how the system call tells it
		ok := err == nil && nice < 19 && unix.Setpriority(unix.PRIO_PROCESS, self, nice+1) == nil && unix.Setpriority(unix.PRIO_PROCESS, self, nice) == nil
		if ok {
			runtime.UnlockOSThread()
		}
		raised <- ok
	}()
	return <-raised
}

// withSlack calls start, whose children's timers may be late by so much: a thread has the slack of the one that made it.
func withSlack(slack time.Duration, start func() error) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if unix.Prctl(unix.PR_SET_TIMERSLACK, uintptr(slack.Nanoseconds()), 0, 0, 0) == nil {
		defer func() { _ = unix.Prctl(unix.PR_SET_TIMERSLACK, 0, 0, 0, 0) }() // its own again, which cannot fail
	}
	return start()
}
