package child

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"turnkey/runtime/hook/worker/wire"
)

// lock takes from this process everything that a hook has no use for, as far as the kernel lets it, and
// says what holds. The order matters: files and mounts before Landlock, capabilities after chroot, seccomp last,
// because it forbids all the others.
func lock(order wire.Order) wire.Greeting {
	runtime.LockOSThread() // some of it is first set for one thread and then for all
	defer runtime.UnlockOSThread()
	var g wire.Greeting
	out := func(name string) bool { return slices.Contains(order.Without, name) }
	try := func(name string, apply func() error) {
		err := errLeftOut
		if !out(name) {
			err = apply()
		}
		if err != nil {
			g.Failed = append(g.Failed, wire.Missing{Layer: name, Reason: err.Error()})
			return
		}
		g.Active = append(g.Active, name)
	}
	_ = unix.Prctl(unix.PR_SET_TIMERSLACK, uintptr(timerSlack), 0, 0, 0) // as it comes
	size, data, sizeErr := ownSize()
	status, _ := os.Open("/proc/self/status") // nil fails, too
	defer status.Close()
	try(wire.Priority, func() error { return priority(order) })
	try(wire.NoNewPrivs, noNewPrivs)
	var rootErr error
	if !out(wire.Chroot) {
		rootErr = emptyRoot(order.Namespaced)
	}
	try(wire.Landlock, landlocked)
	try(wire.Chroot, func() error { return chroot(rootErr) })
	try(wire.Capabilities, dropCapabilities)
	try(wire.NotDumpable, func() error { return unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0) })
	try(wire.Memory, func() error { return errors.Join(sizeErr, memory(order, size, data)) })
	try(wire.Rlimits, func() error { return limits(order) })
	if len(order.Processors) > 0 { // the last thing but one: until here it is in the background
		try(wire.Processors, func() error { return roam(order.Processors, status) })
	}
	try(wire.Seccomp, filtered)
	return g
}

// timerSlack is this thread's, the one that runs hooks and waits for their timers: what every thread has that was not told otherwise. The
// others, of Go's runtime, keep what this process was started with.
const timerSlack = 50_000 // ns

var errLeftOut = errors.New("left out by order")

// priority makes the worker the first to wait for a processor and the first to go when memory is short.
// Nice is a matter of threads; the process has a group of its own, which means all of them. A start may have less than is ordered: it is the runtime's
// to raise it, who may.
func priority(order wire.Order) error {
	raw, niceErr := unix.Getpriority(unix.PRIO_PGRP, 0)
	if nice := 20 - raw; niceErr == nil && nice < order.Nice { // that is how the system call tells it
		niceErr = unix.Setpriority(unix.PRIO_PGRP, 0, order.Nice)
	}
	return errors.Join(niceErr, os.WriteFile("/proc/self/oom_score_adj", []byte(strconv.Itoa(order.OOM)), 0))
}

// emptyFolder is where the empty root is mounted, in this process's own namespace: the one folder that is
// there on every system, and that nobody here will need again.
const emptyFolder = "/proc"

// emptyRoot makes a file system with nothing in it, not even room.
func emptyRoot(namespaced bool) error {
	if !namespaced {
		return errors.New("it needs a namespace of mounts")
	}
	const flags = unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC | unix.MS_RDONLY
	if err := unix.Mount("empty", emptyFolder, "tmpfs", flags, "size=4k,nr_inodes=2,mode=555"); err != nil {
		return fmt.Errorf("mount an empty file system: %w", err)
	}
	return nil
}

func chroot(rootErr error) error {
	if rootErr != nil {
		return rootErr
	}
	if err := unix.Chroot(emptyFolder); err != nil {
		return fmt.Errorf("chroot: %w", err)
	}
	return unix.Chdir("/")
}

// slack is what the address space may grow beyond what it is now: more than data, because Go reserves
// before it uses, and little enough that one giant reservation fails at once. Limiting data alone does not
// stop that: a mapping over a reservation is checked only by the pages that were not there before.
func slack(memory int64) int64 { return memory + memory/5*3 }

func memory(order wire.Order, size, data int64) error {
	set := func(resource int, n int64) error {
		return unix.Setrlimit(resource, &unix.Rlimit{Cur: uint64(n), Max: uint64(n)})
	}
	return errors.Join(set(unix.RLIMIT_DATA, data+order.Memory+threadRoom), set(unix.RLIMIT_AS, size+slack(order.Memory)+threadRoom))
}

// ownSize reads how much address space and data this process has now.
func ownSize() (size, data int64, err error) {
	raw, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0, 0, err
	}
	fields := strings.Fields(string(raw))
	if len(fields) < 6 {
		return 0, 0, fmt.Errorf("statm has %d fields", len(fields))
	}
	page := int64(os.Getpagesize())
	size, sizeErr := strconv.ParseInt(fields[0], 10, 64)
	data, dataErr := strconv.ParseInt(fields[5], 10, 64)
	return size * page, data * page, errors.Join(sizeErr, dataErr)
}

func limits(order wire.Order) error {
	list := map[int]uint64{unix.RLIMIT_NOFILE: order.Files, unix.RLIMIT_CORE: 0, unix.RLIMIT_FSIZE: 0}
	if order.Namespaced { // elsewhere it counts every process of the user, and would forbid us threads
		list[unix.RLIMIT_NPROC] = order.Processes
	}
	var errs []error
	for resource, n := range list {
		errs = append(errs, unix.Setrlimit(resource, &unix.Rlimit{Cur: n, Max: n}))
	}
	return errors.Join(errs...)
}
