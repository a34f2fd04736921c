package worker_test

import (
	"context"
	"errors"
	"os"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"turnkey/runtime/hook"
	"turnkey/runtime/hook/worker"
)

// alert gives an instance a worker that was quick the last time, and expects to be asked.
func alert(t *testing.T, p *worker.Pool, instance string) {
	t.Helper()
	mustAsk(t, p, instance, "echo x")
	p.Quick(instance)
	p.Expect(instance)
}

// awake asks an instance's worker that is alert, and waits awake.
func awake(ctx context.Context, t *testing.T, p *worker.Pool, instance string, q worker.Request) (string, error) {
	t.Helper()
	before := p.Stats().Awake
	q.Awake = true
	answer, err := asking(ctx, p, instance, q)
	if p.Stats().Awake != before+1 {
		t.Errorf("nobody stayed awake")
	}
	return answer, err
}

// TestAwakeIsTheSame: whatever becomes of a run becomes of it while somebody waits for it awake.
func TestAwakeIsTheSame(t *testing.T) {
	p := newPool(t, nil)
	answers := func(answer string, err error) worker.Host {
		return func(context.Context, []byte) ([]byte, error) { return []byte(answer), err }
	}
	for name, c := range map[string]struct {
		q    worker.Request
		want string
		ends hook.Class
	}{
		"an answer":              {worker.Request{Payload: []byte("echo hello")}, "hello", ""},
		"work":                   {worker.Request{Payload: []byte("burn 20")}, "burn", ""},
		"sleep":                  {worker.Request{Payload: []byte("sleep 20")}, "sleep", ""},
		"a call back":            {worker.Request{Payload: []byte("tell x"), Host: answers("ok", nil)}, "ok", ""},
		"a host that says no":    {worker.Request{Payload: []byte("tell x"), Host: answers("", errHost)}, "", hook.ClassAborted},
		"an exit":                {worker.Request{Payload: []byte("exit 3")}, "", hook.ClassCrashed},
		"the limit passes":       {worker.Request{Payload: []byte("hang"), CPU: 20 * time.Millisecond}, "", hook.ClassTimeout},
		"nonsense":               {worker.Request{Payload: []byte("raw 00000000ff00000000")}, "", hook.ClassCrashed},
		"it is good for no more": {worker.Request{Payload: []byte("retire x")}, "x", ""},
	} {
		t.Run(name, func(t *testing.T) {
			alert(t, p, name)
			got, err := awake(t.Context(), t, p, name, c.q)
			if class := classOf(t, err); got != c.want || class != c.ends {
				t.Errorf("%q, %q (%v), want %q, %q", got, class, err, c.want, c.ends)
			}
		})
	}
}

// TestAwakeAtAClosedPipe: both endings are right, as in TestAClosedPipe.
func TestAwakeAtAClosedPipe(t *testing.T) {
	p := newPool(t, nil)
	alert(t, p, "a")
	got, err := awake(t.Context(), t, p, "a", worker.Request{Payload: []byte("close")})
	if class := classOf(t, err); got != "" || class != hook.ClassCrashed && class != hook.ClassTimeout {
		t.Errorf("%q, %q (%v)", got, class, err)
	}
}

// TestAwakeIsGivenUp: by who asks, and by a kill in the middle.
func TestAwakeIsGivenUp(t *testing.T) {
	p := newPool(t, func(o *worker.Options) { o.Sizes.Spares = -1 })
	hang := worker.Request{Payload: []byte("hang"), CPU: time.Minute}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	alert(t, p, "a")
	meanwhile(t, p, cancel)
	if _, err := awake(ctx, t, p, "a", hang); classOf(t, err) != hook.ClassAborted || !errors.Is(err, context.Canceled) {
		t.Errorf("given up: %v", err)
	}
	eventually(t, "it is gone", func() bool { left, err := workers(); return err == nil && len(left) == 0 })
	alert(t, p, "b")
	pids, err := workers()
	if err != nil || len(pids) != 1 {
		t.Fatalf("%v are the workers: %v", pids, err)
	}
	pid, err := strconv.Atoi(pids[0])
	if err != nil || pid == os.Getpid() {
		t.Fatalf("%v: %v", pids, err)
	}
	meanwhile(t, p, func() { _ = syscall.Kill(pid, syscall.SIGKILL) })
	if _, err := awake(t.Context(), t, p, "b", hang); classOf(t, err) == "" || !worker.FailureOf(err).Outside {
		t.Errorf("killed: %v", err)
	}
}

// meanwhile does something 5 ms into the next run, however late that begins.
func meanwhile(t *testing.T, p *worker.Pool, do func()) {
	var watch sync.WaitGroup
	watch.Go(func() {
		for p.Stats().Running == 0 && t.Context().Err() == nil {
			pause(time.Millisecond)
		}
		pause(5 * time.Millisecond)
		do()
	})
	t.Cleanup(watch.Wait)
}

// TestWhoIsAwakeForWhom: for workers that were quick the last time, and nobody for others; to announce what does not come harms nobody.
func TestWhoIsAwakeForWhom(t *testing.T) {
	p := newPool(t, nil)
	p.Expect("a") // who has no worker expects nothing
	if _, err := asking(t.Context(), p, "a", worker.Request{Payload: []byte("echo x"), Awake: true}); err != nil || p.Stats().Awake != 0 {
		t.Errorf("somebody was awake for a worker that nobody knows: %v", err)
	}
	alert(t, p, "a")
	if _, err := awake(t.Context(), t, p, "a", worker.Request{Payload: []byte("sleep 20")}); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		p.Expect("a")
	}
	before := p.Stats().Awake
	if _, err := asking(t.Context(), p, "a", worker.Request{Payload: []byte("sleep 20"), Awake: true}); err != nil || p.Stats().Awake != before {
		t.Errorf("somebody was awake for one that took its time: %v", err)
	}
	for range 3 {
		p.Quick("a")
		p.Expect("a")
	}
	eventually(t, "a quick one is known for it", func() bool {
		before := p.Stats().Awake
		for range 2 {
			if _, err := asking(t.Context(), p, "a", worker.Request{Payload: []byte("echo x"), Awake: true}); err != nil {
				t.Fatal(err)
			}
		}
		return p.Stats().Awake == before+2
	})
}
