package dashboardapi

import (
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	common "go.opentelemetry.io/proto/otlp/common/v1"
	logs "go.opentelemetry.io/proto/otlp/logs/v1"
	metrics "go.opentelemetry.io/proto/otlp/metrics/v1"
	resource "go.opentelemetry.io/proto/otlp/resource/v1"
	trace "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"turnkey/controlplane"
)

// exportFixture is an export that tests may change and remove.
var exportFixture = fixture{
	build: func(h *house, t *tenant) {
		h.Helper()
		e, err := h.plane.Exports.Create(h.Context(), t.owner.Actor, t.ids["org"], controlplane.Export{Name: "Collector", Endpoint: h.collector.URL},
			map[string]string{"authorization": "Bearer " + exportKey}, controlplane.Signals)
		if err != nil {
			h.Fatal(err)
		}
		t.ids["export"] = e.ID
	},
	bodies: map[string]func(h *house, t *tenant, as *person) any{
		"POST /orgs/{org}/telemetry-exports": func(h *house, _ *tenant, _ *person) any {
			return map[string]any{"name": "Another", "endpoint": h.collector.URL, "signals": []string{"traces"}}
		},
		"PATCH /orgs/{org}/telemetry-exports/{export}":     body(map[string]any{"paused": true}),
		"POST /orgs/{org}/telemetry-exports/{export}/test": body(nil),
	},
}

// exportKey is in a header of every fixture; no answer, event or log may hold it.
const exportKey = "canary-otlp-4711"

// collector is a receiver of OTLP that decodes what it gets by the published protobufs, and answers as it is told.
type collector struct {
	*httptest.Server

	mu      sync.Mutex
	traces  []*trace.ResourceSpans
	metrics []*metrics.ResourceMetrics
	logs    []*logs.ResourceLogs
	headers []http.Header
	paths   []string
	broken  []string // requests that were no OTLP
	// answer answers a request instead of taking it; nil takes all. It is called with the number of items of the request.
	answer func(w http.ResponseWriter, path string, items int) (taken bool)
}

func newCollector(t *testing.T) *collector {
	c := &collector{}
	c.Server = httptest.NewServer(c)
	t.Cleanup(c.Close)
	return c
}

// ServeHTTP takes one request.
func (c *collector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	zip, err := gzip.NewReader(r.Body)
	if err != nil || r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/x-protobuf" {
		c.breaks(w, fmt.Sprint(r.Method, " ", r.Header, " ", err))
		return
	}
	raw, err := io.ReadAll(zip)
	if err != nil {
		c.breaks(w, err.Error())
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	spans, points, lines := &trace.TracesData{}, &metrics.MetricsData{}, &logs.LogsData{}
	items := 0
	switch r.URL.Path {
	case "/v1/traces":
		err = proto.Unmarshal(raw, spans)
		for _, x := range spans.ResourceSpans {
			items += len(x.ScopeSpans[0].Spans)
		}
	case "/v1/metrics":
		err = proto.Unmarshal(raw, points)
	case "/v1/logs":
		err = proto.Unmarshal(raw, lines)
		for _, x := range lines.ResourceLogs {
			items += len(x.ScopeLogs[0].LogRecords)
		}
	default:
		err = fmt.Errorf("no such path: %s", r.URL.Path)
	}
	if err != nil {
		c.broken = append(c.broken, err.Error())
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	c.paths, c.headers = append(c.paths, r.URL.Path), append(c.headers, r.Header.Clone())
	if c.answer != nil && !c.answer(w, r.URL.Path, items) {
		return
	}
	c.traces, c.metrics, c.logs = append(c.traces, spans.ResourceSpans...), append(c.metrics, points.ResourceMetrics...), append(c.logs, lines.ResourceLogs...)
}

func (c *collector) breaks(w http.ResponseWriter, why string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.broken = append(c.broken, why)
	w.WriteHeader(http.StatusBadRequest)
}

// answers sets how the next requests are answered.
func (c *collector) answers(f func(w http.ResponseWriter, path string, items int) bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.answer = f
}

// taken gives what was taken since the last call.
func (c *collector) taken() (spans []*trace.Span, points []*metrics.Metric, lines []*logs.LogRecord) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, r := range c.traces {
		for _, s := range r.ScopeSpans {
			spans = append(spans, s.Spans...)
		}
	}
	for _, r := range c.metrics {
		for _, s := range r.ScopeMetrics {
			points = append(points, s.Metrics...)
		}
	}
	for _, r := range c.logs {
		for _, s := range r.ScopeLogs {
			lines = append(lines, s.LogRecords...)
		}
	}
	c.traces, c.metrics, c.logs, c.paths, c.headers = nil, nil, nil, nil, nil
	return spans, points, lines
}

// everything is all that was taken, as text.
func (c *collector) everything() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return fmt.Sprint(c.traces, c.metrics, c.logs)
}

func attribute(list []*common.KeyValue, name string) string {
	for _, a := range list {
		if a.Key != name {
			continue
		}
		switch v := a.Value.Value.(type) {
		case *common.AnyValue_StringValue:
			return v.StringValue
		case *common.AnyValue_IntValue:
			return fmt.Sprint(v.IntValue)
		case *common.AnyValue_ArrayValue:
			out := ""
			for _, x := range v.ArrayValue.Values {
				out += x.GetStringValue() + ";"
			}
			return out
		}
	}
	return ""
}

func about(r *resource.Resource, name string) string { return attribute(r.Attributes, name) }

// turn lets the clock pass and what is due be sent.
func (s *shop) turn(after time.Duration) {
	s.Helper()
	s.clock.advance(after)
	if err := s.plane.Exports.Turn(s.Context()); err != nil {
		s.Fatal(err)
	}
}
