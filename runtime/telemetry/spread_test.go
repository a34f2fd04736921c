package telemetry

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// spreadsOf gives the histograms that a recorder counted, by name and label.
func spreadsOf(r *Recorder) map[string]map[string]int64 {
	out := map[string]map[string]int64{}
	r.counts(func(c Count) {
		if c.Name != TableLatency && c.Name != HookLatency {
			return
		}
		key := string(c.Name) + " " + c.Label
		if out[key] == nil {
			out[key] = map[string]int64{}
		}
		out[key][c.Outcome] += c.N
	})
	return out
}

// TestSpreads: applied transactions count for each table that they wrote, calls for their hook, each by itself.
func TestSpreads(t *testing.T) {
	r := NewRecorder(Bounds{}, time.Now)
	call := HookCalls{Hook: "todos.beforeWrite", Result: "kept", Calls: 3}
	for _, us := range []int64{90, 95, 7000} {
		call.Spread.Add(us)
	}
	e := Entry{Instance: "i", Kind: Transaction, Outcome: Success, DurationUS: 3000, Operations: []TableOperations{{Table: "todos"}, {Table: "lists"}, {Table: Other}}, Hooks: []HookCalls{call}}
	r.Record(e)
	e.Outcome, e.Hooks = Fatal, nil
	r.Record(e)
	got := spreadsOf(r)
	want := fmt.Sprint(map[string]map[string]int64{
		"table_latency todos": {Bucket(3000): 1}, "table_latency lists": {Bucket(3000): 1}, "hook_latency todos.beforeWrite": {Bucket(90): 2, Bucket(7000): 1},
	})
	if fmt.Sprint(got) != want {
		t.Errorf("counted %v, want %s", got, want)
	}
}

// TestSpreadsAreBounded: an instance with any number of tables and hooks has so many histograms, and no call is lost.
func TestSpreadsAreBounded(t *testing.T) {
	r := NewRecorder(Bounds{Series: 20}, time.Now)
	const calls = 300
	for turn := range 3 { // also when what was counted is taken away in between
		for n := range calls {
			call := HookCalls{Hook: fmt.Sprintf("t%d.beforeWrite", n), Result: "kept", Calls: 1}
			call.Spread.Add(int64(n))
			r.Record(Entry{Instance: "i", Kind: Transaction, Outcome: Success, DurationUS: int64(n * n), Operations: []TableOperations{{Table: fmt.Sprint("t", n)}}, Hooks: []HookCalls{call}})
		}
		got := spreadsOf(r)
		if len(got) != 2*(maxApart+1) {
			t.Errorf("turn %d: %d histograms, want %d", turn, len(got), 2*(maxApart+1))
		}
		total := int64(0)
		for _, counts := range got {
			for _, n := range counts {
				total += n
			}
		}
		if total != 2*calls {
			t.Errorf("turn %d: %d durations were counted, want %d", turn, total, 2*calls)
		}
		if got["table_latency "+Other] == nil || got["hook_latency t0.beforeWrite"] == nil {
			t.Errorf("turn %d: told are %v", turn, slices.Sorted(maps.Keys(got)))
		}
	}
}

// TestQuantilesOfMergedSpreads: histograms of several runtimes, added up, say what one of all would have said, and a quantile
// is within its bucket of the exact one.
func TestQuantilesOfMergedSpreads(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := rapid.SliceOfN(rapid.Int64Range(0, 30_000_000), 1, 200).Draw(t, "durations")
		parts := rapid.IntRange(1, 4).Draw(t, "runtimes")
		spreads := make([]Spread, parts)
		var one Spread
		for n, us := range all {
			spreads[n%parts].Add(us)
			one.Add(us)
		}
		merged, whole := map[string]int64{}, map[string]int64{}
		for _, s := range spreads {
			for _, b := range s {
				merged[bucketLabels[b.bucket]] += int64(b.n)
			}
		}
		for _, b := range one {
			whole[bucketLabels[b.bucket]] += int64(b.n)
		}
		if !maps.Equal(merged, whole) {
			t.Fatalf("merged %v, whole %v", merged, whole)
		}
		slices.Sort(all)
		for _, q := range []float64{0.5, 0.9, 0.99} {
			exact := all[max(0, int(q*float64(len(all))+0.999999)-1)]
			got := Quantile(merged, q)
			low, high := 0.0, 0.0
			if n := bucketOf(exact); n > 0 {
				low, high = bucketEnds[n-1], bucketEnds[n]
			} else {
				high = bucketEnds[0]
			}
			if got < low-1e-6 || got > high+1e-6 {
				t.Fatalf("quantile %v is %v, the exact one %d is in (%v, %v]", q, got, exact, low, high)
			}
		}
	})
}
