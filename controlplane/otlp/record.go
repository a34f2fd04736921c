package otlp

import (
	"context"

	common "go.opentelemetry.io/proto/otlp/common/v1"
	logs "go.opentelemetry.io/proto/otlp/logs/v1"

	"turnkey/controlplane"
	"turnkey/runtime/telemetry"
)

// Logs implements controlplane.Exporter.
func (s *Sender) Logs(ctx context.Context, to controlplane.Receiver, instances map[string]controlplane.ExportInstance, entries []controlplane.LogEntry, identities bool) (controlplane.Sent, error) {
	data, n := s.records(instances, entries, identities)
	if n == 0 {
		return controlplane.Sent{}, nil
	}
	sent, err := s.post(ctx, to, controlplane.SignalLogs, data)
	sent.Items = max(0, n-sent.Refused)
	return sent, err
}

func (s *Sender) records(instances map[string]controlplane.ExportInstance, entries []controlplane.LogEntry, identities bool) (*logs.LogsData, int64) {
	data, count := &logs.LogsData{}, int64(0)
	byInstance(entries, func(e *controlplane.LogEntry) string { return e.Instance }, instances, func(i controlplane.ExportInstance, list []*controlplane.LogEntry) {
		scope := &logs.ScopeLogs{Scope: s.scope()}
		for _, e := range list {
			scope.LogRecords = append(scope.LogRecords, record(e, nanos(s.now()), identities))
		}
		count += int64(len(list))
		data.ResourceLogs = append(data.ResourceLogs, &logs.ResourceLogs{Resource: resourceOf(i), ScopeLogs: []*logs.ScopeLogs{scope}})
	})
	return data, count
}

var severities = map[telemetry.Level]logs.SeverityNumber{
	telemetry.Info: logs.SeverityNumber_SEVERITY_NUMBER_INFO, telemetry.Warn: logs.SeverityNumber_SEVERITY_NUMBER_WARN, telemetry.Error: logs.SeverityNumber_SEVERITY_NUMBER_ERROR,
}

var severityTexts = map[telemetry.Level]string{telemetry.Info: "INFO", telemetry.Warn: "WARN", telemetry.Error: "ERROR"}

// record is one line of the log.
func record(e *controlplane.LogEntry, observed uint64, identities bool) *logs.LogRecord {
	out := &logs.LogRecord{
		TimeUnixNano: nanos(e.At), ObservedTimeUnixNano: observed, SeverityNumber: severities[e.Level], SeverityText: severityTexts[e.Level],
		Body: &common.AnyValue{Value: &common.AnyValue_StringValue{StringValue: said(e)}}, TraceId: traceID(e),
	}
	if spans(e.Kind) {
		out.SpanId = spanID(e, 0)
	}
	a := about(e, identities)
	a.number("turnkey.duration_us", e.DurationUS)
	out.Attributes = a
	return out
}

// said is a line's message, or what happened.
func said(e *controlplane.LogEntry) string {
	if e.Message != "" {
		return e.Message
	}
	return string(e.Kind) + " " + string(e.Outcome)
}
