package main

import (
	"context"
	"log/slog"
	"math"
	"net/http"
	"time"

	"turnkey/controlplane"
	"turnkey/internal/lifecycle"
	"turnkey/internal/scrape"
	"turnkey/runtime/telemetry"
)

// newTelemetry makes what a runtime records with, and what ships it to a sink. The shipper must run until
// the last request has ended: it sends what is left when it ends.
func newTelemetry(log *slog.Logger, sink telemetry.Sink) (*telemetry.Recorder, *telemetry.Shipper) {
	recorder := telemetry.NewRecorder(telemetry.Bounds{}, time.Now)
	return recorder, telemetry.NewShipper(recorder, sink, newID("tlm"), telemetry.Pace{}, time.Now, log)
}

// logSink is the sink where there is no control plane: entries go to our own log. Refused and held
// transactions are there already, with their causes; successful ones only when somebody debugs.
type logSink struct{ log *slog.Logger }

// Ship implements telemetry.Sink.
func (s logSink) Ship(ctx context.Context, b telemetry.Batch) error {
	for _, e := range b.Entries {
		level := slog.LevelDebug
		if e.Kind != telemetry.Transaction && e.Level > telemetry.Info {
			level = slog.LevelWarn
		}
		s.log.Log(ctx, level, string(e.Kind)+" "+string(e.Outcome), "instance", e.Instance, "request_id", e.RequestID, "user_id", e.UserID,
			"client_id", e.ClientID, "code", e.Code, "message", e.Message, "duration_us", e.DurationUS)
	}
	return nil
}

// scraping are the settings for Prometheus.
type scraping struct {
	MetricsListen string `help:"Address that answers Prometheus at /metrics, such as 127.0.0.1:9090; never one that apps reach. Empty: none."`
}

// serve answers Prometheus until ctx ends, when that is wanted. Its address is listened on before it returns.
func (s scraping) serve(ctx context.Context, group *lifecycle.Group, log *slog.Logger, sources ...scrape.Source) error {
	if s.MetricsListen == "" {
		return nil
	}
	l, err := listen("--metrics-listen", s.MetricsListen)
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", scrape.Handler(sources...))
	group.Go("answer Prometheus", func(ctx context.Context) error { return serveOn(ctx, log, l, mux) })
	return nil
}

// recorded are a runtime's counters over all its instances.
func recorded(r *telemetry.Recorder) scrape.Source {
	return func(emit func(scrape.Sample)) {
		t := r.Totals()
		latency := scrape.Sample{Name: "turnkey_transaction_duration_seconds", Help: "Work on client transactions."}
		calls := scrape.Sample{Name: "turnkey_hook_call_duration_seconds", Help: "Calls of hooks in transactions, as workers measured them."}
		durations, hooks := map[string]int64{}, map[string]int64{}
		for s, n := range t.Series {
			switch s.Name {
			case telemetry.Latency:
				durations[s.Label] += n
			case telemetry.Duration:
				latency.Value += float64(n) / 1e6
			case telemetry.DatabaseTime:
				emit(scrape.Sample{Name: "turnkey_database_seconds_total", Help: "Time that transactions waited for customers' databases.", Value: float64(n) / 1e6})
			case telemetry.HookLatency:
				hooks[s.Outcome] += n
			case telemetry.HookDuration:
				calls.Value += float64(n) / 1e6
			case telemetry.Errors, telemetry.Tokens, telemetry.HookKills:
				emit(scrape.Sample{Name: "turnkey_" + string(s.Name) + "_total", Help: "By outcome, and by code where there is one.",
					Labels: []string{"code", s.Label, "outcome", s.Outcome}, Value: float64(n)})
			default:
				emit(scrape.Sample{Name: "turnkey_" + string(s.Name) + "_total", Help: "By outcome.", Labels: []string{"outcome", s.Outcome}, Value: float64(n)})
			}
		}
		emit(histogram(latency, durations))
		emit(histogram(calls, hooks))
		emit(scrape.Sample{Name: "turnkey_telemetry_entries_shipped_total", Help: "Log entries that were taken.", Value: float64(t.Shipped)})
		emit(scrape.Sample{Name: "turnkey_telemetry_failures_total", Help: "Attempts to send that failed.", Value: float64(t.Failures)})
		emit(scrape.Sample{Name: "turnkey_telemetry_entries_waiting", Help: "Log entries that wait to be sent.", Value: float64(t.Waiting), Gauge: true})
		emit(scrape.Sample{Name: "turnkey_telemetry_instances", Help: "Instances that were busy just now.", Value: float64(t.Instances), Gauge: true})
	}
}

// histogram puts durations that were counted by bucket into a sample.
func histogram(s scrape.Sample, counts map[string]int64) scrape.Sample {
	s.Buckets = map[float64]uint64{}
	for _, label := range telemetry.BucketLabels() {
		end, _ := telemetry.BucketEnd(label)
		s.Count += uint64(counts[label])
		if !math.IsInf(end, 1) {
			s.Buckets[end/1e6] = s.Count
		}
	}
	return s
}

// stored are the control plane's numbers about telemetry.
func stored(p *controlplane.Plane) scrape.Source {
	return func(emit func(scrape.Sample)) {
		batches, entries := p.Telemetry.Stored()
		emit(scrape.Sample{Name: "turnkey_telemetry_batches_stored_total", Help: "Batches that this replica stored.", Value: float64(batches)})
		emit(scrape.Sample{Name: "turnkey_telemetry_entries_stored_total", Help: "Log entries that this replica stored.", Value: float64(entries)})
		emit(scrape.Sample{Name: "turnkey_log_tails", Help: "Live tails of this replica.", Value: float64(p.Logs.Tails()), Gauge: true})
	}
}
