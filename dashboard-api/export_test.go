package dashboardapi

import (
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	trace "go.opentelemetry.io/proto/otlp/trace/v1"

	"turnkey/runtime/telemetry"
)

// exported makes an export of everything, and gives its address in the API.
func (s *shop) exported(more map[string]any) string {
	s.Helper()
	b := map[string]any{"name": "Collector", "endpoint": s.collector.URL, "signals": []string{"traces", "metrics", "logs"}, "headers": map[string]string{"Authorization": "Bearer " + exportKey}}
	for k, v := range more {
		b[k] = v
	}
	path := "/orgs/" + s.ann.Grants[0].Organization + "/telemetry-exports"
	r := s.must(call{method: post, path: path, as: s.ann, body: b})
	return path + "/" + r.text("id")
}

// signal reads how one signal of an export goes.
func (s *shop) signal(path, name string) map[string]any {
	s.Helper()
	for _, x := range s.must(call{method: get, path: path, as: s.ann}).json["signals"].([]any) {
		if x.(map[string]any)["signal"] == name {
			return x.(map[string]any)
		}
	}
	s.Fatalf("%s has no signal %s", path, name)
	return nil
}

// written is a transaction with a trace, as a runtime records it.
func written(id, user, request string, at time.Time) telemetry.Entry {
	operation := 0
	return telemetry.Entry{
		At: at, Instance: id, Deployment: 3, Kind: telemetry.Transaction, Level: telemetry.Warn, Outcome: telemetry.Fatal, Code: "UNAUTHORIZED", Message: "The rule refuses it.",
		RequestID: request, UserID: user, ClientID: "phone-1", SDK: "turnkey-js/1", DurationUS: 9000, DatabaseUS: 5000, Retries: 1,
		Operations: []telemetry.TableOperations{{Table: "todos", Patch: 2}}, Hooks: []telemetry.HookCalls{{Hook: "todos.beforeWrite", Result: "kept", Calls: 1, DurationUS: 400}},
		Trace: &telemetry.Trace{Index: 1, Operations: []telemetry.TraceOperation{{Op: "PATCH", Table: "todos", Fields: 2}},
			Database: &telemetry.TraceDatabase{Requests: 2, DurationUS: 5000, Together: 3},
			Steps: []telemetry.TraceStep{
				{Kind: telemetry.DatabaseStep, Name: "read", AtUS: 100, DurationUS: 2000},
				{Kind: telemetry.HookStep, Name: "todos.beforeWrite", Operation: &operation, Result: "kept", AtUS: 2200, DurationUS: 400},
				{Kind: telemetry.DatabaseStep, Name: "write and commit", Failed: true, AtUS: 3000, DurationUS: 3000},
			}},
	}
}

// TestExportOfTraces: what a receiver of OpenTelemetry is told of a write: names, parents, ids, times, who and what, and nothing that
// nobody allowed it to know.
func TestExportOfTraces(t *testing.T) {
	s, id := newServed(t)
	s.ship(done(id, "before")) // what was logged before there was an export is not sent
	path := s.exported(map[string]any{"signals": []string{"traces", "logs"}})
	at := s.clock.now()
	s.ship(written(id, "canary-user", "req_7", at), telemetry.Entry{At: at, Instance: id, Kind: telemetry.Token, Level: telemetry.Info, Outcome: telemetry.Issued, RequestID: "req_8", UserID: "canary-user", DurationUS: 70},
		telemetry.Entry{At: at, Instance: id, Kind: telemetry.Hook, Level: telemetry.Error, Outcome: telemetry.Noted, RequestID: "req_7", Message: "todos.ts:3 said"})
	s.turn(time.Second)
	for _, headers := range s.collector.headers {
		if headers.Get("Authorization") != "Bearer "+exportKey {
			t.Errorf("the receiver got the headers %v", headers)
		}
	}
	if text := s.collector.everything(); strings.Contains(text, "canary") || strings.Contains(text, "phone-1") {
		t.Errorf("the receiver is told too much: %s", text)
	}
	about1 := s.collector.traces[0].Resource
	for name, want := range map[string]string{"service.name": "turnkey", "turnkey.instance.id": id, "service.instance.id": id, "deployment.environment.name": "development", "turnkey.organization.id": s.ann.Grants[0].Organization} {
		if got := about(about1, name); got != want {
			t.Errorf("resource %s is %q, want %q", name, got, want)
		}
	}
	spans, _, lines := s.collector.taken()
	var names []string
	for _, x := range spans {
		names = append(names, x.Name)
	}
	if got := strings.Join(names, ", "); got != "upload, database read, hook todos.beforeWrite, database write and commit, token" {
		t.Fatalf("spans %s", got)
	}
	root := spans[0]
	if root.Kind != trace.Span_SPAN_KIND_SERVER || len(root.ParentSpanId) != 0 || len(root.TraceId) != 16 || len(root.SpanId) != 8 || root.Status.Code != trace.Status_STATUS_CODE_ERROR || root.Status.Message != "UNAUTHORIZED" ||
		root.StartTimeUnixNano != uint64(at.UnixNano()) || root.EndTimeUnixNano-root.StartTimeUnixNano != 9_000_000 {
		t.Errorf("the root is %v", root)
	}
	for name, want := range map[string]string{"turnkey.request.id": "req_7", "turnkey.outcome": "fatal_error", "turnkey.tables": "todos;", "turnkey.operations": "2", "turnkey.transaction.index": "1",
		"turnkey.retries": "1", "turnkey.database.duration_us": "5000", "turnkey.database.together": "3", "enduser.id": "", "turnkey.client.id": ""} {
		if got := attribute(root.Attributes, name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	for n, x := range spans[1:4] {
		if !slices.Equal(x.ParentSpanId, root.SpanId) || !slices.Equal(x.TraceId, root.TraceId) || slices.Equal(x.SpanId, root.SpanId) {
			t.Errorf("step %d is %v", n, x)
		}
	}
	if hook := spans[2]; hook.StartTimeUnixNano-root.StartTimeUnixNano != 2_200_000 || hook.EndTimeUnixNano-hook.StartTimeUnixNano != 400_000 || attribute(hook.Attributes, "turnkey.hook.result") != "kept" ||
		attribute(hook.Attributes, "turnkey.operation.index") != "0" {
		t.Errorf("the hook is %v", hook)
	}
	if write := spans[3]; write.Status.GetCode() != trace.Status_STATUS_CODE_ERROR || write.Kind != trace.Span_SPAN_KIND_CLIENT {
		t.Errorf("the write is %v", write)
	}
	if slices.Equal(spans[4].TraceId, root.TraceId) {
		t.Error("two requests have one trace")
	}
	if len(lines) != 3 || lines[0].Body.GetStringValue() != "The rule refuses it." || !slices.Equal(lines[0].SpanId, root.SpanId) || !slices.Equal(lines[2].TraceId, root.TraceId) || lines[2].SeverityText != "ERROR" {
		t.Errorf("log records %v", lines)
	}
	if x := s.signal(path, "traces"); x["sent"] != 5.0 || x["dropped"] != 0.0 || x["sent_at"] == nil || x["error"] != nil {
		t.Errorf("traces are shown as %v", x)
	}
	s.turn(10 * time.Second)
	if spans, _, lines := s.collector.taken(); len(spans)+len(lines) > 0 {
		t.Errorf("sent twice: %v %v", spans, lines)
	}
	named := s.exported(map[string]any{"signals": []string{"traces"}, "identities": true, "instances": []string{id}})
	s.ship(written(id, "canary-user", "req_9", at))
	s.turn(10 * time.Second)
	if text := s.collector.everything(); !strings.Contains(text, "canary-user") || !strings.Contains(text, "phone-1") {
		t.Errorf("where identities are wanted they are missing: %s", text)
	}
	if r := s.must(call{method: get, path: named, as: s.ann}); strings.Contains(r.Body.String(), exportKey) {
		t.Errorf("a header is shown: %s", r.Body)
	}
}

// TestExportIsRepeatable: when the receiver's answer is lost, what is sent again has the ids that it had.
func TestExportIsRepeatable(t *testing.T) {
	s, id := newServed(t)
	path := s.exported(map[string]any{"signals": []string{"traces"}})
	s.ship(written(id, "u", "req_7", s.clock.now()))
	s.collector.answers(func(w http.ResponseWriter, _ string, _ int) bool {
		w.WriteHeader(http.StatusBadGateway) // and yet it has it
		return true
	})
	s.turn(time.Second)
	first, _, _ := s.collector.taken()
	if x := s.signal(path, "traces"); x["error"] != "The receiver answered 502." || x["failed_attempts"] != 1.0 || x["dropped"] != 0.0 {
		t.Errorf("shown as %v", x)
	}
	s.collector.answers(nil)
	s.turn(time.Second)
	if again, _, _ := s.collector.taken(); len(again) > 0 {
		t.Error("there is no pause after a failure")
	}
	s.turn(10 * time.Second)
	second, _, _ := s.collector.taken()
	ids := func(list []*trace.Span) (out []string) {
		for _, x := range list {
			out = append(out, hex.EncodeToString(x.TraceId)+hex.EncodeToString(x.SpanId))
		}
		return out
	}
	if len(first) != 4 || !slices.Equal(ids(first), ids(second)) {
		t.Errorf("first %v, then %v", ids(first), ids(second))
	}
	if x := s.signal(path, "traces"); x["error"] != nil || x["failed_attempts"] != 0.0 || x["sent"] != 4.0 {
		t.Errorf("shown as %v", x)
	}
}

// TestReceiversInTrouble: each answer of a receiver, with what becomes of what was to be sent, and when it is tried again.
func TestReceiversInTrouble(t *testing.T) {
	status := func(code int, header ...string) func(http.ResponseWriter, string, int) bool {
		return func(w http.ResponseWriter, _ string, _ int) bool {
			for n := 0; n+1 < len(header); n += 2 {
				w.Header().Set(header[n], header[n+1])
			}
			w.WriteHeader(code)
			_, _ = w.Write([]byte("<script>" + exportKey))
			return false
		}
	}
	for name, x := range map[string]struct {
		answer        func(http.ResponseWriter, string, int) bool
		error         string
		dropped, sent float64
		soon, later   time.Duration // nothing is tried, then everything is
	}{
		"busy":              {status(429, "Retry-After", "120"), "The receiver asks for a pause (429).", 0, 4, 110 * time.Second, 20 * time.Second},
		"busy for too long": {status(503, "Retry-After", "99999"), "The receiver answered 503.", 0, 4, 4 * time.Minute, 2 * time.Minute},
		"wrong key":         {status(401), "The receiver does not accept the headers (401).", 0, 4, 0, 10 * time.Second},
		"wrong address":     {status(404), "There is no receiver of traces at /v1/traces (404).", 0, 4, 0, 10 * time.Second},
		"redirect":          {status(302, "Location", "http://169.254.169.254/"), "The receiver answered 302; redirects are not followed.", 0, 4, 0, 10 * time.Second},
		"never":             {status(400), "The receiver does not take this (400).", 1, 0, 0, 10 * time.Second},
		"hangs up":          {func(http.ResponseWriter, string, int) bool { panic(http.ErrAbortHandler) }, "The receiver could not be reached, or broke the connection.", 0, 4, 0, 10 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			s, id := newServed(t)
			path := s.exported(map[string]any{"signals": []string{"traces"}})
			s.collector.answers(x.answer)
			s.ship(written(id, "u", "req_7", s.clock.now()))
			s.turn(time.Second)
			got := s.signal(path, "traces")
			if got["error"] != x.error || got["dropped"] != x.dropped || got["sent"] != 0.0 {
				t.Errorf("shown as %v", got)
			}
			s.collector.answers(nil)
			if x.soon > 0 {
				s.turn(x.soon)
				if spans, _, _ := s.collector.taken(); len(spans) > 0 {
					t.Error("it is tried too soon")
				}
			}
			s.turn(x.later)
			if got := s.signal(path, "traces"); got["sent"] != x.sent || got["dropped"] != x.dropped {
				t.Errorf("in the end shown as %v", got)
			}
		})
	}
}

// TestReceiverDown: entries wait for an hour; what is older is counted as dropped, and the rest arrives.
func TestReceiverDown(t *testing.T) {
	s, id := newServed(t)
	path := s.exported(map[string]any{"signals": []string{"logs", "metrics"}})
	s.collector.answers(func(w http.ResponseWriter, _ string, _ int) bool {
		w.WriteHeader(http.StatusServiceUnavailable)
		return false
	})
	for range 4 {
		s.ship(done(id, "u"))
		s.counted(id, telemetry.Transactions, telemetry.Success, 1)
		s.turn(25 * time.Minute)
		s.signal(path, "logs") // ann stays signed in
	}
	if x := s.signal(path, "logs"); x["dropped"] != 2.0 || x["sent"] != 0.0 || x["failed_attempts"] != 4.0 {
		t.Errorf("while it is down: %v", x)
	}
	s.collector.answers(nil)
	s.turn(6 * time.Minute)
	_, points, lines := s.collector.taken()
	if len(lines) != 2 {
		t.Errorf("%d lines arrive, want those of the last hour", len(lines))
	}
	if x := s.signal(path, "logs"); x["dropped"] != 2.0 || x["sent"] != 2.0 {
		t.Errorf("afterwards: %v", x)
	}
	for _, m := range points {
		if m.Name == "turnkey.transactions" && m.GetSum().DataPoints[0].GetAsInt() != 4 {
			t.Errorf("sums miss nothing: %v", m)
		}
	}
	if s.signal(path, "metrics")["dropped"] != 0.0 {
		t.Error("metrics are never dropped")
	}
}

// TestExportHalves: a request that is too large is halved until it is taken, and a receiver may want a part.
func TestExportHalves(t *testing.T) {
	s, id := newServed(t)
	path := s.exported(map[string]any{"signals": []string{"logs"}})
	var entries []telemetry.Entry
	for n := range 10 {
		entries = append(entries, done(id, fmt.Sprint("u", n)))
	}
	s.ship(entries...)
	var sizes []int
	s.collector.answers(func(w http.ResponseWriter, _ string, items int) bool {
		sizes = append(sizes, items)
		if items > 3 {
			w.WriteHeader(http.StatusRequestEntityTooLarge)
			return false
		}
		w.Header().Set("Content-Type", "application/x-protobuf")
		text := "one is not wanted, " + exportKey
		inner := append([]byte{8, 1, 18, byte(len(text))}, text...)
		_, _ = w.Write(append([]byte{10, byte(len(inner))}, inner...))
		return true
	})
	s.turn(time.Second)
	if got := fmt.Sprint(sizes); got != "[10 5 2 3 5 2 3]" {
		t.Errorf("requests of %s", got)
	}
	x := s.signal(path, "logs")
	if x["sent"] != 6.0 || x["dropped"] != 4.0 || x["error"] != "The receiver did not take a part: one is not wanted, [redacted]" {
		t.Errorf("shown as %v", x)
	}
}

// TestExportOfMetrics: sums and histograms since they are exported, which only grow, whatever the receiver missed.
func TestExportOfMetrics(t *testing.T) {
	s, id := newServed(t)
	s.counted(id, telemetry.Transactions, telemetry.Success, 100) // before
	path := s.exported(map[string]any{"signals": []string{"metrics"}})
	began := s.clock.now()
	line := s.newLine("rt")
	record := func() {
		e := done(id, "u")
		e.At, e.DurationUS, e.DatabaseUS = s.clock.now(), 3000, 2000
		e.Operations = []telemetry.TableOperations{{Table: "todos", Put: 1}}
		call := telemetry.HookCalls{Hook: "todos.beforeWrite", Result: "kept", Calls: 2, DurationUS: 900}
		call.Spread.Add(100)
		call.Spread.Add(800)
		e.Hooks = []telemetry.HookCalls{call}
		line.Record(e)
		line.shipper.Flush(t.Context())
	}
	for turn := range 2 {
		record()
		s.turn(61 * time.Second)
		_, points, _ := s.collector.taken()
		got := map[string]string{}
		for _, m := range points {
			switch {
			case m.GetSum() != nil:
				for _, p := range m.GetSum().DataPoints {
					got[m.Name] += fmt.Sprint(p.GetAsInt(), p.GetAsDouble(), attribute(p.Attributes, "outcome"), attribute(p.Attributes, "table"), attribute(p.Attributes, "hook"), " ")
					if p.StartTimeUnixNano < uint64(began.UnixNano()) || p.TimeUnixNano <= p.StartTimeUnixNano || !m.GetSum().IsMonotonic || m.GetSum().AggregationTemporality != 2 {
						t.Errorf("%s is %v", m.Name, m)
					}
				}
			case m.GetHistogram() != nil:
				for _, p := range m.GetHistogram().DataPoints {
					got[m.Name] += fmt.Sprintf("%d %.4f %s%s ", p.Count, p.GetSum(), attribute(p.Attributes, "table"), attribute(p.Attributes, "hook"))
					if len(p.BucketCounts) != len(p.ExplicitBounds)+1 {
						t.Errorf("%s has %d buckets and %d bounds", m.Name, len(p.BucketCounts), len(p.ExplicitBounds))
					}
				}
			}
		}
		n := turn + 1
		for name, want := range map[string]string{
			"turnkey.transactions": fmt.Sprint(n, "0success "), "turnkey.operations": fmt.Sprint(n, "0successtodos "), "turnkey.hook.calls": fmt.Sprint(2*n, "0todos.beforeWrite "),
			"turnkey.transaction.duration": fmt.Sprintf("%d %.4f  ", n, 0.003*float64(n)), "turnkey.table.transaction.duration": fmt.Sprintf("%d 0.0000 todos ", n),
			"turnkey.hook.duration": fmt.Sprintf("%d %.4f todos.beforeWrite ", 2*n, 0.0009*float64(n)),
		} {
			if strings.ReplaceAll(got[name], " ", "") != strings.ReplaceAll(want, " ", "") {
				t.Errorf("turn %d: %s is %q, want %q", turn, name, got[name], want)
			}
		}
	}
	edit := func(b map[string]any) {
		tag := s.must(call{method: get, path: path, as: s.ann}).Header().Get("ETag")
		s.must(call{method: patch, path: path, as: s.ann, body: b, header: map[string]string{"If-Match": tag}})
	}
	edit(map[string]any{"paused": true})
	record()
	s.turn(2 * time.Minute)
	if _, points, _ := s.collector.taken(); len(points) > 0 {
		t.Error("a paused export sends")
	}
	edit(map[string]any{"paused": false})
	record()
	s.turn(2 * time.Minute)
	_, points, _ := s.collector.taken()
	for _, m := range points {
		if m.Name == "turnkey.transactions" && m.GetSum().DataPoints[0].GetAsInt() != 1 {
			t.Errorf("a resumed export begins anew: %v", m)
		}
	}
}

// TestExportSettings: what cannot be sent is refused with its reason, headers are shown to nobody and never go to another host.
func TestExportSettings(t *testing.T) {
	s, id := newServed(t)
	path := s.exported(nil)
	list := path[:strings.LastIndex(path, "/")]
	for code, change := range map[string]map[string]any{
		"invalid_url":      {"endpoint": "ftp://x.example"},
		"invalid_url ":     {"endpoint": s.collector.URL + "/v1/traces"},
		"invalid_url  ":    {"endpoint": "https://u:p@x.example"},
		"no_signals":       {"signals": []string{}},
		"invalid_signal":   {"signals": []string{"traces", "traces"}},
		"invalid_header":   {"headers": map[string]string{"Host": "x"}},
		"invalid_header ":  {"headers": map[string]string{"a b": "x"}},
		"invalid_header  ": {"headers": map[string]string{"x": "a\nb"}},
		"unknown_instance": {"instances": []string{"ins_other"}},
	} {
		b := map[string]any{"name": "x", "endpoint": s.collector.URL, "signals": []string{"logs"}}
		for k, v := range change {
			b[k] = v
		}
		if r := s.do(call{method: post, path: list, as: s.ann, body: b}); r.Code != 422 {
			t.Errorf("%s: %d %s", code, r.Code, r.Body)
		}
	}
	edit := func(b map[string]any) reply {
		tag := s.must(call{method: get, path: path, as: s.ann}).Header().Get("ETag")
		return s.do(call{method: patch, path: path, as: s.ann, body: b, header: map[string]string{"If-Match": tag}})
	}
	if r := edit(map[string]any{"endpoint": "https://attacker.example"}); r.Code != 422 || r.text("code") != "headers_needed" {
		t.Errorf("another host gets the old headers: %d %s", r.Code, r.Body)
	}
	if r := edit(map[string]any{"endpoint": "https://attacker.example", "headers": map[string]string{"authorization": ""}}); r.Code != 422 {
		t.Errorf("another host gets an old value: %d %s", r.Code, r.Body)
	}
	if r := edit(map[string]any{"endpoint": s.collector.URL + "/otlp", "headers": map[string]string{"authorization": "", "x-team": "a"}}); r.Code != 200 || fmt.Sprint(r.json["headers"]) != "[authorization x-team]" {
		t.Errorf("a new header beside one that stays: %d %s", r.Code, r.Body)
	}
	s.ship(done(id, "u"))
	s.turn(time.Second)
	s.collector.mu.Lock()
	broken := fmt.Sprint(s.collector.broken)
	s.collector.mu.Unlock()
	if !strings.Contains(broken, "/otlp/v1/traces") {
		t.Errorf("the path of the address is kept: %s", broken)
	}
	if r := edit(map[string]any{"endpoint": s.collector.URL}); r.Code != 200 {
		t.Fatalf("%d %s", r.Code, r.Body)
	}
	r := s.must(call{method: post, path: path + "/test", as: s.ann})
	if got := fmt.Sprint(r.json["data"]); got != "[map[signal:logs] map[signal:metrics] map[signal:traces]]" {
		t.Errorf("a test says %s", got)
	}
	s.collector.Close()
	if got := fmt.Sprint(s.must(call{method: post, path: path + "/test", as: s.ann}).json["data"]); !strings.Contains(got, "could not be reached") {
		t.Errorf("a test without a receiver says %s", got)
	}
	if _, err := s.plane.Keyring.Verify(t.Context()); err != nil {
		t.Errorf("a sealed value is not found by its label: %v", err)
	}
	for n := range 9 {
		s.must(call{method: post, path: list, as: s.ann, body: map[string]any{"name": fmt.Sprint(n), "endpoint": s.collector.URL, "signals": []string{"logs"}}})
	}
	if r := s.do(call{method: post, path: list, as: s.ann, body: map[string]any{"name": "too many", "endpoint": s.collector.URL, "signals": []string{"logs"}}}); r.text("code") != "too_many_exports" {
		t.Errorf("an eleventh: %d %s", r.Code, r.Body)
	}
}

// TestReplicasShareExports: however many replicas look at the same time, each entry is sent once.
func TestReplicasShareExports(t *testing.T) {
	s, id := newServed(t)
	s.exported(map[string]any{"signals": []string{"logs"}})
	for range 5 {
		s.ship(done(id, "u"), done(id, "u"))
	}
	s.clock.advance(time.Second)
	failures := make(chan error, 8)
	for range cap(failures) {
		go func() { failures <- s.plane.Exports.Turn(t.Context()) }()
	}
	for range cap(failures) {
		if err := <-failures; err != nil {
			t.Error(err)
		}
	}
	if _, _, lines := s.collector.taken(); len(lines) != 10 {
		t.Errorf("%d lines were sent, want 10", len(lines))
	}
}
