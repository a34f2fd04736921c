package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
)

// stream is one instance's traffic: so many uploads per second, at random times (Poisson).
type stream struct {
	host string
	rate float64
}

// seen is what one host's uploads met.
type seen struct {
	latencies []time.Duration // of all that were answered, from the time they were due
	successes int
	held      int
	failed    int // no answer at all
}

// add counts what another host met.
func (s *seen) add(o *seen) {
	s.latencies = append(s.latencies, o.latencies...)
	s.successes += o.successes
	s.held += o.held
	s.failed += o.failed
}

// offer sends the streams for a while and waits for the last answer.
func offer(ctx context.Context, t *target, streams []stream, d time.Duration) map[string]*seen {
	out := make(map[string]*seen, len(streams))
	var mu sync.Mutex
	var wg sync.WaitGroup
	start := time.Now()
	for _, s := range streams {
		mine := &seen{}
		out[s.host] = mine
		wg.Go(func() {
			due := start
			for {
				due = due.Add(time.Duration(rand.ExpFloat64() / s.rate * float64(time.Second)))
				if due.Sub(start) > d || ctx.Err() != nil {
					return
				}
				time.Sleep(time.Until(due))
				at := due
				wg.Go(func() {
					r, err := t.upload(ctx, s.host)
					took := time.Since(at)
					mu.Lock()
					defer mu.Unlock()
					switch {
					case err != nil:
						mine.failed++
						return
					case r.Status == success:
						mine.successes++
					default:
						mine.held++
					}
					mine.latencies = append(mine.latencies, took)
				})
			}
		})
	}
	wg.Wait()
	return out
}

func percentile(list []time.Duration, p float64) time.Duration {
	if len(list) == 0 {
		return 0
	}
	sorted := slices.Clone(list)
	slices.Sort(sorted)
	return sorted[int(p*float64(len(sorted)-1))]
}

func middle[T float64 | time.Duration](list []T) T {
	sorted := slices.Clone(list)
	slices.Sort(sorted)
	return sorted[len(sorted)/2]
}

// idleCPU reads how long all processors together have been idle, and how many there are. Linux only.
func idleCPU() (idle time.Duration, processors int, err error) {
	raw, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, 0, err
	}
	for line := range strings.Lines(string(raw)) {
		if strings.HasPrefix(line, "cpu ") {
			var user, nice, system, ticks int64
			if _, err := fmt.Sscanf(line, "cpu %d %d %d %d", &user, &nice, &system, &ticks); err != nil {
				return 0, 0, err
			}
			idle = time.Duration(ticks) * 10 * time.Millisecond
		} else if strings.HasPrefix(line, "cpu") {
			processors++
		}
	}
	return idle, processors, nil
}
