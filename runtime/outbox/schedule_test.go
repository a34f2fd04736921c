package outbox_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"turnkey/runtime/bundle"
	"turnkey/runtime/outbox"
	"turnkey/runtime/source"
)

// story is one random course of things: receivers that fail, hang and break, a source that is down at
// times, and a runtime that is replaced again and again while events go on being committed.
type story struct {
	*world
	dice *rand.Rand

	mu    sync.Mutex
	taken map[string]int // by id: how often a receiver said yes
}

func (s *story) roll(n int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dice.IntN(n)
}

func (s *story) answer(r *http.Request) (int, error) {
	switch s.roll(8) {
	case 0:
		return 500, nil
	case 1:
		return 404, nil
	case 2:
		return 0, errors.New("broken")
	case 3:
		<-r.Context().Done()
		return 0, r.Context().Err()
	case 4: // slow enough to be cut off by an end
		select {
		case <-time.After(7 * time.Second):
		case <-r.Context().Done():
			return 0, r.Context().Err()
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.taken[r.Header.Get("webhook-id")]++
	return 200, nil
}

func (s *story) down(down bool) {
	s.memory.mu.Lock()
	defer s.memory.mu.Unlock()
	if s.memory.fail = nil; down {
		s.memory.fail = &source.Failure{Class: source.Down, Code: "source_down", Change: -1}
	}
}

// TestWhateverHappensEveryEventIsDelivered: at the end of each story every event was taken, or has used up
// all of its attempts; none is forgotten, and none was attempted more often than that.
func TestWhateverHappensEveryEventIsDelivered(t *testing.T) {
	for seed := range uint64(60) {
		synctest.Test(t, func(t *testing.T) {
			s := &story{world: newWorld(t), dice: rand.New(rand.NewPCG(seed, 7)), taken: map[string]int{}}
			s.receive = s.answer
			s.live.Store(s.roll(2) == 0)
			s.config.Policy = outbox.Policy{First: time.Second, Factor: 2, Most: time.Minute, Attempts: 12, Timeout: 10 * time.Second}
			var ids []string
			for range 3 + s.roll(4) {
				s.start()
				for range 1 + s.roll(6) {
					ids = append(ids, s.memory.add([]string{"crm", "mail"}[s.roll(2)], s.roll(5), time.Now())...)
					if s.roll(3) > 0 { // or nobody tells: another process committed it
						s.Enqueued("ins_1")
					}
					s.down(s.roll(5) == 0)
					pass(time.Duration(s.roll(30_000)) * time.Millisecond)
				}
				s.end()
				if running := s.roll(20_000); running > 0 {
					pass(time.Duration(running) * time.Millisecond)
				}
			}
			s.down(false)
			s.start()
			pass(4 * time.Hour)
			s.end()
			for _, id := range ids {
				d := s.memory.get(id)
				switch {
				case d.Status == source.Delivered && s.taken[id] > 0 && d.Attempts <= 12:
				case d.Status == source.Dead && d.Attempts >= 12 && d.Last != nil:
				default:
					t.Errorf("seed %d: %s is %s after %d attempts, taken %d times", seed, id, d.Status, d.Attempts, s.taken[id])
				}
			}
		})
	}
}

// TestInstancesTakeTurns: more instances are due than rounds may run at once, and each has its turn though
// some have work without end.
func TestInstancesTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		const instances = 12
		memories := map[string]*memory{}
		bundles := map[string]*bundle.Bundle{}
		var list []outbox.Instance
		for n := range instances {
			host := fmt.Sprint("h", n)
			memories[host], bundles[host] = &memory{}, newBundle(map[string]string{"crm": "https://crm.example"})
			memories[host].add("crm", 1, time.Now())
			if n < 4 {
				memories[host].add("crm", 2000, time.Now())
			}
			list = append(list, outbox.Instance{ID: "ins_" + host, Host: host, Revision: 1})
		}
		w.receive = func(*http.Request) (int, error) {
			<-time.After(100 * time.Millisecond)
			return 200, nil
		}
		w.config.Instances = func() []outbox.Instance { return list }
		w.config.Visit = func(_ context.Context, host string, want func(*bundle.Bundle) bool, do func(outbox.Place) error) error {
			return do(outbox.Place{Bundle: bundles[host], Source: memories[host]})
		}
		w.config.Limits = outbox.Limits{Rounds: 2, Round: 2 * time.Second}
		w.start()
		defer w.end()
		pass(30 * time.Second)
		for host, m := range memories {
			if m.counts()[source.Delivered] == 0 {
				t.Errorf("%s had no turn", host)
			}
		}
	})
}
