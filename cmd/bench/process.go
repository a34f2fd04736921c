package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// clockTick is USER_HZ, which Linux fixes at 100 for everything that it tells user space.
const clockTick = 10 * time.Millisecond

// cpuTime is the user and system time of a process so far. Linux only.
func cpuTime(pid int) (time.Duration, error) {
	f, err := stat(pid)
	if err != nil {
		return 0, err
	}
	return ticks(f[11:13])
}

// clusterTime is that of a PostgreSQL server: the postmaster's, that of its children that have ended,
// and that of those that live.
func clusterTime(postmaster int) (time.Duration, error) {
	f, err := stat(postmaster)
	if err != nil {
		return 0, err
	}
	total, err := ticks(f[11:15])
	if err != nil {
		return 0, err
	}
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", postmaster, postmaster))
	if err != nil {
		return 0, fmt.Errorf("reading the processes of PostgreSQL: %w", err)
	}
	for _, child := range strings.Fields(string(raw)) {
		pid, err := strconv.Atoi(child)
		if err != nil {
			return 0, fmt.Errorf("unexpected process id: %w", err)
		}
		// One that has ended meanwhile is counted with the postmaster the next time.
		if d, err := cpuTime(pid); err == nil {
			total += d
		}
	}
	return total, nil
}

// stat gives the fields of /proc/PID/stat from the third, the state, on.
func stat(pid int) ([]string, error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return nil, fmt.Errorf("reading the CPU time of a process: %w", err)
	}
	// The command name, in parentheses, may hold spaces: fields count from behind it.
	_, rest, ok := strings.Cut(string(raw), ") ")
	fields := strings.Fields(rest)
	if !ok || len(fields) < 15 {
		return nil, fmt.Errorf("unexpected /proc/%d/stat", pid)
	}
	return fields, nil
}

func ticks(fields []string) (time.Duration, error) {
	var total int64
	for _, f := range fields {
		n, err := strconv.ParseInt(f, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("unexpected CPU time: %w", err)
		}
		total += n
	}
	return time.Duration(total) * clockTick, nil
}

// residentMB is the resident memory of a process, or its peak, in MB. Linux only.
func residentMB(pid int, peak bool) (float64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, fmt.Errorf("reading the memory of the runtime: %w", err)
	}
	want := "VmRSS:"
	if peak {
		want = "VmHWM:"
	}
	for line := range strings.Lines(string(status)) {
		if value, ok := strings.CutPrefix(line, want); ok {
			kb, err := strconv.ParseFloat(strings.Fields(value)[0], 64)
			return kb / 1024, err
		}
	}
	return 0, fmt.Errorf("no %s in /proc/%d/status", want, pid)
}
