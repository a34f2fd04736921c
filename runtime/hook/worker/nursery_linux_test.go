package worker_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"turnkey/runtime/hook/worker"
	"turnkey/runtime/hook/worker/wire"
)

// nurseries lists the processes that start workers.
func nurseries(t *testing.T) []string {
	t.Helper()
	pids, err := running(wire.Nursery)
	if err != nil {
		t.Fatal(err)
	}
	return pids
}

// nurseryOf is the process that starts a pool's workers, once that has had to start two.
func nurseryOf(t *testing.T, p *worker.Pool) int {
	t.Helper()
	mustAsk(t, p, "first", "echo x")
	mustAsk(t, p, "second", "echo x")
	got := nurseries(t)
	if len(got) != 1 {
		t.Fatalf("nurseries %v", got)
	}
	pid, err := strconv.Atoi(got[0])
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

// TestNursery: all workers but the first are started by a process of its own, lack nothing, are this process's children, and who ends
// the nursery keeps nobody from starting more.
func TestNursery(t *testing.T) {
	p := newPool(t, func(o *worker.Options) { o.Sizes.Spares = -1 })
	mustAsk(t, p, "first", "echo x")
	if got := nurseries(t); len(got) != 0 {
		t.Errorf("before anything is known to work there is a nursery: %v", got)
	}
	want, err := p.Layers(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a", "b", "c"} {
		mustAsk(t, p, name, "echo x")
		got := nurseries(t)
		if list, err := workers(); err != nil || len(got) != 1 || len(list) < 2 {
			t.Fatalf("nurseries %v, workers %v, %v", got, list, err)
		}
		if layers, err := p.Layers(t.Context()); err != nil || layers.String() != want.String() {
			t.Errorf("layers %s, %v; the first has %s", layers, err, want)
		}
		pid, err := strconv.Atoi(got[0])
		if err != nil {
			t.Fatal(err)
		}
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		eventually(t, "it is gone", func() bool { return !slices.Contains(nurseries(t), got[0]) })
	}
}

// TestNurseryEndsBeforeItReads: an order that lies with a nursery which ends is given to another.
func TestNurseryEndsBeforeItReads(t *testing.T) {
	p := newPool(t, func(o *worker.Options) { o.Sizes.Spares = -1 })
	pid := nurseryOf(t, p)
	orders := socketOf(t, pid)
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it stands still", func() bool { return stopped(t, pid) })
	answer := make(chan error, 1)
	go func() {
		_, err := ask(t.Context(), p, "third", "echo x")
		answer <- err
	}()
	if n, err := unix.Poll([]unix.PollFd{{Fd: int32(orders), Events: unix.POLLIN}}, 60_000); n != 1 {
		t.Fatalf("no order came: %v", err)
	}
	if err := unix.Close(orders); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if err := <-answer; err != nil {
		t.Fatal(err)
	}
	if now := nurseries(t); len(now) != 1 || now[0] == strconv.Itoa(pid) {
		t.Errorf("nurseries %v after %d: the runtime forked the worker itself", now, pid)
	}
}

// socketOf is another file descriptor of the socket from which a nursery reads.
func socketOf(t *testing.T, pid int) int {
	t.Helper()
	process, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(process)
	fd, err := unix.PidfdGetfd(process, wire.In, 0)
	if err != nil {
		t.Fatal(err)
	}
	return fd
}

// stopped tells whether each thread of a process stands still.
func stopped(t *testing.T, pid int) bool {
	t.Helper()
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
	if err != nil || len(threads) == 0 {
		t.Fatalf("threads %v, %v", threads, err)
	}
	return !slices.ContainsFunc(threads, func(file string) bool {
		raw, err := os.ReadFile(file)
		return err != nil || !strings.Contains(string(raw), ") T ")
	})
}

// TestNurseryIsInTheBack: it has the priority and the processors of what it starts, and no environment.
func TestNurseryIsInTheBack(t *testing.T) {
	t.Setenv("TURNKEY_SECRET", canary)
	p := newPool(t, func(o *worker.Options) { o.Sizes.Spares = -1 })
	pid := nurseryOf(t, p)
	var set unix.CPUSet
	if err := unix.SchedGetaffinity(pid, &set); err != nil {
		t.Fatal(err)
	}
	if own := ownProcessors(t); set.Count() != max(1, own/2) {
		t.Errorf("of %d processors it may have %d", own, set.Count())
	}
	raw, err := unix.Getpriority(unix.PRIO_PROCESS, pid)
	if err != nil || 20-raw < 5 { // the system call counts the other way round
		t.Errorf("its priority is %d, %v", 20-raw, err)
	}
	env, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
	if err != nil || strings.Contains(string(env), canary) || strings.Contains(string(env), "HOME=") {
		t.Errorf("it knows %q, %v", env, err)
	}
}

// TestNurseryRests: it ends when hooks are not in use any more, and is there again when they are.
func TestNurseryRests(t *testing.T) {
	c := newClock()
	p := newPool(t, func(o *worker.Options) { o.Sizes.Spares, o.Sizes.Idle, o.Now = -1, time.Minute, c.Now })
	mustAsk(t, p, "a", "echo x")
	mustAsk(t, p, "b", "echo x")
	if got := nurseries(t); len(got) != 1 {
		t.Fatalf("nurseries %v", got)
	}
	c.advance(2 * time.Minute)
	p.Sweep() // the workers end
	c.advance(10 * time.Minute)
	p.Sweep()
	eventually(t, "it is gone", func() bool { p.Sweep(); return len(nurseries(t)) == 0 })
	mustAsk(t, p, "a", "echo x")
	if got := nurseries(t); len(got) != 1 {
		t.Errorf("nurseries %v", got)
	}
}
