package worker_test

import (
	"context"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"turnkey/runtime/hook/worker"
)

// niceOf is the priority of each worker, as Unix counts it.
func niceOf(t *testing.T) (list []int) {
	t.Helper()
	pids, err := workers()
	if err != nil {
		t.Fatal(err)
	}
	for _, pid := range pids {
		raw, err := os.ReadFile("/proc/" + pid + "/stat")
		_, rest, _ := strings.Cut(string(raw), ") ")
		if fields := strings.Fields(rest); err == nil && len(fields) > 16 {
			nice, _ := strconv.Atoi(fields[16])
			list = append(list, nice)
		}
	}
	return list
}

// TestTheLastAreFed: a run that makes way for all others, and gets no processor for a while, does not stay at the end of the line.
func TestTheLastAreFed(t *testing.T) {
	if !worker.MayRaise() {
		return // then nobody is put there: TestLongRunsYield
	}
	p := newPool(t, func(o *worker.Options) { o.Limits.CPU, o.Sizes.Spares = 10*time.Second, -1 })
	mustAsk(t, p, "a", "echo x")
	calm := niceOf(t)
	ctx, stop := context.WithCancel(t.Context())
	answered := make(chan error)
	go func() {
		_, err := ask(ctx, p, "a", "sleep 60000") // by a worker that is untried, so it comes last
		answered <- err
	}()
	seen := map[int]bool{}
	eventually(t, "it is raised, though not as high as a brief run", func() bool {
		now := niceOf(t)
		if len(now) == 1 {
			seen[now[0]] = true
		}
		return len(now) == 1 && now[0] == worker.NiceLong
	})
	stop()
	<-answered
	for nice := range seen {
		if nice != worker.NiceLong && nice != worker.NiceLast && !slices.Equal(calm, []int{nice}) {
			t.Errorf("it was at %d", nice)
		}
	}
}

// TestASlowStartIsFed: what starts does not stay at the end of the line either, if it is not ready in a while.
func TestASlowStartIsFed(t *testing.T) {
	if !worker.MayRaise() {
		return // it begins where it is to be
	}
	p := newPool(t, func(o *worker.Options) { o.Binary = "/usr/bin/yes" }) // is never ready
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() {
		_, err := p.Layers(ctx)
		ended <- err
	}()
	eventually(t, "it is raised", func() bool { return slices.Equal(niceOf(t), []int{worker.NiceLong}) })
	stop()
	if err := <-ended; err == nil {
		t.Error("it was ready")
	}
}

// TestLongRunsYield: a run that lasts makes way for all others, and the next one of its instance does not.
func TestLongRunsYield(t *testing.T) {
	p := newPool(t, func(o *worker.Options) { o.Limits.CPU, o.Limits.Calls, o.Sizes.Spares = 400*time.Millisecond, 1000, -1 })
	mustAsk(t, p, "a", "echo x")
	calm := niceOf(t)
	var lowest []int
	host := func(context.Context, []byte) ([]byte, error) {
		if lowest = niceOf(t); !slices.Equal(lowest, calm) {
			return []byte("enough"), nil
		}
		return []byte("go on"), nil
	}
	if _, err := asking(t.Context(), p, "a", worker.Request{Payload: []byte("toil 20"), Host: host}); err != nil {
		t.Fatal(err)
	}
	if len(calm) != 1 || len(lowest) != 1 || lowest[0] <= calm[0] {
		t.Errorf("before the run %v, in it %v", calm, lowest)
	}
	mustAsk(t, p, "a", "echo x") // by the same worker, or by another where its priority cannot be raised
	eventually(t, "it is as before", func() bool { return slices.Equal(niceOf(t), calm) })
}
