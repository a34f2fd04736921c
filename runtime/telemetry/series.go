package telemetry

import (
	"math"
	"strconv"
)

// Name says what a counter counts.
type Name string

// The counters, with what their Label and Outcome are.
const (
	Transactions   Name = "transactions"       // outcome
	Operations     Name = "operations"         // label: table; outcome of their transaction
	Errors         Name = "errors"             // label: code; outcome
	Tokens         Name = "tokens"             // label: code where refused; outcome
	Latency        Name = "latency"            // label: bucket of a transaction's duration
	Duration       Name = "duration_us"        // the sum of transactions' durations
	DatabaseTime   Name = "database_us"        // what of it was spent in the customer's database
	TableLatency   Name = "table_latency"      // label: table; outcome: bucket of the duration of applied transactions that wrote it
	Conflict       Name = "conflicts"          // label: table; outcome: client, server, merged, rejected, recorded
	NoPrevious     Name = "no_previous_values" // label: table; operations
	Retries        Name = "retries"            // transactions that started over, each time
	Deliveries     Name = "deliveries"         // attempts; label: where to; outcome
	HookKills      Name = "hook_kills"         // workers that a hook cost; label: class
	HookRuns       Name = "hook_calls"         // label: hook, as in todos.beforeWrite; outcome: what they came to
	HookDuration   Name = "hook_us"            // label: hook; the sum of the calls' durations
	HookLatency    Name = "hook_latency"       // label: hook; outcome: bucket of one call's duration
	DroppedEntries Name = "dropped_entries"    // log entries that there was no room for
	DroppedDevices Name = "dropped_devices"    // sightings of devices that there was no room for
)

// spread tells the names of histograms, whose counters are buckets.
func (n Name) spread() bool { return n == Latency || n == TableLatency || n == HookLatency }

// Names lists the counters.
var Names = []Name{
	Transactions, Operations, Errors, Tokens, Latency, Duration, DatabaseTime, TableLatency, Conflict, NoPrevious, Retries, Deliveries, HookKills, HookRuns, HookDuration, HookLatency,
	DroppedEntries, DroppedDevices,
}

// Series is one counter of an instance.
type Series struct {
	Name    Name   `json:"name"`
	Label   string `json:"label,omitempty"`
	Outcome string `json:"outcome,omitempty"`
}

// Other is the label of what has more labels than are kept apart.
const Other = "(other)"

// Buckets of durations grow by the square root of two from 100 us: bucket i ends at
// 100 us * 2^(i/2), the last one is open. A quantile read from them is off by at most 41 %, mostly far less.
const (
	bucketFirst = 100.0 // microseconds
	bucketCount = 42    // the last but one ends at 104 s
)

// bucketLabels are the decimal numbers of the buckets, made once: recording must not allocate.
var bucketLabels = func() (out [bucketCount]string) {
	for i := range out {
		out[i] = strconv.Itoa(i)
	}
	return out
}()

// bucketEnds are the buckets' inclusive upper ends in microseconds.
var bucketEnds = func() (out [bucketCount - 1]float64) {
	for i := range out {
		out[i] = bucketFirst * math.Pow(2, float64(i)/2)
	}
	return out
}()

// Bucket gives the label of the bucket that holds a duration.
func Bucket(us int64) string { return bucketLabels[bucketOf(us)] }

func bucketOf(us int64) int {
	low, high := 0, len(bucketEnds)
	for low < high {
		if mid := (low + high) / 2; float64(us) > bucketEnds[mid] {
			low = mid + 1
		} else {
			high = mid
		}
	}
	return low
}

// BucketEnd gives the upper end of a bucket in microseconds, +Inf for the last; false for what is no bucket.
func BucketEnd(label string) (float64, bool) {
	i, err := strconv.Atoi(label)
	if err != nil || i < 0 || i >= bucketCount {
		return 0, false
	}
	if i == bucketCount-1 {
		return math.Inf(1), true
	}
	return bucketEnds[i], true
}

// BucketLabels lists the buckets' labels in order.
func BucketLabels() []string { return bucketLabels[:] }

// Quantile reads a quantile (0 to 1) of durations in microseconds from counts by bucket label, linear
// within the bucket; 0 when there are none.
func Quantile(counts map[string]int64, q float64) float64 {
	var total int64
	for _, n := range counts {
		total += n
	}
	rank, below := q*float64(total), 0.0
	for i, label := range bucketLabels {
		n := float64(counts[label])
		if n == 0 || below+n < rank {
			below += n
			continue
		}
		start := 0.0
		if i > 0 {
			start = bucketEnds[i-1]
		}
		if i == bucketCount-1 {
			return start // nothing is known of how far the open bucket reaches
		}
		return start + (bucketEnds[i]-start)*(rank-below)/n
	}
	return 0
}
