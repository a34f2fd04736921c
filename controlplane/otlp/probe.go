package otlp

import (
	"context"
	"crypto/sha256"
	"time"

	common "go.opentelemetry.io/proto/otlp/common/v1"
	logs "go.opentelemetry.io/proto/otlp/logs/v1"
	metrics "go.opentelemetry.io/proto/otlp/metrics/v1"
	resource "go.opentelemetry.io/proto/otlp/resource/v1"
	trace "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"turnkey/controlplane"
	"turnkey/internal/fault"
)

// Probe implements controlplane.Exporter.
func (s *Sender) Probe(ctx context.Context, to controlplane.Receiver, signal controlplane.Signal, at time.Time) error {
	sent, err := s.post(ctx, to, signal, s.probe(signal, at))
	if err == nil && sent.Refused > 0 {
		return fault.New(fault.Invalid, "receiver_refused", "The receiver took the request and refused what was in it.")
	}
	return err
}

// probeName is what a test is called in each signal.
const probeName = "turnkey.test"

func (s *Sender) probe(signal controlplane.Signal, at time.Time) proto.Message {
	from := &resource.Resource{Attributes: []*common.KeyValue{text("service.name", serviceName)}}
	sum := sha256.Sum256([]byte(probeName + at.String()))
	switch signal {
	case controlplane.SignalTraces:
		span := &trace.Span{TraceId: sum[:16], SpanId: sum[16:24], Name: probeName, Kind: trace.Span_SPAN_KIND_INTERNAL, StartTimeUnixNano: nanos(at), EndTimeUnixNano: nanos(at)}
		return &trace.TracesData{ResourceSpans: []*trace.ResourceSpans{{Resource: from, ScopeSpans: []*trace.ScopeSpans{{Scope: s.scope(), Spans: []*trace.Span{span}}}}}}
	case controlplane.SignalMetrics:
		point := &metrics.NumberDataPoint{TimeUnixNano: nanos(at), Value: &metrics.NumberDataPoint_AsInt{AsInt: 1}}
		metric := &metrics.Metric{Name: probeName, Unit: "1", Data: &metrics.Metric_Gauge{Gauge: &metrics.Gauge{DataPoints: []*metrics.NumberDataPoint{point}}}}
		return &metrics.MetricsData{ResourceMetrics: []*metrics.ResourceMetrics{{Resource: from, ScopeMetrics: []*metrics.ScopeMetrics{{Scope: s.scope(), Metrics: []*metrics.Metric{metric}}}}}}
	}
	record := &logs.LogRecord{TimeUnixNano: nanos(at), ObservedTimeUnixNano: nanos(at), SeverityNumber: logs.SeverityNumber_SEVERITY_NUMBER_INFO, SeverityText: "INFO",
		Body: &common.AnyValue{Value: &common.AnyValue_StringValue{StringValue: "This is a test. Logs of Turnkey arrive here."}}}
	return &logs.LogsData{ResourceLogs: []*logs.ResourceLogs{{Resource: from, ScopeLogs: []*logs.ScopeLogs{{Scope: s.scope(), LogRecords: []*logs.LogRecord{record}}}}}}
}
