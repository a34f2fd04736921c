package worker_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"turnkey/runtime/hook/worker"
	"turnkey/runtime/hook/worker/wire"
)

// threads is how many processors each thread of each worker may have, the first thread first.
func threads(t *testing.T) (all [][]int) {
	t.Helper()
	pids, err := workers()
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range pids {
		pid, err := strconv.Atoi(text)
		if err != nil {
			t.Fatal(err)
		}
		var of []int
		for tid := pid; tid < pid+200; tid++ { // its threads have numbers close to its own
			var set unix.CPUSet
			if unix.Tgkill(pid, tid, 0) == nil && unix.SchedGetaffinity(tid, &set) == nil {
				of = append(of, set.Count())
			}
		}
		all = append(all, of)
	}
	return all
}

func ownProcessors(t *testing.T) int {
	t.Helper()
	var own unix.CPUSet
	if err := unix.SchedGetaffinity(0, &own); err != nil {
		t.Fatal(err)
	}
	return own.Count()
}

func keptTo(of []int, n int) bool {
	return !slices.ContainsFunc(of, func(has int) bool { return has != n })
}

// TestWorkersHaveTheirPlaces: a ready worker's threads may all run anywhere, one that runs for long is kept to the back half until it has answered,
// and the status says so.
func TestWorkersHaveTheirPlaces(t *testing.T) {
	own := ownProcessors(t)
	p := newPool(t, func(o *worker.Options) { o.Limits.CPU, o.Limits.Calls, o.Sizes.Spares = 10*time.Second, 10_000, -1 })
	mustAsk(t, p, "a", "echo x")
	layers, err := p.Layers(t.Context())
	if err != nil || slices.Contains(layers.Active, wire.Processors) != (own > 1) {
		t.Fatalf("%d processors: %s, %v", own, layers, err)
	}
	if err := p.Require(t.Context(), "all"); err != nil { // with one processor, too
		t.Error(err)
	}
	free := func(of []int) bool { return keptTo(of, own) }
	if got := threads(t); len(got) != 1 || !free(got[0]) {
		t.Fatalf("of %d processors a ready worker's threads may have %v", own, got)
	}
	kept := false
	host := func(context.Context, []byte) ([]byte, error) {
		if got := threads(t); len(got) == 1 && (keptTo(got[0], own/2) || own == 1) {
			kept = true
			return []byte("enough"), nil
		}
		return []byte("go on"), nil
	}
	if _, err := asking(t.Context(), p, "a", worker.Request{Payload: []byte("toil 20"), Host: host}); err != nil {
		t.Fatal(err)
	}
	if got := threads(t); !kept || len(got) != 1 || !free(got[0]) {
		t.Errorf("in a long run it was kept: %t; behind it its threads may have %v", kept, got)
	}
}

// TestPlacesRefused: where a worker cannot leave the processors on which it started, workers are kept nowhere, and the status says why.
func TestPlacesRefused(t *testing.T) {
	own := ownProcessors(t)
	p := newPool(t, func(o *worker.Options) { o.Sizes.Spares, o.Without = -1, []string{wire.Processors} })
	for _, name := range []string{"a", "b", "c"} { // the first one by this process, the others by the nursery
		mustAsk(t, p, name, "echo x")
	}
	layers, err := p.Layers(t.Context())
	if err != nil || slices.Contains(layers.Active, wire.Processors) || !strings.Contains(layers.String(), "no "+wire.Processors) {
		t.Errorf("layers: %s, %v", layers, err)
	}
	for _, of := range threads(t) {
		if slices.Max(of) != own || slices.Min(of) != own {
			t.Errorf("of %d processors it may have %v", own, of)
		}
	}
	if err := p.Require(t.Context(), wire.Processors); err == nil {
		t.Error("it was required, and nobody minded")
	}
}

// TestOneProcessor: a runtime that may have one processor keeps nobody anywhere, and needs nothing else for all of its layers.
func TestOneProcessor(t *testing.T) {
	if os.Getenv(fenced) != "" {
		TestWorkersHaveTheirPlaces(t)
		t.Log("on", ownProcessors(t))
		return
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestOneProcessor$", "-test.timeout=10m", "-test.v")
	cmd.Env = append(os.Environ(), fenced+"="+programs.Words)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	failed := make(chan error)
	go func() {
		runtime.LockOSThread() // this thread ends, and what it starts has its processors
		var own, one unix.CPUSet
		if err := unix.SchedGetaffinity(0, &own); err != nil {
			failed <- err
			return
		}
		for cpu := 0; one.Count() == 0; cpu++ {
			if own.IsSet(cpu) {
				one.Set(cpu)
			}
		}
		if err := unix.SchedSetaffinity(0, &one); err != nil {
			failed <- err
			return
		}
		failed <- cmd.Run()
	}()
	if err := <-failed; err != nil {
		t.Fatalf("%v\n%s", err, &out)
	}
	if !strings.Contains(out.String(), "on 1") {
		t.Errorf("it did not run:\n%s", &out)
	}
}
