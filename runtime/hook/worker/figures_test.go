//go:build bench

package worker_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"turnkey/runtime/hook"
	"turnkey/runtime/hook/engine"
	"turnkey/runtime/hook/example"
	"turnkey/runtime/hook/worker"
)

// TestFigures prints what isolation costs, and holds it against the bars. Run it alone on a quiet machine, or by make bench:
//
//	CGO_ENABLED=0 go test -tags bench -run Figures -v ./runtime/hook/worker
//
// TURNKEY_WORKER_BINARY names the product's binary, to measure that instead of the tests' own.
func TestFigures(t *testing.T) {
	if name := os.Getenv("TURNKEY_WORKER_BINARY"); name != "" {
		programs.Engine = name
	}
	p := newEnginePool(t, nil)
	program := bundled(t, p, example.Typical)
	var first time.Duration
	var alone, isolated map[int]time.Duration
	t.Run("cold", func(t *testing.T) { first = cold(t, program) })
	t.Run("warm", func(t *testing.T) { alone, isolated = warm(t, p, program) })
	t.Run("more", func(t *testing.T) { more(t, p, program) })
	t.Run("calm", func(t *testing.T) { calm(t, p, program) })
	t.Run("spare", func(t *testing.T) { spare(t, p, program) })
	t.Run("crowd", func(t *testing.T) { crowd(t, program) })
	t.Run("memory", func(t *testing.T) { memory(t, program) })
	bar := func(what string, got, most time.Duration) {
		if got > most {
			t.Errorf("FAIL  %s: p50 %s, at most %s", what, got.Round(time.Microsecond), most)
		} else {
			t.Logf("PASS  %s: p50 %s, at most %s", what, got.Round(time.Microsecond), most)
		}
	}
	isolation := func(n int, most time.Duration) {
		bar(fmt.Sprintf("isolation of an operation, %d at a time (a worker's %s less the engine's own %s)", n, isolated[n].Round(time.Microsecond), alone[n].Round(time.Microsecond)),
			(isolated[n]-alone[n])/time.Duration(n), most)
	}
	bar("cold start of a worker to its first result", first, 15*time.Millisecond)
	bar("one hook call from the runtime, closed loop", isolated[1], 150*time.Microsecond)
	isolation(1, 80*time.Microsecond)
	isolation(100, 25*time.Microsecond)
}

// report prints a figure and gives its p50.
func report(t *testing.T, what string, took []time.Duration) time.Duration {
	t.Helper()
	slices.Sort(took)
	at := func(q float64) time.Duration { return took[int(q*float64(len(took)-1))].Round(time.Microsecond) }
	t.Logf("%-50s n=%-5d min %8s  p50 %8s  p99 %8s", what, len(took), took[0].Round(time.Microsecond), at(.5), at(.99))
	return took[len(took)/2]
}

// cold is from nothing to the first result: a process, its layers, the program, one operation.
func cold(t *testing.T, program *hook.Program) time.Duration {
	var took []time.Duration
	for range 60 {
		p := newEnginePool(t, func(o *worker.Options) { o.Sizes.Spares = -1 })
		began := time.Now()
		if _, err := do(t, p, "a", program, writes(t, program, 1, time.Second), nil); err != nil {
			t.Fatal(err)
		}
		took = append(took, time.Since(began))
		p.Close()
	}
	return report(t, "cold start to the first result", took)
}

// loaded is an engine in this process with the program.
func loaded(t *testing.T, program *hook.Program) *engine.Engine {
	t.Helper()
	e := engine.New(time.Now)
	if l := e.Load(hook.Load{Program: *program}); l.Failure != nil {
		t.Fatal(l.Failure.Message)
	}
	return e
}

// warm is the same transaction by the engine in this process and in a worker, one behind the other without a pause: the
// difference is what isolation costs. It gives the p50 of both by operations.
func warm(t *testing.T, p *worker.Pool, program *hook.Program) (alone, isolated map[int]time.Duration) {
	alone, isolated = map[int]time.Duration{}, map[int]time.Duration{}
	e := loaded(t, program)
	for _, n := range []int{1, 10, 100} {
		run := writes(t, program, n, time.Second)
		times := func(what string, f func() error) time.Duration {
			var took []time.Duration
			settling := 2000 / n // calls until the system's scheduler knows its processes again
			for range 8000/n + settling {
				began := time.Now()
				if err := f(); err != nil {
					t.Fatal(err)
				}
				took = append(took, time.Since(began))
				p.Prepare("a") // as the runtime does when it has answered
			}
			return report(t, fmt.Sprintf(what, n), took[settling:])
		}
		alone[n] = times("the engine alone: %d operations (fresh globals)", func() error { e.Run(*run, nil); return nil })
		isolated[n] = times("a transaction of %d operations (fresh globals)", func() error { _, err := do(t, p, "a", program, run, nil); return err })
	}
	return alone, isolated
}

// calm is one call at a time with a pause behind each, as one device's uploads come: the processor has gone to
// sleep, the worker has prepared. The engine alone gets the same pauses.
func calm(t *testing.T, p *worker.Pool, program *hook.Program) {
	words := newPool(t, nil)
	e := loaded(t, program)
	run := writes(t, program, 1, time.Second)
	payload := []byte("echo " + strings.Repeat("x", 524))
	names := []string{"the engine alone, fresh", "the engine alone, prepared", "one call in a worker", "an echo of 524 bytes"}
	took := make([][]time.Duration, len(names))
	for range 2000 {
		for i, f := range []func() error{
			func() error { e.Run(*run, nil); return nil },
			func() error { e.Run(*run, nil); return nil },
			func() error { _, err := do(t, p, "a", program, run, nil); return err },
			func() error { _, err := asking(t.Context(), words, "a", worker.Request{Payload: payload}); return err },
		} {
			if i == 1 {
				e.Idle()
			}
			p.Prepare("a")
			pause(time.Millisecond)
			began := time.Now()
			if err := f(); err != nil {
				t.Fatal(err)
			}
			took[i] = append(took[i], time.Since(began))
		}
	}
	for i, name := range names {
		report(t, name+", a pause between", took[i])
	}
}

func spare(t *testing.T, p *worker.Pool, program *hook.Program) {
	var took []time.Duration
	run := writes(t, program, 1, time.Second)
	if _, err := do(t, p, "first", program, run, nil); err != nil {
		t.Fatal(err)
	}
	for i := range 60 {
		eventually(t, "a spare", func() bool { return p.Stats().Spares == 2 })
		began := time.Now()
		if _, err := do(t, p, fmt.Sprint("new ", i), program, run, nil); err != nil {
			t.Fatal(err)
		}
		took = append(took, time.Since(began))
	}
	report(t, "a new instance to its first result, by a spare", took)
}

// more is one more operation of a transaction that is under way, and the way to a worker and back by itself.
func more(t *testing.T, p *worker.Pool, program *hook.Program) {
	e := loaded(t, program)
	run := writes(t, program, 1, time.Second)
	times := func(what string, f func() error) {
		var took []time.Duration
		for i := range 8000 {
			run.Begin = i == 0
			began := time.Now()
			if err := f(); err != nil {
				t.Fatal(err)
			}
			took = append(took, time.Since(began))
		}
		report(t, what, took[50:])
	}
	times("the engine alone: one more operation", func() error { e.Run(*run, nil); return nil })
	s, err := p.Session(t.Context(), "a", program)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	times("one more operation in a transaction", func() error { _, err := s.Do(t.Context(), run, nil); return err })
	words := newPool(t, nil)
	payload := []byte("echo " + strings.Repeat("x", 524))
	times("an echo of 524 bytes, session included", func() error {
		_, err := asking(t.Context(), words, "a", worker.Request{Payload: payload})
		return err
	})
}

// crowd is a thousand instances with hooks on one machine, four transactions at a time. By Zipf's law most of the traffic is that of a
// few, whose workers are there; in rotation none has a worker any more when its turn comes again, which is
// the worst there is. Afterwards every worker ends for want of work.
func crowd(t *testing.T, program *hook.Program) {
	const instances = 1000
	run := writes(t, program, 1, time.Second)
	for _, c := range []struct {
		what string
		next func(n *rand.Rand, i int) int
	}{
		{"1000 instances by Zipf's law", func(n *rand.Rand, _ int) int { return int(rand.NewZipf(n, 1.1, 1, instances-1).Uint64()) }},
		{"1000 instances in rotation", func(_ *rand.Rand, i int) int { return i % instances }},
	} {
		p := newEnginePool(t, func(o *worker.Options) { o.Sizes.Idle = 3 * time.Second })
		var mu sync.Mutex
		var took []time.Duration
		refused, asked := 0, 0
		began := time.Now()
		var clients sync.WaitGroup
		for k := range 4 {
			clients.Go(func() {
				random := rand.New(rand.NewPCG(1, uint64(k)))
				for time.Since(began) < 6*time.Second {
					mu.Lock()
					asked++
					i := asked
					mu.Unlock()
					at := time.Now()
					_, err := do(t, p, fmt.Sprint("instance ", c.next(random, i)), program, run, nil)
					mu.Lock()
					if took = append(took, time.Since(at)); err != nil {
						refused++
					}
					mu.Unlock()
				}
			})
		}
		clients.Wait()
		report(t, c.what, took)
		s := p.Stats()
		t.Logf("%.0f transactions per second, %d refused; %d processes started, %d made room, %d there with %.0f MiB of their own; this process has %.0f MiB",
			float64(len(took))/time.Since(began).Seconds(), refused, s.Started, s.Evicted, s.Leased+s.Spares, sum(ofWorkers(t, "Private_Dirty:")), float64(residentMemory(t))/(1<<20))
		eventually(t, "no worker is leased", func() bool { return p.Stats().Leased == 0 })
		t.Logf("%d ended for want of work, the last %s after the last transaction", p.Stats().IdleReaped, (time.Since(began) - 6*time.Second).Round(100*time.Millisecond))
		p.Close()
	}
}

// ofWorkers is a line of each worker's memory, in MiB, sorted.
func ofWorkers(t *testing.T, field string) (list []float64) {
	t.Helper()
	pids, err := workers()
	if err != nil {
		t.Fatal(err)
	}
	for _, pid := range pids {
		raw, err := os.ReadFile("/proc/" + pid + "/smaps_rollup")
		if err != nil {
			continue // it has ended
		}
		for line := range strings.Lines(string(raw)) {
			var kb float64
			if name, rest, _ := strings.Cut(line, " "); name == field {
				_, _ = fmt.Sscan(rest, &kb)
				list = append(list, kb/1024)
			}
		}
	}
	slices.Sort(list)
	return list
}

func sum(list []float64) (all float64) {
	for _, x := range list {
		all += x
	}
	return all
}

// memory is what workers hold that have served one transaction, and that wait as spares.
func memory(t *testing.T, program *hook.Program) {
	p := newEnginePool(t, nil)
	run := writes(t, program, 1, time.Second)
	for i := range 10 {
		if _, err := do(t, p, fmt.Sprint(i), program, run, nil); err != nil {
			t.Fatal(err)
		}
	}
	for _, field := range []string{"Rss:", "Pss:", "Private_Dirty:", "Anonymous:"} {
		mib := ofWorkers(t, field)
		t.Logf("%d idle workers, %-14s min %.1f  median %.1f  max %.1f MiB", len(mib), field, mib[0], mib[len(mib)/2], mib[len(mib)-1])
	}
}
