package upload_test

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"turnkey/runtime/bundle"
	"turnkey/runtime/hook"
	"turnkey/runtime/hook/worker"
	"turnkey/runtime/source"
	"turnkey/runtime/upload"
)

// TestEveryAttemptSeesTheSame: clock and randomness stay when an attempt is lost, the row is read anew, and what the
// lost attempt logged and enqueued is gone. Another write sees others.
func TestEveryAttemptSeesTheSame(t *testing.T) {
	p := &pooled{Pool: newPool(t)}
	onBoth(t, "", func(t *testing.T, w *world) {
		lossy := &unlucky{Source: w.src, failures: []source.Class{source.Conflict, source.Conflict}}
		e := w.hooked(p, lossy, withOutbox, todos(`beforeWrite(w, ctx) { ctx.enqueue("crm", ctx.now); w.data.title = Math.random() + " " + ctx.uuid() + " " + ctx.now.toISOString() }`)...)
		p.calls("")
		_, answer := w.send(e, "POST", transactions(crud(todo("PUT", 1, `"owner_id":"u1"`), todo("PUT", 2, `"owner_id":"u1"`))))
		if outcomes(t, answer)[0] != "success" {
			t.Fatal(answer)
		}
		p.mu.Lock()
		runs := p.runs
		p.mu.Unlock()
		if len(runs) != 3 {
			t.Fatalf("%d attempts", len(runs))
		}
		for _, r := range runs {
			if !r.Begin {
				t.Error("an attempt went on with another's global state")
			}
			for i, c := range r.Calls {
				if c.NowMS != runs[0].Calls[i].NowMS || c.Seed != runs[0].Calls[i].Seed || c.Seed == r.Calls[1-i].Seed {
					t.Errorf("call %d: %d %s", i, c.NowMS, c.Seed)
				}
			}
		}
		if a, b := w.row("todos", 1), w.row("todos", 2); a == b || len(w.deliveries()) != 2 {
			t.Errorf("%q, %q, %d deliveries", a, b, len(w.deliveries()))
		}
	})
}

// unlucky is a source whose commits fail at first.
type unlucky struct {
	source.Source
	failures []source.Class
}

func (f *unlucky) Begin(ctx context.Context, as source.Session) (source.Tx, error) {
	tx, err := f.Source.Begin(ctx, as)
	return &unluckyTx{tx, f}, err
}

type unluckyTx struct {
	source.Tx
	of *unlucky
}

func (t *unluckyTx) Apply(ctx context.Context, changes []source.Change, finish *source.Finish) error {
	if finish != nil && len(t.of.failures) > 0 {
		class := t.of.failures[0]
		t.of.failures = t.of.failures[1:]
		t.Tx.Rollback(ctx)
		return &source.Failure{Class: class, Code: "again", Message: "Again.", Change: -1}
	}
	return t.Tx.Apply(ctx, changes, finish)
}

// TestARepeatRunsNoHooks: what is known is answered from its receipt, whether it was applied, refused or dropped.
func TestARepeatRunsNoHooks(t *testing.T) {
	p := &pooled{Pool: newPool(t)}
	onBoth(t, "on_failure: skip\n", func(t *testing.T, w *world) {
		w.engine = w.hooked(p, w.src, withOutbox, todos(`beforeWrite(w, ctx) {
			ctx.enqueue("crm", 1);
			if (w.data.title === "no") ctx.reject("NO");
			if (w.data.title === "drop") return ctx.drop();
		}`)...)
		body := from("c1", crud(mine("PUT", 1, 1, `"owner_id":"u1","title":"a"`)), crud(mine("PUT", 2, 2, `"owner_id":"u1","title":"no"`)), crud(mine("PUT", 3, 3, `"owner_id":"u1","title":"drop"`)))
		want := []string{"success", "fatal_error NO 0", "success"}
		w.want(body, want...)
		p.calls("")
		w.want(body, want...)
		other := w.hooked(p, w.src, withOutbox, todos(`beforeWrite() { throw 1 }`)...)
		if _, answer := w.send(other, "POST", body); strings.Join(outcomes(t, answer), ";") != strings.Join(want, ";") {
			t.Error(answer)
		}
		if calls, _ := p.calls(hook.BeforeWrite); calls != 0 || len(w.deliveries()) != 2 {
			t.Errorf("%d calls, %d deliveries", calls, len(w.deliveries()))
		}
	})
}

// TestAKilledWorkerIsARetry: kill -9 in the middle of a transaction's hooks costs an attempt and nothing else.
func TestAKilledWorkerIsARetry(t *testing.T) {
	p := &pooled{Pool: newPoolOf(t, worker.Options{Sizes: worker.Sizes{Spares: -1}})} // a spare that is killed as it starts is another story
	onBoth(t, "", func(t *testing.T, w *world) {
		var kills atomic.Int32
		p.session = func(s upload.HookSession) upload.HookSession { return &killing{s, &kills} }
		w.engine = w.hooked(p, w.src, withOutbox, todos(`beforeWrite(w, ctx) { ctx.enqueue("crm", 1) }, async afterWrite(c, ctx) { try { await ctx.db.collection("todos").count() } catch {} }`)...)
		w.want(from("c1", crud(mine("PUT", 1, 1, `"owner_id":"u1"`), mine("PUT", 2, 2, `"owner_id":"u1"`))), "success")
		if kills.Load() != 1 {
			t.Errorf("%d kills", kills.Load())
		}
		if w.row("todos", 1) == "" || w.row("todos", 2) == "" || len(w.deliveries()) != 2 {
			t.Errorf("%q, %q, %d deliveries", w.row("todos", 1), w.row("todos", 2), len(w.deliveries()))
		}
	})
}

// killing ends the workers with the first call of ctx.db that is answered.
type killing struct {
	upload.HookSession
	kills *atomic.Int32
}

func (k *killing) Do(ctx context.Context, run *hook.Run, host upload.HookHost) (*hook.Ran, error) {
	return k.HookSession.Do(ctx, run, func(ctx context.Context, call *hook.HostCall) (hook.HostResult, error) {
		answer, err := host(ctx, call)
		if !answer.Abort && k.kills.CompareAndSwap(0, 1) {
			killWorkers()
		}
		return answer, err
	})
}

// killWorkers ends the worker processes of this test, by their ids.
func killWorkers() {
	exes, err := filepath.Glob("/proc/[0-9]*/exe")
	if err != nil {
		return
	}
	for _, exe := range exes {
		path, err := os.Readlink(exe)
		if pid, convErr := strconv.Atoi(filepath.Base(filepath.Dir(exe))); err == nil && convErr == nil && path == hookWorker.programs.Engine {
			_ = syscall.Kill(pid, syscall.SIGKILL) // it may have ended by itself
		}
	}
}

// TestHooksThatRestHoldNoQueue: once a program has ended three workers it gets none for a while. A write whose first try was the third has its
// second all the same: as something for later it would come again, and end the next.
func TestHooksThatRestHoldNoQueue(t *testing.T) {
	onBoth(t, "", func(t *testing.T, w *world) {
		began := time.Now() // the pool's time stands still: the rest must not be over, however long a machine takes to get to it
		p := &pooled{Pool: newPoolOf(t, worker.Options{Now: func() time.Time { return began }})}
		w.hook(p, todos(`beforeWrite(w) { if (w.data.title === "bomb") { let s = "ab"; for (;;) s += s } }`)...)
		w.want(from("c1", crud(mine("PUT", 1, 1, `"owner_id":"u1","title":"bomb"`))), "fatal_error hook_out_of_memory 0")
		if deaths := p.Stats().Deaths[hook.ClassOutOfMemory]; deaths != 2 {
			t.Errorf("%d deaths, want that of one more try", deaths)
		}
		w.want(from("c1", crud(mine("PUT", 2, 2, `"owner_id":"u1","title":"bomb"`))), "fatal_error hook_out_of_memory 0")
		if stats := p.Stats(); stats.Deaths[hook.ClassOutOfMemory] != 4 || stats.Opened != 1 {
			t.Errorf("%d deaths, %d rests: want two tries of each, and one rest", stats.Deaths[hook.ClassOutOfMemory], stats.Opened)
		}
		w.want(from("c2", crud(mine("PUT", 3, 3, `"owner_id":"u1","title":"fine"`))), "retryable_error hook_unavailable")
		if n := len(w.rejections(source.RejectionFilter{Limit: 10})); n != 2 {
			t.Errorf("%d rejections are kept, want both", n)
		}
	})
}

// TestNoWorkerIsLater: where no worker is to be had the write waits, and the queue of others does not.
func TestNoWorkerIsLater(t *testing.T) {
	p := &pooled{Pool: newPool(t)}
	onBoth(t, "", func(t *testing.T, w *world) {
		e := w.hooked(p, w.src, func(_ *bundle.Bundle, d *upload.Deps) { d.Hooks = noWorkers{} }, todos(`beforeWrite() {}`)...)
		_, answer := w.send(e, "POST", transactions(crud(todo("PUT", 1, `"owner_id":"u1"`)), crud(name("PUT", 0, 1, "x"))))
		if got := strings.Join(outcomes(t, answer), ";"); got != "retryable_error hook_unavailable;not_attempted" || !strings.Contains(answer, `"retry_after_ms":7000`) {
			t.Error(answer)
		}
		_, answer = w.send(e, "POST", transactions(crud(name("PUT", 0, 1, "x"))))
		if outcomes(t, answer)[0] != "success" || e.Degraded() != nil {
			t.Errorf("a table without hooks: %s, %v", answer, e.Degraded())
		}
	})
}

type noWorkers struct{}

func (noWorkers) Session(context.Context, string, *hook.Program) (upload.HookSession, error) {
	return nil, &worker.Failure{Class: hook.ClassUnavailable, Message: "None.", RetryAfter: 7 * time.Second}
}

// TestTablesWithoutHooksKeepTheirShortcuts: beside a table with hooks, in the same instance, what was fast is.
func TestTablesWithoutHooksKeepTheirShortcuts(t *testing.T) {
	p := &pooled{Pool: newPool(t)}
	w := postgresWorld(t, "")
	counted := countedSource{w.src, map[source.ChangeKind]int{}}
	e := w.hooked(p, counted, nil, todos(`beforeWrite() {}`)...)
	w.send(e, "POST", from("c1", crud(name("PUT", 1, 1, "a")))) // learns where the receipts stand
	p.calls("")
	for i := range 5 {
		if _, answer := w.send(e, "POST", from("c1", crud(name("PUT", 10+i, 2+i, "b")))); outcomes(t, answer)[0] != "success" {
			t.Fatal(answer)
		}
	}
	if calls, _ := p.calls(hook.BeforeWrite); counted.done[source.Insert] != 5 || calls != 0 {
		t.Errorf("%v shortcuts, %d calls", counted.done, calls)
	}
	w.send(e, "POST", from("c1", crud(mine("PUT", 30, 1, `"owner_id":"u1"`))))
	w.send(e, "POST", from("c1", crud(mine("PATCH", 31, 1, `"title":"b"`)))) // its hook sees the row
	if calls, _ := p.calls(hook.BeforeWrite); counted.done[source.Insert] != 6 || counted.done[source.Update] != 0 || calls != 2 {
		t.Errorf("%v shortcuts, %d calls", counted.done, calls)
	}
}

// TestAfterCommitIsNoShortcut: a table with nothing but afterCommit is written with its delivery, every time.
func TestAfterCommitIsNoShortcut(t *testing.T) {
	p := &pooled{Pool: newPool(t)}
	w := postgresWorld(t, "")
	counted := countedSource{w.src, map[source.ChangeKind]int{}}
	e := w.hooked(p, counted, nil, todos(`afterCommit() {}`)...)
	for i := range 6 {
		if _, answer := w.send(e, "POST", from("c1", crud(mine("PUT", 10+i, 1+i, `"owner_id":"u1"`)))); outcomes(t, answer)[0] != "success" {
			t.Fatal(answer)
		}
	}
	if n := len(w.deliveries()); n != 6 || len(counted.done) != 0 {
		t.Errorf("%d deliveries, shortcuts %v", n, counted.done)
	}
}
