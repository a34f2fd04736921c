package dashboardapi

import (
	"context"
	"math"
	"sort"
	"time"

	"turnkey/controlplane"
	"turnkey/runtime/telemetry"
)

type metricInput struct {
	InstancePath
	Since time.Time `query:"since" doc:"Default: an hour before until"`
	Until time.Time `query:"until" doc:"Default: now"`
	Step  int       `query:"step" minimum:"60" maximum:"86400" multipleOf:"60" default:"60" doc:"Seconds"`
}

type metricOutput struct {
	Body struct {
		Since  time.Time     `json:"since"`
		Until  time.Time     `json:"until"`
		Step   int           `json:"step"`
		Total  metricSums    `json:"total" doc:"Of the whole range"`
		Points []metricPoint `json:"points" nullable:"false" doc:"Steps in which anything was counted, in order of time"`
	}
}

type metricPoint struct {
	At time.Time `json:"at" doc:"The start of the step"`
	MetricSums
}

// metricSums is what was counted in some time.
type metricSums struct {
	Transactions     map[string]int64  `json:"transactions" doc:"By outcome: success, fatal_error, retryable_error, not_attempted"`
	Operations       []operationMetric `json:"operations" nullable:"false"`
	Errors           []errorMetric     `json:"errors" nullable:"false" doc:"By code and outcome; retryable_error are those that clients try again"`
	Tokens           map[string]int64  `json:"tokens" doc:"By outcome: issued, refused, unavailable"`
	TokenErrors      []errorMetric     `json:"token_errors" nullable:"false"`
	Latency          latencyMetric     `json:"latency" doc:"Of transactions that were attempted"`
	NoPreviousValues int64             `json:"no_previous_values" doc:"Operations that could have conflicted but came without previous values"`
	Conflicts        map[string]int64  `json:"conflicts" doc:"Conflicting columns by outcome: client, server, merged, rejected, recorded"`
	Tables           []tableMetric     `json:"tables" nullable:"false" doc:"The two before, and durations, by table; tables without any are left out"`
	Retries          int64             `json:"retries" doc:"How often a conflict made transactions start over"`
	Deliveries       []deliveryMetric  `json:"deliveries" nullable:"false" doc:"Attempts, by outbox and outcome: success, retryable_error, fatal_error (given up)"`
	Hooks            []hookMetric      `json:"hooks" nullable:"false" doc:"Calls of hooks inside transactions, by function"`
	HookKills        map[string]int64  `json:"hook_kills" doc:"Workers that hooks cost, by why: hook_timeout, hook_out_of_memory, hook_crashed"`
	DroppedEntries   int64             `json:"dropped_log_entries" doc:"Log entries that there was no room for; counters miss nothing"`
	DroppedDevices   int64             `json:"dropped_devices" doc:"Sightings of devices that there was no room for"`
}

type operationMetric struct {
	Table   string `json:"table"`
	Outcome string `json:"outcome"`
	Count   int64  `json:"count"`
}

type deliveryMetric struct {
	Outbox  string `json:"outbox"`
	Outcome string `json:"outcome"`
	Count   int64  `json:"count"`
}

type tableMetric struct {
	Table            string           `json:"table"`
	Conflicts        map[string]int64 `json:"conflicts" doc:"By outcome"`
	NoPreviousValues int64            `json:"no_previous_values"`
	Latency          *quantiles       `json:"latency,omitempty" doc:"Of applied transactions that wrote it. 50 tables are told apart, the rest is (other)"`
}

// quantiles are read from buckets, and so up to 41 % off, mostly far less.
type quantiles struct {
	Count int64 `json:"count"`
	P50   int64 `json:"p50_us" doc:"Microseconds"`
	P90   int64 `json:"p90_us"`
	P99   int64 `json:"p99_us"`
}

func shapeQuantiles(counts map[string]int64) *quantiles {
	if len(counts) == 0 {
		return nil
	}
	l := shapeLatency(counts)
	return &quantiles{l.Count, l.P50, l.P90, l.P99}
}

type hookMetric struct {
	Hook    string           `json:"hook" doc:"File and function, as in todos.beforeWrite"`
	Calls   int64            `json:"calls"`
	Results map[string]int64 `json:"results" doc:"Calls by what they came to"`
	Total   int64            `json:"total_us" doc:"Microseconds in the worker, together"`
	Mean    int64            `json:"mean_us"`
	Latency *quantiles       `json:"latency,omitempty" doc:"Of single calls. 50 hooks are told apart, the rest is (other)"`
}

type errorMetric struct {
	Code    string `json:"code"`
	Outcome string `json:"outcome"`
	Count   int64  `json:"count"`
}

type latencyMetric struct {
	Count    int64           `json:"count"`
	Mean     int64           `json:"mean_us" doc:"Microseconds; exact"`
	Database int64           `json:"database_mean_us" doc:"What of that was spent in the database, on average"`
	P50      int64           `json:"p50_us" doc:"Microseconds; read from the buckets"`
	P90      int64           `json:"p90_us"`
	P95      int64           `json:"p95_us"`
	P99      int64           `json:"p99_us"`
	Buckets  []latencyBucket `json:"buckets" nullable:"false" doc:"Those that are not empty"`
}

type latencyBucket struct {
	UpTo  *int64 `json:"up_to_us" doc:"Upper end in microseconds; null: no end"`
	Count int64  `json:"count"`
}

func (a *api) getMetrics(ctx context.Context, in *metricInput) (*metricOutput, error) {
	until, since := in.Until, in.Since
	if until.IsZero() {
		until = a.cfg.Now().Truncate(time.Minute).Add(time.Minute) // the minute that goes on is in it
	}
	if since.IsZero() {
		since = until.Add(-time.Hour)
	}
	points, from, to, err := a.cfg.Plane.Metrics.Range(ctx, placeOf(ctx).Instance, since, until, time.Duration(in.Step)*time.Second)
	if err != nil {
		return nil, err
	}
	out := &metricOutput{}
	out.Body.Since, out.Body.Until, out.Body.Step = from, to, in.Step
	out.Body.Points = make([]metricPoint, len(points))
	total := controlplane.MetricPoint{Counts: map[telemetry.Series]int64{}}
	for i, p := range points {
		out.Body.Points[i] = metricPoint{p.At, shapeMetrics(p)}
		for s, n := range p.Counts {
			total.Counts[s] += n
		}
	}
	out.Body.Total = shapeMetrics(total)
	return out, nil
}

// shapeMetrics gives what was counted as the API tells it.
func shapeMetrics(p controlplane.MetricPoint) metricSums {
	a := metricSorter{
		out: metricSums{
			Transactions: map[string]int64{}, Tokens: map[string]int64{}, Conflicts: map[string]int64{},
			Operations: []operationMetric{}, Errors: []errorMetric{}, TokenErrors: []errorMetric{}, Deliveries: []deliveryMetric{},
			HookKills: map[string]int64{},
		},
		durations: map[string]int64{}, tables: map[string]*tableMetric{}, hooks: map[string]*hookMetric{},
		ofTables: map[string]map[string]int64{}, ofHooks: map[string]map[string]int64{},
	}
	for s, n := range p.Counts {
		a.add(s, n)
	}
	return a.sorted()
}

func shapeLatency(counts map[string]int64) latencyMetric {
	quantile := func(q float64) int64 { return int64(math.Round(telemetry.Quantile(counts, q))) }
	out := latencyMetric{P50: quantile(0.5), P90: quantile(0.9), P95: quantile(0.95), P99: quantile(0.99), Buckets: []latencyBucket{}}
	for label, n := range counts {
		end, ok := telemetry.BucketEnd(label)
		if !ok {
			continue
		}
		b := latencyBucket{Count: n}
		if !math.IsInf(end, 1) {
			up := int64(math.Round(end))
			b.UpTo = &up
		}
		out.Buckets = append(out.Buckets, b)
		out.Count += n
	}
	sort.Slice(out.Buckets, func(i, j int) bool {
		x, y := out.Buckets[i].UpTo, out.Buckets[j].UpTo
		return x != nil && (y == nil || *x < *y)
	})
	return out
}
