package worker_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"turnkey/runtime/hook"
	"turnkey/runtime/hook/example"
	"turnkey/runtime/hook/worker"
)

// newEnginePool makes a pool whose workers run hooks for real.
func newEnginePool(t *testing.T, change func(*worker.Options)) *worker.Pool {
	t.Helper()
	return newPool(t, func(o *worker.Options) {
		o.Binary = programs.Engine
		if change != nil {
			change(o)
		}
	})
}

// bundled compiles one hook file for the table t.
func bundled(t *testing.T, p *worker.Pool, source string) *hook.Program {
	t.Helper()
	b, err := p.Bundle(t.Context(), "bundler", hook.Bundle{Files: []hook.File{{Path: "hooks/t.ts", Text: source}}})
	if err != nil {
		t.Fatal(err)
	}
	if b.Program == nil {
		t.Fatalf("it does not compile: %v", b.Diagnostics)
	}
	return b.Program
}

// row is what the typical hook gets.
const row = `{"title":"  Paint   the fence ","status":"open","priority":3,"assignee_email":"ada@example.com","tags":["Home","garden","home"],` +
	`"due":"2026-12-01T10:00:00.000Z","estimate":2.5,"notes":"both sides, and mind the roses on the left of the gate","owner_id":"u1","updated_by":"u0"}`

const stored = `{"title":"Paint the fence","status":"done","priority":1,"assignee_email":null,"tags":["home"],"due":null,"estimate":2,"notes":"","owner_id":"u1"}`

// writes makes a run of n operations on the table t.
func writes(t *testing.T, program *hook.Program, n int, limit time.Duration) *hook.Run {
	t.Helper()
	run := &hook.Run{Hash: program.Hash, Begin: true, User: &hook.User{ID: "u1"}, Limits: hook.DefaultLimits()}
	run.Limits.TimeMS = int(limit / time.Millisecond)
	for i := range n {
		call, err := hook.CallBeforeWrite(hook.Moment{NowMS: 1_790_000_000_000, Seed: fmt.Sprint("seed ", i)}, hook.Write{
			Op: "PUT", Table: "t", ID: fmt.Sprint(i), Data: []byte(row), PreviousValues: []byte("null"), Metadata: []byte("null"), Old: []byte(stored),
		})
		if err != nil {
			t.Fatal(err)
		}
		run.Calls = append(run.Calls, call)
	}
	return run
}

// do is one transaction of one run.
func do(t *testing.T, p *worker.Pool, instance string, program *hook.Program, run *hook.Run, host worker.HostCalls) (*hook.Ran, error) {
	t.Helper()
	s, err := p.Session(t.Context(), instance, program)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	return s.Do(t.Context(), run, host)
}

// TestAHookRuns from source to result, one operation or a hundred.
func TestAHookRuns(t *testing.T) {
	p := newEnginePool(t, nil)
	program := bundled(t, p, example.Typical)
	for _, n := range []int{1, 100} {
		ran, err := do(t, p, "a", program, writes(t, program, n, time.Second), nil)
		if err != nil {
			t.Fatal(err)
		}
		last := ran.Outcomes[n-1]
		if len(ran.Outcomes) != n || last.Result != hook.Changed {
			t.Fatalf("%d outcomes, the last %+v", len(ran.Outcomes), last)
		}
		if want := `"title":"Paint the fence"`; !strings.Contains(string(last.Value), want) || !strings.Contains(string(last.Value), `"updated_by":"u1"`) {
			t.Errorf("the value is %s", last.Value)
		}
	}
	if layers, err := p.Layers(t.Context()); err != nil || len(layers.Failed) > 0 {
		t.Logf("layers: %s, %v", layers, err)
	}
}
