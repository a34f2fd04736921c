package worker_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"turnkey/runtime/hook"
	"turnkey/runtime/hook/worker"
)

// TestIdleWorkersEnd: after a minute without work, and the spares after ten.
func TestIdleWorkersEnd(t *testing.T) {
	c := newClock()
	p := newPool(t, func(o *worker.Options) { o.Now = c.Now })
	mustAsk(t, p, "a", "echo x")
	eventually(t, "two spares", func() bool { return p.Stats().Spares == 2 })
	c.advance(30 * time.Second)
	mustAsk(t, p, "b", "echo x")
	eventually(t, "two spares again", func() bool { return p.Stats().Spares == 2 })
	c.advance(30 * time.Second)
	p.Sweep()
	if s := p.Stats(); s.Idle != 1 || s.Leased != 1 || s.IdleReaped != 1 || s.Instances != 1 {
		t.Errorf("after a minute: %+v", s)
	}
	c.advance(10 * time.Minute)
	p.Sweep() // the last lease
	p.Sweep()
	if s := p.Stats(); s.Leased != 0 || s.Spares != 0 || s.Instances != 0 {
		t.Errorf("after eleven: %+v", s)
	}
	eventually(t, "no process is left", func() bool { left, err := children(); return err == nil && len(left) == 0 })
	if got := mustAsk(t, p, "a", "pid"); got != "1" {
		t.Errorf("the next one met an old worker")
	}
}

// TestWornWorkersAreReplaced: by calls, and by age.
func TestWornWorkersAreReplaced(t *testing.T) {
	c := newClock()
	p := newPool(t, func(o *worker.Options) { o.Now, o.Sizes.Calls = c.Now, 3 })
	for i, want := range []string{"1", "2", "3", "1"} {
		if got := mustAsk(t, p, "a", "pid"); got != want {
			t.Errorf("request %d is number %s of its worker", i, got)
		}
	}
	c.advance(10 * time.Minute)
	mustAsk(t, p, "a", "pid") // ends it
	if got := mustAsk(t, p, "a", "pid"); got != "1" {
		t.Errorf("after ten minutes the worker went on: number %s", got)
	}
	if s := p.Stats(); s.Recycled != 2 {
		t.Errorf("%d recycled", s.Recycled)
	}
}

// leased is a session that waits for its worker for as long as a busy machine needs to start one, which is longer than the pool waits.
func leased(t *testing.T, p *worker.Pool, instance string) (s *worker.Session) {
	t.Helper()
	eventually(t, "a worker for "+instance, func() bool {
		var err error
		s, err = p.Session(t.Context(), instance, nil)
		if err != nil && classOf(t, err) != hook.ClassUnavailable {
			t.Fatal(err)
		}
		return err == nil
	})
	return s
}

// served is the number of an instance's request among those of its worker, which it has waited for.
func served(t *testing.T, p *worker.Pool, instance string) string {
	t.Helper()
	s := leased(t, p, instance)
	defer s.Close()
	answer, err := s.Run(t.Context(), worker.Request{Payload: []byte("pid")})
	if err != nil {
		t.Fatal(err)
	}
	return string(answer)
}

// TestTheLeastUsedMakesRoom, and who is in the middle of something stays.
func TestTheLeastUsedMakesRoom(t *testing.T) {
	c := newClock()
	p := newPool(t, func(o *worker.Options) { o.Now, o.Sizes.Workers, o.Sizes.MaxWait = c.Now, 2, 2*time.Second })
	served(t, p, "old")
	c.advance(time.Second)
	served(t, p, "new")
	c.advance(time.Second)
	if got := served(t, p, "third"); got != "1" {
		t.Errorf("the third got somebody's worker")
	}
	if s := p.Stats(); s.Evicted != 1 || s.Leased != 2 {
		t.Errorf("%+v", s)
	}
	if got := served(t, p, "new"); got != "2" {
		t.Errorf("the wrong one made room: request %s", got)
	}
	busy := make([]*worker.Session, 2)
	for i, name := range []string{"new", "third"} {
		busy[i] = leased(t, p, name)
	}
	if _, err := p.Session(t.Context(), "fourth", nil); classOf(t, err) != hook.ClassUnavailable || worker.FailureOf(err).RetryAfter <= 0 {
		t.Errorf("with nobody idle: %v", err)
	}
	busy[0].Close()
	defer busy[1].Close()
	if got := served(t, p, "fourth"); got != "1" {
		t.Errorf("the fourth got somebody's worker")
	}
}

// TestTwoWorkersForTheBusy: a second transaction of an instance does not wait for the first, a third does.
func TestTwoWorkersForTheBusy(t *testing.T) {
	p := newPool(t, func(o *worker.Options) { o.Sizes.PerInstance, o.Sizes.MaxWait = 2, 2*time.Second })
	var open []*worker.Session
	for range 2 {
		open = append(open, leased(t, p, "a"))
	}
	if _, err := p.Session(t.Context(), "a", nil); classOf(t, err) != hook.ClassUnavailable {
		t.Errorf("a third: %v", err)
	}
	time.AfterFunc(20*time.Millisecond, open[0].Close)
	leased(t, p, "a").Close() // once one is free
	open[1].Close()
}

// TestACorrectedProgramOwesNothing: what one deployment's hooks did to workers does not keep the next one's from running.
func TestACorrectedProgramOwesNothing(t *testing.T) {
	c := newClock()
	p := newEnginePool(t, func(o *worker.Options) { o.Now = c.Now })
	bad := bundled(t, p, "export default { beforeWrite() { let s = 'x'; while (true) s += s } }")
	good := bundled(t, p, "export default { beforeWrite() {} }")
	write := func(program *hook.Program) hook.Class {
		_, err := do(t, p, "one", program, writes(t, program, 1, time.Second), nil)
		return classOf(t, err)
	}
	for i := range 3 {
		if got := write(bad); got != hook.ClassOutOfMemory && got != hook.ClassTimeout {
			t.Fatalf("death %d: %q", i, got)
		}
	}
	if got := write(bad); got != hook.ClassUnavailable {
		t.Errorf("after three deaths: %q", got)
	}
	if got := write(good); got != "" {
		t.Errorf("the corrected program: %q", got)
	}
}

// TestCircuit: an instance that keeps killing workers rests; nobody else does.
func TestCircuit(t *testing.T) {
	c := newClock()
	p := newPool(t, func(o *worker.Options) { o.Now = c.Now })
	die := func() hook.Class {
		_, err := ask(t.Context(), p, "bad", "exit 1")
		return classOf(t, err)
	}
	for i := range 3 {
		if got := die(); got != hook.ClassCrashed {
			t.Fatalf("death %d: %q", i, got)
		}
	}
	for _, rest := range []time.Duration{5 * time.Second, 10 * time.Second, 20 * time.Second, 30 * time.Second, 30 * time.Second} {
		_, err := ask(t.Context(), p, "bad", "echo x")
		if got := classOf(t, err); got != hook.ClassUnavailable || worker.FailureOf(err).RetryAfter != rest {
			t.Errorf("open: %q, retry after %s, want %s", got, worker.FailureOf(err).RetryAfter, rest)
		}
		if _, err := ask(worker.Retrying(t.Context()), p, "bad", "exit 1"); classOf(t, err) != hook.ClassCrashed {
			t.Errorf("a second try has no worker: %v", err)
		}
		mustAsk(t, p, "good", "echo x")
		c.advance(rest)
		mustAsk(t, p, "bad", "echo x")
		if got := die(); got != hook.ClassCrashed {
			t.Errorf("after %s: %q", rest, got)
		}
	}
	if s := p.Stats(); s.Opened != 6 {
		t.Errorf("opened %d times", s.Opened)
	}
}

// ledger is what a database would have of the operations of TestKillsFromOutside.
type ledger struct {
	mu        sync.Mutex
	committed map[string]int
	failed    int
}

// done is the number of operations that are through.
func (l *ledger) done() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.committed)
}

// transaction tries one operation until it is through, as the pipeline does: what a try called back for counts
// only if that try has an answer.
func (l *ledger) transaction(t *testing.T, p *worker.Pool, instance, id string) {
	for {
		var tentative []string
		answer, err := asking(t.Context(), p, instance, worker.Request{Payload: []byte("tell " + id), Host: func(_ context.Context, payload []byte) ([]byte, error) {
			tentative = append(tentative, string(payload))
			return []byte("noted"), nil
		}})
		f := worker.FailureOf(err)
		l.mu.Lock()
		switch {
		case err == nil && answer == "noted":
			for _, name := range tentative {
				l.committed[name]++
			}
			l.mu.Unlock()
			return
		case f != nil && (f.Again() || f.Class == hook.ClassUnavailable):
			l.failed++
		default:
			t.Errorf("%s: %q, %v", id, answer, err)
			l.mu.Unlock()
			return
		}
		l.mu.Unlock()
		if f.Class == hook.ClassUnavailable {
			pause(time.Millisecond)
		}
	}
}

// TestKillsFromOutside: kill -9 of any worker at any time is one clear failure of one try, and worth another: no
// operation is lost, none is done twice or for somebody else, and no instance rests because of it.
func TestKillsFromOutside(t *testing.T) {
	want := 200
	if testing.Short() || underRace {
		want = 40
	}
	p := newPool(t, nil)
	book := &ledger{committed: map[string]int{}}
	made := make([]int, 4)
	stop := make(chan struct{})
	var load sync.WaitGroup
	for n := range made {
		load.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				made[n]++
				book.transaction(t, p, fmt.Sprint("instance ", n%3), fmt.Sprintf("%d-%d", n, made[n]))
			}
		})
	}
	// Five kills in a row, whoever they meet; then one operation is let through. Else a quick killer meets only workers
	// that are starting, and what is measured is the pool's back-off, a second a kill.
	kills, through := 0, 0
	for end := time.Now().Add(5 * time.Minute); kills < want && time.Now().Before(end); pause(5 * time.Millisecond) {
		if kills%5 == 4 && book.done() == through {
			continue
		}
		pids, err := workers()
		if err != nil {
			t.Fatal(err)
		}
		if len(pids) == 0 {
			continue
		}
		if pid, _ := strconv.Atoi(pids[kills%len(pids)]); syscall.Kill(pid, syscall.SIGKILL) == nil {
			kills++
			through = book.done()
		}
	}
	close(stop)
	load.Wait()
	all := 0
	for n, count := range made {
		for i := range count {
			all++
			if id := fmt.Sprintf("%d-%d", n, i+1); book.committed[id] != 1 {
				t.Errorf("operation %s was done %d times", id, book.committed[id])
			}
		}
	}
	s := p.Stats()
	t.Logf("%d kills, %d operations, each once; %d tries failed, %d of them by a kill in the middle", kills, all, book.failed, s.KilledOutside)
	if kills < want || all != len(book.committed) || s.Opened != 0 {
		t.Errorf("%d kills, %d operations, %d in the book: %+v", kills, all, len(book.committed), s)
	}
}

// TestSparesAreReplaced: an instance whose worker died has the next one at once.
func TestSparesAreReplaced(t *testing.T) {
	p := newPool(t, nil)
	mustAsk(t, p, "a", "echo x")
	eventually(t, "two spares", func() bool { return p.Stats().Spares == 2 })
	for range 2 {
		_, err := ask(t.Context(), p, "a", "exit 1")
		if classOf(t, err) != hook.ClassCrashed {
			t.Fatal(err)
		}
		if got := mustAsk(t, p, "a", "pid"); got != "1" {
			t.Errorf("request %s", got)
		}
	}
	eventually(t, "two spares again", func() bool { return p.Stats().Spares == 2 })
}

// TestABrokenBinary: no worker to be had is a failure that passes, not a wait without end.
func TestABrokenBinary(t *testing.T) {
	p := newPool(t, func(o *worker.Options) { o.Binary, o.Sizes.MaxWait = "/bin/false", 300*time.Millisecond })
	if _, err := ask(t.Context(), p, "a", "echo x"); classOf(t, err) != hook.ClassUnavailable {
		t.Errorf("a session: %v", err)
	}
	if _, err := p.Bundle(t.Context(), "a", hook.Bundle{}); classOf(t, err) != hook.ClassUnavailable {
		t.Errorf("a bundle: %v", err)
	}
	if _, err := p.Layers(t.Context()); err == nil {
		t.Error("layers of no worker")
	}
}

// orphanage names the program to start workers from, in the process that TestOrphans kills.
const orphanage = "TURNKEY_TEST_ORPHANAGE"

// TestOrphans: a runtime that is killed leaves no worker behind, not even one in the middle of a loop. The
// runtime is this test binary again.
func TestOrphans(t *testing.T) {
	if os.Getenv(orphanage) != "" {
		beKilled(t)
		return
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestOrphans$", "-test.timeout=10m")
	cmd.Env = append(os.Environ(), orphanage+"="+programs.Words)
	var out bytes.Buffer
	cmd.Stderr = &out
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var looping int
	if _, err := fmt.Fscanf(pipe, "looping %d\n", &looping); err != nil || looping == 0 {
		t.Errorf("the runtime did not start a loop: %v\n%s", err, &out)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // killed
	eventually(t, "the looping worker is gone", func() bool { return syscall.Kill(looping, 0) == syscall.ESRCH })
}

// beKilled runs a loop in a worker and says which process it is.
func beKilled(t *testing.T) {
	p := newPool(t, func(o *worker.Options) { o.Limits.CPU, o.Sizes.Spares = time.Minute, -1 })
	go func() { _, _ = ask(t.Context(), p, "a", "hang") }()
	eventually(t, "it runs", func() bool { return p.Stats().Running == 1 })
	pids, err := workers()
	if err != nil || len(pids) != 1 {
		t.Fatalf("children %v, %v", pids, err)
	}
	fmt.Printf("looping %s\n", pids[0])
	<-t.Context().Done()
}
