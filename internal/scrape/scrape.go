// Package scrape answers Prometheus: numbers of this process, and whatever sources add. It is for the
// operator's own listener, never for one that customers or apps reach. It must not know what the numbers
// mean; and since operators keep them for long, no source may label one with a customer's id or name.
package scrape

import (
	"net/http"
	"slices"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Sample is one number, or one histogram.
type Sample struct {
	Name, Help string
	// Labels are names and values in turn. All samples of a Name have the same names.
	Labels []string
	Value  float64
	// Gauge is for what goes up and down; counters only go up.
	Gauge bool
	// Buckets, when set, makes it a histogram: how many were at most so large, by upper end. Value is then the sum of all, Count their number.
	Buckets map[float64]uint64
	Count   uint64
}

// Source gives the samples of now.
type Source func(emit func(Sample))

// Describe implements prometheus.Collector. It says nothing: what there is becomes known with time.
func (Source) Describe(chan<- *prometheus.Desc) {}

// Collect implements prometheus.Collector.
func (s Source) Collect(out chan<- prometheus.Metric) {
	s(func(x Sample) {
		var names, values []string
		for pair := range slices.Chunk(x.Labels, 2) {
			names, values = append(names, pair[0]), append(values, pair[len(pair)-1])
		}
		desc := prometheus.NewDesc(x.Name, x.Help, names, nil)
		var m prometheus.Metric
		var err error
		switch {
		case x.Buckets != nil:
			m, err = prometheus.NewConstHistogram(desc, x.Count, x.Value, x.Buckets, values...)
		case x.Gauge:
			m, err = prometheus.NewConstMetric(desc, prometheus.GaugeValue, x.Value, values...)
		default:
			m, err = prometheus.NewConstMetric(desc, prometheus.CounterValue, x.Value, values...)
		}
		if err != nil {
			m = prometheus.NewInvalidMetric(desc, err)
		}
		out <- m
	})
}

// Handler serves the numbers of the process (memory, CPU, goroutines, garbage) and of the sources.
func Handler(sources ...Source) http.Handler {
	all := prometheus.NewRegistry()
	all.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	for _, s := range sources {
		all.MustRegister(s)
	}
	return promhttp.HandlerFor(all, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError})
}
