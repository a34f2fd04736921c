package worker

import (
	"fmt"
	"os"
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

// Nothing here reads /proc/PID/task: whoever looks into that folder leaves an entry in the kernel's cache for each thread. A thread that dies
// clears its own, a process's reaper all of them, and where both are at it at once, the reaper spins until the thread, which may have a
// low priority and no processor, is done. On a busy machine that was seen to cost seconds of a processor in a minute.

// delayOf is how long a process's first thread, which runs its hooks, has waited for a processor. Where the kernel does not count,
// it has not waited.
func delayOf(pid int) time.Duration {
	raw, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/schedstat")
	if err != nil {
		return 0
	}
	var ran, waited int64
	if _, err := fmt.Sscan(string(raw), &ran, &waited); err != nil {
		return 0
	}
	return time.Duration(waited)
}

// prefer sets how readily a worker yields its processor to those who come first, and has anybody interrupt its slice (sliceLong). It has a
// group of its own, which is how all of its threads are meant.
func prefer(pid, nice int) error {
	err := unix.Setpriority(unix.PRIO_PGRP, pid, nice)
	lasts(pid, nice, sliceLong, sliceLong)
	return err
}

// lasts sets the slices of a worker's first thread, which runs hooks, and of its others. Since Linux 6.6, whoever has a processor keeps it for a slice though
// another wakes that is as urgent or more so, and in fact until the next tick of the clock, which may be 4 ms; only one whose slices are
// shorter does not wait. Kernels that know no slices ignore this. Threads that are made later have what their makers had. It is a
// courtesy, so it may fail.
func lasts(pid, nice int, first, others time.Duration) {
	attr := &unix.SchedAttr{Nice: int32(nice), Runtime: uint64(first)}
	_ = unix.SchedSetAttr(pid, attr, 0)
	attr.Runtime = uint64(others)
	for _, tid := range threadsOf(pid) {
		_ = unix.SchedSetAttr(tid, attr, 0)
	}
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
