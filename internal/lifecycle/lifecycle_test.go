package lifecycle_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"

	"turnkey/internal/lifecycle"
)

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func TestStopWaitsForEveryTask(t *testing.T) {
	g := lifecycle.NewGroup(context.Background(), quiet())
	var ended atomic.Int32
	for range 20 {
		g.Go("task", func(ctx context.Context) error {
			<-ctx.Done()
			ended.Add(1)
			return ctx.Err()
		})
	}
	var callers sync.WaitGroup
	for range 4 { // concurrent and repeated Stop
		callers.Go(g.Stop)
	}
	callers.Wait()
	if ended.Load() != 20 {
		t.Errorf("%d of 20 tasks had ended when Stop returned", ended.Load())
	}
	if g.Go("late", func(context.Context) error { return nil }) {
		t.Error("a stopped group must refuse tasks")
	}
	select {
	case err := <-g.Failed():
		t.Errorf("cancellation is not a failure: %v", err)
	default:
	}
}

func TestAFailureIsReportedOnceWithItsName(t *testing.T) {
	g := lifecycle.NewGroup(context.Background(), quiet())
	boom := errors.New("boom")
	g.Go("poller", func(context.Context) error { return boom })
	if err := <-g.Failed(); !errors.Is(err, boom) || err.Error() != "poller: boom" {
		t.Errorf("got %v", err)
	}
	g.Stop()
}
