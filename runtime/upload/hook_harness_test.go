package upload_test

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"turnkey/runtime/bundle"
	"turnkey/runtime/hook"
	"turnkey/runtime/hook/worker"
	"turnkey/runtime/hook/worker/workertest"
	"turnkey/runtime/source"
	"turnkey/runtime/upload"
)

// hookWorker is the program that pools of tests start, built when the first of them wants it.
var hookWorker struct {
	sync.Once
	programs *workertest.Programs
	err      error
}

func removeHookWorker() {
	if hookWorker.programs != nil {
		hookWorker.programs.Remove()
	}
}

// newPool makes a pool of real workers that ends with the test.
func newPool(t *testing.T) *worker.Pool { return newPoolOf(t, worker.Options{}) }

func newPoolOf(t *testing.T, opts worker.Options) *worker.Pool {
	t.Helper()
	hookWorker.Do(func() { hookWorker.programs, hookWorker.err = workertest.Build() })
	if hookWorker.err != nil {
		t.Fatal(hookWorker.err)
	}
	opts.Sizes.MaxWait, opts.Sizes.Start = 30*time.Second, time.Minute // a machine that stands still is no matter of these tests
	opts.Binary, opts.Log = hookWorker.programs.Engine, slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelError}))
	p, err := worker.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

// pooled fits a pool to the pipeline, as the product does, and shows what passes.
type pooled struct {
	*worker.Pool
	mu   sync.Mutex
	runs []hook.Run
	// session changes a session before it is used; nil: not.
	session func(upload.HookSession) upload.HookSession
}

func (p *pooled) Session(ctx context.Context, instance string, program *hook.Program) (upload.HookSession, error) {
	s, err := p.Pool.Session(ctx, instance, program)
	if err != nil {
		return nil, err
	}
	var out upload.HookSession = &pooledSession{s, p}
	if p.session != nil {
		out = p.session(out)
	}
	return out, nil
}

type pooledSession struct {
	*worker.Session
	of *pooled
}

func (s *pooledSession) Do(ctx context.Context, run *hook.Run, host upload.HookHost) (*hook.Ran, error) {
	s.of.mu.Lock()
	s.of.runs = append(s.of.runs, *run)
	s.of.mu.Unlock()
	return s.Session.Do(ctx, run, worker.HostCalls(host))
}

// calls gives how many calls of a function were made since the last time, and in how many requests.
func (p *pooled) calls(f hook.Function) (calls, requests int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range p.runs {
		n := 0
		for _, c := range p.runs[i].Calls {
			if c.Function == f {
				n++
			}
		}
		if n > 0 {
			calls, requests = calls+n, requests+1
		}
	}
	p.runs = nil
	return calls, requests
}

// bundled compiles hook files: path, text, path, text.
func bundled(t *testing.T, p *worker.Pool, files ...string) *hook.Program {
	t.Helper()
	var b hook.Bundle
	for i := 0; i < len(files); i += 2 {
		b.Files = append(b.Files, hook.File{Path: files[i], Text: files[i+1]})
	}
	out, err := p.Bundle(t.Context(), "bundler", b)
	if err != nil {
		t.Fatal(err)
	}
	if out.Program == nil {
		t.Fatalf("it does not compile: %+v", out.Diagnostics)
	}
	return out.Program
}

// hook makes the world's engine one with hooks.
func (w *world) hook(p *pooled, files ...string) {
	w.t.Helper()
	w.engine = w.hooked(p, w.src, nil, files...)
}

func (w *world) hooked(p *pooled, src source.Source, change func(*bundle.Bundle, *upload.Deps), files ...string) *upload.Engine {
	w.t.Helper()
	compiled := bundled(w.t, p.Pool, files...)
	var seeds atomic.Int32 // devices come at once
	return w.newEngineWith(src, 3, func(b *bundle.Bundle, d *upload.Deps) {
		b.Program, d.Hooks, d.Prepare = compiled, p, p.Prepare
		b.Instance.ID = w.t.Name() // a pool that is shared rests instances one by one
		d.Seed = func() string { return strings.Repeat("s", int(seeds.Add(1))) }
		if change != nil {
			change(b, d)
		}
	})
}

// todos wraps the body of a todos hook file's default export.
func todos(members string) []string {
	return []string{"hooks/todos.ts", "export default {\n" + members + "\n}"}
}
