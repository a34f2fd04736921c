package dashboardapi

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"turnkey/controlplane"
	"turnkey/runtime/hook"
	"turnkey/runtime/hook/worker"
	"turnkey/runtime/hook/worker/workertest"
)

// programs are what workers are started from: built for the first test that asks, removed by TestMain.
var programs struct {
	once sync.Once
	*workertest.Programs
	err error
}

// workers are real ones, with a count of what they were asked.
type workers struct {
	*worker.Pool
	asked atomic.Int64
	// before is called with each question; may be nil.
	before func()
}

func newWorkers(t *testing.T) *workers {
	t.Helper()
	programs.once.Do(func() { programs.Programs, programs.err = workertest.Build() })
	if programs.err != nil {
		t.Fatal(programs.err)
	}
	p, err := worker.New(worker.Options{Binary: programs.Engine, Sizes: worker.Sizes{MaxWait: 30 * time.Second, Start: time.Minute}, Log: slog.New(slog.NewTextHandler(t.Output(), nil))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return &workers{Pool: p}
}

// Bundle implements publish.Workers.
func (w *workers) Bundle(ctx context.Context, instance string, b hook.Bundle) (*hook.Bundled, error) {
	w.note()
	return w.Pool.Bundle(ctx, instance, b)
}

// Test implements publish.Workers.
func (w *workers) Test(ctx context.Context, instance string, t hook.Test) (*hook.Tested, error) {
	w.note()
	return w.Pool.Test(ctx, instance, t)
}

func (w *workers) note() {
	w.asked.Add(1)
	if w.before != nil {
		w.before()
	}
}

// with gives a shop these workers.
func (w *workers) with(c *controlplane.Config, _ *Config) { c.Workers = w }

// save stores hook files, by path.
func (s *shop) save(path string, files map[string]string) {
	s.Helper()
	for name, content := range files {
		s.must(call{method: put, path: path + "/files/" + name, as: s.ann, body: map[string]any{"content": content}})
	}
}

// configure saves a draft over whatever there is.
func (s *shop) configure(path, config string) {
	s.Helper()
	etag := s.must(call{method: get, path: path + "/config", as: s.ann}).Header().Get("ETag")
	s.must(call{method: put, path: path + "/config", as: s.ann, header: map[string]string{"If-Match": etag}, body: map[string]any{"config": config}})
}

// deploy is the request.
func (s *shop) deploy(path string) call {
	return call{method: post, path: path + "/deployments", as: s.ann, body: map[string]any{}}
}
