package worker_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"turnkey/runtime/hook"
	"turnkey/runtime/hook/worker"
	"turnkey/runtime/hook/worker/wire"
	"turnkey/runtime/hook/worker/workertest"
)

// programs are what the tests' pools start.
var programs *workertest.Programs

// fenced names the program to start workers from, in the process that TestFallback starts.
const fenced = "TURNKEY_TEST_FENCED"

func TestMain(m *testing.M) {
	var err error
	if path := os.Getenv(orphanage) + os.Getenv(fenced); path != "" { // started by a test, which has built them
		programs = &workertest.Programs{Words: path}
	} else if programs, err = workertest.Build(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	if os.Getenv(fenced) != "" {
		os.Exit(code)
	}
	programs.Remove()
	if code == 0 {
		left, childErr := children()
		if err := errors.Join(goleak.Find(), childErr); err != nil || len(left) > 0 {
			fmt.Fprintln(os.Stderr, "left behind: processes", left, err)
			code = 1
		}
	}
	os.Exit(code)
}

// clock is a pool's time, moved by the test.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Unix(1_800_000_000, 0)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	c.now = c.now.Add(d)
	c.mu.Unlock()
}

// newPool makes a pool that ends with the test. TestMain checks that no process is left. On a machine that stands still, a
// worker may take longer to start than an upload would wait for it; who tests the wait sets it.
func newPool(t *testing.T, change func(*worker.Options)) *worker.Pool {
	t.Helper()
	opts := worker.Options{Binary: programs.Words, Sizes: worker.Sizes{MaxWait: 30 * time.Second, Start: time.Minute}, Log: slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))}
	if change != nil {
		change(&opts)
	}
	p, err := worker.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

// children lists the processes whose parent this one is.
func children() (pids []string, err error) {
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range stats {
		raw, err := os.ReadFile(path)
		if err != nil {
			continue // it ended meanwhile
		}
		_, rest, _ := strings.Cut(string(raw), ") ")
		if fields := strings.Fields(rest); len(fields) > 1 && fields[1] == fmt.Sprint(os.Getpid()) {
			pids = append(pids, filepath.Base(filepath.Dir(path)))
		}
	}
	return pids, err
}

// workers lists those of the children that are workers by now.
func workers() (pids []string, err error) { return running(wire.Command) }

// running lists those of the children that were started with a command of ours.
func running(command string) (pids []string, err error) {
	all, err := children()
	for _, pid := range all {
		if raw, err := os.ReadFile("/proc/" + pid + "/cmdline"); err == nil && strings.Contains(string(raw), command) {
			pids = append(pids, pid)
		}
	}
	return pids, err
}

// ask runs words in a session of their own.
func ask(ctx context.Context, p *worker.Pool, instance, words string) (string, error) {
	return asking(ctx, p, instance, worker.Request{Payload: []byte(words)})
}

func asking(ctx context.Context, p *worker.Pool, instance string, q worker.Request) (string, error) {
	s, err := p.Session(ctx, instance, nil)
	if err != nil {
		return "", err
	}
	defer s.Close()
	answer, err := s.Run(ctx, q)
	return string(answer), err
}

// classOf is the class of a failure, "" for none.
func classOf(t *testing.T, err error) hook.Class {
	t.Helper()
	if err == nil {
		return ""
	}
	f := worker.FailureOf(err)
	if f == nil {
		t.Fatalf("not a failure: %v", err)
	}
	return f.Class
}

// mustAsk is ask where nothing may go wrong.
func mustAsk(t *testing.T, p *worker.Pool, instance, words string) string {
	t.Helper()
	answer, err := ask(t.Context(), p, instance, words)
	if err != nil {
		t.Fatalf("%s: %v", words, err)
	}
	return answer
}

// eventually polls until a condition holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); !holds(); {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
		pause(time.Millisecond)
	}
}

// bestOf gives how long something took by its own doing. It repeats what takes longer than it may, since a machine that does
// other things makes anything slow now and then; what is slow by itself is slow each time.
func bestOf(tries int, within time.Duration, run func(try int) time.Duration) (took time.Duration) {
	for try := range tries {
		before := crowded()
		if took = run(try) - (crowded() - before); took <= within {
			break
		}
	}
	return max(took, 0)
}

// crowded is for how long somebody on this machine wanted a processor and had none, since it started. Where the system
// does not count that, nobody has.
func crowded() time.Duration {
	raw, err := os.ReadFile("/proc/pressure/cpu")
	if err != nil {
		return 0
	}
	_, total, _ := strings.Cut(string(raw), "total=")
	var micros int64
	_, _ = fmt.Sscan(total, &micros)
	return time.Duration(micros) * time.Microsecond
}

func pause(d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	<-t.C
}

var errHost = errors.New("the database said no")
