package otlp

import (
	"context"
	"time"

	trace "go.opentelemetry.io/proto/otlp/trace/v1"

	"turnkey/controlplane"
	"turnkey/runtime/telemetry"
)

// Traces implements controlplane.Exporter.
func (s *Sender) Traces(ctx context.Context, to controlplane.Receiver, instances map[string]controlplane.ExportInstance, entries []controlplane.LogEntry, identities bool) (controlplane.Sent, error) {
	data, n := s.traces(instances, entries, identities)
	if n == 0 {
		return controlplane.Sent{}, nil
	}
	sent, err := s.post(ctx, to, controlplane.SignalTraces, data)
	sent.Items = max(0, n-sent.Refused)
	return sent, err
}

func (s *Sender) traces(instances map[string]controlplane.ExportInstance, entries []controlplane.LogEntry, identities bool) (*trace.TracesData, int64) {
	data, count := &trace.TracesData{}, int64(0)
	byInstance(entries, func(e *controlplane.LogEntry) string { return e.Instance }, instances, func(i controlplane.ExportInstance, list []*controlplane.LogEntry) {
		scope := &trace.ScopeSpans{Scope: s.scope()}
		for _, e := range list {
			if spans(e.Kind) {
				scope.Spans = append(scope.Spans, spansOf(e, identities)...)
			}
		}
		if len(scope.Spans) > 0 {
			count += int64(len(scope.Spans))
			data.ResourceSpans = append(data.ResourceSpans, &trace.ResourceSpans{Resource: resourceOf(i), ScopeSpans: []*trace.ScopeSpans{scope}})
		}
	})
	return data, count
}

// spansOf gives the span of an entry and, below it, those of its steps.
func spansOf(e *controlplane.LogEntry, identities bool) []*trace.Span {
	root := &trace.Span{
		TraceId: traceID(e), SpanId: spanID(e, 0), Name: "upload", Kind: trace.Span_SPAN_KIND_SERVER,
		StartTimeUnixNano: nanos(e.At), EndTimeUnixNano: nanos(e.At.Add(micros(e.DurationUS))), Attributes: about(e, identities), Status: status(e),
	}
	if e.Kind == telemetry.Token {
		root.Name = "token"
	}
	out := []*trace.Span{root}
	if e.Trace == nil {
		return out
	}
	a := attributes(root.Attributes)
	a = append(a, number("turnkey.transaction.index", int64(e.Trace.Index)))
	if d := e.Trace.Database; d != nil {
		a.number("turnkey.database.requests", int64(d.Requests))
		a.number("turnkey.database.duration_us", d.DurationUS)
		a.number("turnkey.database.together", int64(d.Together))
	}
	a.number("turnkey.steps.left_out", int64(e.Trace.MoreSteps))
	root.Attributes = a
	for n := range e.Trace.Steps {
		out = append(out, stepSpan(e, root, n))
	}
	return out
}

// stepSpan is a request to the database, or the call of a hook.
func stepSpan(e *controlplane.LogEntry, root *trace.Span, n int) *trace.Span {
	x := &e.Trace.Steps[n]
	began := e.At.Add(micros(x.AtUS))
	out := &trace.Span{
		TraceId: root.TraceId, SpanId: spanID(e, n+1), ParentSpanId: root.SpanId, Name: string(x.Kind) + " " + x.Name, Kind: trace.Span_SPAN_KIND_INTERNAL,
		StartTimeUnixNano: nanos(began), EndTimeUnixNano: nanos(began.Add(micros(x.DurationUS))),
	}
	var a attributes
	if x.Kind == telemetry.DatabaseStep {
		out.Kind = trace.Span_SPAN_KIND_CLIENT
		a.text("db.operation.name", x.Name)
	} else {
		a.text("turnkey.hook", x.Name)
		a.text("turnkey.hook.result", x.Result)
	}
	if x.Operation != nil {
		a = append(a, number("turnkey.operation.index", int64(*x.Operation)))
	}
	if out.Attributes = a; x.Failed {
		out.Status = &trace.Status{Code: trace.Status_STATUS_CODE_ERROR}
	}
	return out
}

// status says why something did not succeed by its code alone: messages may be a hook's.
func status(e *controlplane.LogEntry) *trace.Status {
	switch e.Outcome {
	case telemetry.Fatal, telemetry.Retryable, telemetry.Refused, telemetry.Unavailable:
		return &trace.Status{Code: trace.Status_STATUS_CODE_ERROR, Message: e.Code}
	}
	return nil
}

func micros(us int64) time.Duration { return time.Duration(max(0, us)) * time.Microsecond }

func nanos(t time.Time) uint64 { return uint64(max(0, t.UnixNano())) }
