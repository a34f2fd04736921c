package otlp

import (
	"cmp"
	"context"
	"math"
	"slices"
	"time"

	common "go.opentelemetry.io/proto/otlp/common/v1"
	metrics "go.opentelemetry.io/proto/otlp/metrics/v1"

	"turnkey/controlplane"
	"turnkey/runtime/telemetry"
)

// counter says how a sum is told.
type counter struct {
	name, about, unit string
	label, outcome    string  // the attributes that these are; "": they are left out
	scale             float64 // 0: a whole number
}

// counters are told as sums. What has no line here is told under its own name.
var counters = map[telemetry.Name]counter{
	telemetry.Transactions:   {name: "turnkey.transactions", about: "Client transactions by what became of them.", unit: "{transaction}", outcome: "outcome"},
	telemetry.Operations:     {name: "turnkey.operations", about: "Client operations by what became of their transaction.", unit: "{operation}", label: "table", outcome: "outcome"},
	telemetry.Errors:         {name: "turnkey.errors", about: "Transactions and uploads that did not succeed, by code.", unit: "{error}", label: "error.type", outcome: "outcome"},
	telemetry.Tokens:         {name: "turnkey.tokens", about: "Token requests.", unit: "{request}", label: "error.type", outcome: "outcome"},
	telemetry.DatabaseTime:   {name: "turnkey.database.time", about: "Time that transactions waited for the database.", unit: "s", scale: 1e-6},
	telemetry.Conflict:       {name: "turnkey.conflicts", about: "Conflicting columns by who won.", unit: "{conflict}", label: "table", outcome: "outcome"},
	telemetry.NoPrevious:     {name: "turnkey.operations.without_previous_values", about: "Operations in which no conflict could be seen.", unit: "{operation}", label: "table"},
	telemetry.Retries:        {name: "turnkey.transactions.retries", about: "How often conflicts made transactions start over.", unit: "{retry}"},
	telemetry.Deliveries:     {name: "turnkey.deliveries", about: "Attempts to deliver from the outbox.", unit: "{attempt}", label: "outbox", outcome: "outcome"},
	telemetry.HookKills:      {name: "turnkey.hook.kills", about: "Workers that hooks cost.", unit: "{worker}", label: "error.type"},
	telemetry.HookRuns:       {name: "turnkey.hook.calls", about: "Calls of hooks in transactions by what they came to.", unit: "{call}", label: "hook", outcome: "result"},
	telemetry.DroppedEntries: {name: "turnkey.log.dropped", about: "Log entries that there was no room for.", unit: "{entry}"},
	telemetry.DroppedDevices: {name: "turnkey.devices.dropped", about: "Sightings of devices that there was no room for.", unit: "{device}"},
}

// histogram says how buckets are told: those of buckets, and their sum, if there is one.
type histogram struct {
	name, about  string
	buckets, sum telemetry.Name
	label        string // the attribute that the label is; "": the label is the bucket
}

var histograms = []histogram{
	{"turnkey.transaction.duration", "Work on client transactions.", telemetry.Latency, telemetry.Duration, ""},
	{"turnkey.table.transaction.duration", "Work on applied transactions that wrote a table.", telemetry.TableLatency, "", "table"},
	{"turnkey.hook.duration", "Calls of hooks in transactions.", telemetry.HookLatency, telemetry.HookDuration, "hook"},
}

// Metrics implements controlplane.Exporter.
func (s *Sender) Metrics(ctx context.Context, to controlplane.Receiver, instances map[string]controlplane.ExportInstance, totals []controlplane.MetricTotal, at time.Time) (controlplane.Sent, error) {
	data, n := s.metrics(instances, totals, at)
	if n == 0 {
		return controlplane.Sent{}, nil
	}
	sent, err := s.post(ctx, to, controlplane.SignalMetrics, data)
	sent.Items = max(0, n-sent.Refused)
	return sent, err
}

func (s *Sender) metrics(instances map[string]controlplane.ExportInstance, totals []controlplane.MetricTotal, at time.Time) (*metrics.MetricsData, int64) {
	data, count := &metrics.MetricsData{}, int64(0)
	byInstance(totals, func(t *controlplane.MetricTotal) string { return t.Instance }, instances, func(i controlplane.ExportInstance, list []*controlplane.MetricTotal) {
		b := &builder{at: nanos(at), of: map[string]*metrics.Metric{}}
		for _, t := range list {
			b.count(t)
		}
		for _, h := range histograms {
			b.spread(h, list)
		}
		if len(b.list) == 0 {
			return
		}
		count += b.points
		data.ResourceMetrics = append(data.ResourceMetrics, &metrics.ResourceMetrics{Resource: resourceOf(i), ScopeMetrics: []*metrics.ScopeMetrics{{Scope: s.scope(), Metrics: b.list}}})
	})
	return data, count
}

// builder puts the sums of one instance into metrics, in the order in which they come.
type builder struct {
	at     uint64
	of     map[string]*metrics.Metric
	list   []*metrics.Metric
	points int64
}

// partOfHistogram tells the counters that histograms are made of.
func partOfHistogram(n telemetry.Name) bool {
	return slices.ContainsFunc(histograms, func(h histogram) bool { return h.buckets == n || h.sum == n })
}

func (b *builder) count(t *controlplane.MetricTotal) {
	if partOfHistogram(t.Name) {
		return
	}
	c, known := counters[t.Name]
	if !known {
		c = counter{name: "turnkey." + string(t.Name), unit: "1", label: "label", outcome: "outcome"}
	}
	m := b.of[c.name]
	if m == nil {
		m = &metrics.Metric{Name: c.name, Description: c.about, Unit: c.unit, Data: &metrics.Metric_Sum{Sum: &metrics.Sum{
			AggregationTemporality: metrics.AggregationTemporality_AGGREGATION_TEMPORALITY_CUMULATIVE, IsMonotonic: true}}}
		b.of[c.name] = m
		b.list = append(b.list, m)
	}
	point := &metrics.NumberDataPoint{StartTimeUnixNano: nanos(t.Since), TimeUnixNano: b.at, Value: &metrics.NumberDataPoint_AsInt{AsInt: t.N}}
	if c.scale != 0 {
		point.Value = &metrics.NumberDataPoint_AsDouble{AsDouble: float64(t.N) * c.scale}
	}
	var a attributes
	if c.label != "" {
		a.text(c.label, t.Label)
	}
	if c.outcome != "" {
		a.text(c.outcome, t.Outcome)
	}
	point.Attributes = a
	sum := m.GetSum()
	sum.DataPoints = append(sum.DataPoints, point)
	b.points++
}

// bounds are the ends of all buckets but the last, in seconds.
func bounds() (out []float64) {
	for _, label := range telemetry.BucketLabels() {
		if end, _ := telemetry.BucketEnd(label); !math.IsInf(end, 1) {
			out = append(out, end/1e6)
		}
	}
	return out
}

// spread makes one histogram of the buckets among the sums.
func (b *builder) spread(h histogram, list []*controlplane.MetricTotal) {
	points := map[string]*metrics.HistogramDataPoint{}
	point := func(t *controlplane.MetricTotal, label string) *metrics.HistogramDataPoint {
		p := points[label]
		if p == nil {
			p = &metrics.HistogramDataPoint{StartTimeUnixNano: nanos(t.Since), TimeUnixNano: b.at, ExplicitBounds: bounds(), BucketCounts: make([]uint64, len(telemetry.BucketLabels()))}
			if h.label != "" {
				p.Attributes = []*common.KeyValue{text(h.label, label)}
			}
			points[label] = p
		}
		p.StartTimeUnixNano = min(p.StartTimeUnixNano, nanos(t.Since))
		return p
	}
	for _, t := range list {
		switch label, bucket := t.Label, t.Outcome; t.Name {
		case h.sum:
			if h.sum != "" {
				sum := float64(t.N) / 1e6
				point(t, label).Sum = &sum
			}
		case h.buckets:
			if h.label == "" {
				label, bucket = "", t.Label
			}
			if n := slices.Index(telemetry.BucketLabels(), bucket); n >= 0 {
				p := point(t, label)
				p.BucketCounts[n] += uint64(max(0, t.N))
				p.Count += uint64(max(0, t.N))
			}
		}
	}
	data := &metrics.Histogram{AggregationTemporality: metrics.AggregationTemporality_AGGREGATION_TEMPORALITY_CUMULATIVE}
	labels := make([]string, 0, len(points))
	for label, p := range points {
		if p.Count > 0 { // a sum alone: a runtime of before counts no buckets
			labels = append(labels, label)
		}
	}
	slices.SortFunc(labels, cmp.Compare)
	for _, label := range labels {
		data.DataPoints = append(data.DataPoints, points[label])
	}
	if len(data.DataPoints) > 0 {
		b.list = append(b.list, &metrics.Metric{Name: h.name, Description: h.about, Unit: "s", Data: &metrics.Metric_Histogram{Histogram: data}})
		b.points += int64(len(data.DataPoints))
	}
}
