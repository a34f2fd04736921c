package postgres

import (
	"context"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"turnkey/runtime/source"
	"turnkey/runtime/source/guard"
	"turnkey/runtime/source/sourcetest"
)

func guarded(t *testing.T, src source.Source) *guard.Guard {
	return guard.New(src, guard.Options{Call: 15 * time.Second, Stop: context.WithoutCancel(t.Context()), Now: time.Now, Random: func() float64 { return 0.5 }})
}

// Behind its guard, as every source is in production, the source keeps all its promises.
func TestConformanceBehindTheGuard(t *testing.T) {
	sourcetest.Run(t, func(t *testing.T) *sourcetest.Harness {
		h := harness(t, open(t, items(t)))
		h.Source = guarded(t, h.Source).Pipeline()
		return h
	})
}

// blackHole accepts connections and never says a word.
func blackHole(t *testing.T) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() { _, _ = io.Copy(io.Discard, conn); conn.Close() })
		}
	})
	t.Cleanup(func() { l.Close(); wg.Wait() })
	return l.Addr().String()
}

// Sixteen uploads meet a database that takes connections and says nothing: one tries, and all are told
// after one time-out of connecting, not one after the other.
func TestABlackHoleCostsOneTimeOut(t *testing.T) {
	atOnce := false
	for try := 0; !atOnce && try < 3; try++ { // the machine may stand still for the time of connecting
		atOnce = meetABlackHole(t)
	}
	if !atOnce {
		t.Error("the mode comes after an answer")
	}
}

// meetABlackHole tells whether the mode was there before anybody had an answer.
func meetABlackHole(t *testing.T) (atOnce bool) {
	t.Helper()
	g := guarded(t, open(t, "postgres://u:p@"+blackHole(t)+"/db?sslmode=disable"))
	t.Cleanup(func() { _ = g.Close() })
	before := time.Now()
	var wg sync.WaitGroup
	var told atomic.Int64
	for range 16 {
		wg.Go(func() {
			defer told.Add(1)
			_, err := g.Columns(t.Context(), &source.Table{Name: "items", Collection: "public.items", Key: "id"})
			if f := source.FailureOf(err); f == nil || f.Class != source.Down {
				t.Errorf("%v", err)
			}
		})
	}
	mode := g.Mode()
	if atOnce = told.Load() == 0; mode.Atomicity != "transactions" {
		t.Errorf("the mode: %+v", mode)
	}
	wg.Wait()
	if took := time.Since(before); took > 8*connectTimeout { // one after the other would take 16
		t.Errorf("the last was told after %v", took)
	}
	if s, _ := g.Status(); s.Failures != 1 {
		t.Errorf("one contact, %d failures", s.Failures)
	}
	return atOnce
}
