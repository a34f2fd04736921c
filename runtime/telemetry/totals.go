package telemetry

import "sync"

// maxTotals bounds the totals; codes come from hooks, too.
const maxTotals = 2000

// totals are a process's counters since its start, over all instances, for its operator. Labels that
// belong to a customer (tables, outboxes) are left out.
type totals struct {
	mu       sync.Mutex
	series   map[Series]int64
	entries  int64
	failures int64
}

func (t *totals) add(s Series, n int64) {
	switch s.Name {
	case TableLatency: // without the table it says what Latency says
		return
	case Operations, Deliveries, Conflict, NoPrevious, HookRuns, HookDuration, HookLatency:
		s.Label = ""
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.series == nil {
		t.series = map[Series]int64{}
	}
	if _, known := t.series[s]; !known && len(t.series) >= maxTotals && s.Label != "" {
		s.Label = Other
	}
	t.series[s] += n
}

func (t *totals) shipped(entries int) {
	t.mu.Lock()
	t.entries += int64(entries)
	t.mu.Unlock()
}

func (t *totals) failure() {
	t.mu.Lock()
	t.failures++
	t.mu.Unlock()
}

// Totals are a process's counters since its start.
type Totals struct {
	Series map[Series]int64
	// Shipped entries; Failures of sending; Waiting entries now; Instances that are metered now.
	Shipped, Failures, Waiting, Instances int64
}

// Totals gives what was flushed so far. It is as fresh as the last flush.
func (r *Recorder) Totals() Totals {
	r.mu.RLock()
	instances := len(r.meters)
	r.mu.RUnlock()
	r.totals.mu.Lock()
	defer r.totals.mu.Unlock()
	out := Totals{Series: make(map[Series]int64, len(r.totals.series)), Shipped: r.totals.entries, Failures: r.totals.failures,
		Waiting: r.waiting.Load(), Instances: int64(instances)}
	for s, n := range r.totals.series {
		out.Series[s] = n
	}
	return out
}
