package worker_test

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"turnkey/internal/fault"
	"turnkey/runtime/hook"
	"turnkey/runtime/hook/worker"
	"turnkey/runtime/hook/worker/wire"
)

// probed runs the escape attempts in a worker without the named layers.
func probed(t *testing.T, without ...string) (map[string]string, *worker.Pool) {
	t.Helper()
	p := newPool(t, func(o *worker.Options) { o.Without = without })
	raw := mustAsk(t, p, "a", fmt.Sprint("probe ", os.Getpid()))
	var out map[string]string
	if err := json.Unmarshal([]byte(raw), &out); err != nil {
		t.Fatal(err)
	}
	return out, p
}

func allowed(verdicts map[string]string) (names []string) {
	for name, verdict := range verdicts {
		if verdict != "denied" {
			names = append(names, name+": "+verdict)
		}
	}
	slices.Sort(names)
	return names
}

// TestNothingGetsOut: with every layer that this machine has, and with seccomp alone, each attempt is denied.
func TestNothingGetsOut(t *testing.T) {
	others := slices.DeleteFunc(wire.Layers(), func(name string) bool { return name == wire.Seccomp })
	for name, without := range map[string][]string{"all layers": nil, "seccomp alone": others} {
		t.Run(name, func(t *testing.T) {
			verdicts, p := probed(t, without...)
			layers, err := p.Layers(t.Context())
			if err != nil || !slices.Contains(layers.Active, wire.Seccomp) {
				t.Fatalf("layers %s, %v", layers, err)
			}
			t.Logf("%d attempts; %s", len(verdicts), layers)
			if got := allowed(verdicts); len(got) > 0 || len(verdicts) < 24 {
				t.Errorf("of %d attempts not denied: %s", len(verdicts), strings.Join(got, "; "))
			}
		})
	}
}

// TestTheProbeCanSucceed: without layers most attempts go through, so that the test above proves something; and
// without seccomp the belts still hold files.
func TestTheProbeCanSucceed(t *testing.T) {
	bare, _ := probed(t, wire.Layers()...)
	if got := allowed(bare); len(got) < 10 {
		t.Errorf("of %d attempts only %d go through in a bare process: %v", len(bare), len(got), got)
	}
	belts, p := probed(t, wire.Seccomp)
	layers, err := p.Layers(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("without seccomp (%s) these go through: %s", layers, strings.Join(allowed(belts), "; "))
	for _, name := range []string{"open a file", "list a folder", "write a file", "read the environment", "open memory"} {
		if belts[name] == "allowed" {
			t.Errorf("without seccomp: %s: %s", name, belts[name])
		}
	}
}

// TestForbiddenCallsKill: nobody asks for these by accident.
func TestForbiddenCallsKill(t *testing.T) {
	p := newPool(t, nil)
	for _, what := range []string{"exec", "ptrace", "vm", "bpf"} {
		_, err := ask(t.Context(), p, what, "forbidden "+what)
		if got := classOf(t, err); got != hook.ClassCrashed || !strings.Contains(err.Error(), "bad system call") {
			t.Errorf("%s ended as %q: %v", what, got, err)
		}
	}
}

// TestThreadsUnderSeccomp: Go starts threads when it likes, with flags that change between its versions.
func TestThreadsUnderSeccomp(t *testing.T) {
	p := newPool(t, nil)
	if got := mustAsk(t, p, "a", "threads 20"); got != "20" {
		t.Errorf("%s of 20 threads", got)
	}
}

// TestRequire: a layer that is missing is named, and so is one that nobody knows.
func TestRequire(t *testing.T) {
	have := newPool(t, nil)
	if err := have.Require(t.Context(), wire.Seccomp, wire.Memory); err != nil {
		t.Errorf("what holds was refused: %v", err)
	}
	if err := have.Require(t.Context(), "moat"); !fault.Is(err, "sandbox_layer") || !strings.Contains(fault.Of(err).Hint, wire.Seccomp) {
		t.Errorf("an unknown layer: %v", err)
	}
	lacks := newPool(t, func(o *worker.Options) { o.Without = []string{wire.Landlock, wire.Seccomp} })
	err := lacks.Require(t.Context(), "all")
	if !fault.Is(err, "sandbox_incomplete") {
		t.Fatalf("missing layers passed: %v", err)
	}
	var names []string
	for _, d := range fault.Of(err).Details {
		names = append(names, d.Path)
	}
	if !slices.Contains(names, wire.Landlock) || !slices.Contains(names, wire.Seccomp) || slices.Contains(names, wire.Memory) {
		t.Errorf("the fault names %v", names)
	}
}

// TestOnlyItsOwnDescriptors: what whoever started the runtime left open does not reach a hook.
func TestOnlyItsOwnDescriptors(t *testing.T) {
	leak, err := unix.Dup(int(os.Stderr.Fd())) // open across exec
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(leak)
	p := newPool(t, nil)
	if got := strings.Fields(mustAsk(t, p, "a", "fds")); len(got) != 7 || slices.Contains(got, fmt.Sprint(leak)) {
		t.Errorf("open are %v; want three for the standard streams, two pipes, and the poller's two; %d was leaked", got, leak)
	}
}
