package main

import (
	"bytes"
	"context"
	"log/slog"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"turnkey/internal/lifecycle"
	"turnkey/internal/scrape"
	"turnkey/runtime/telemetry"
)

// kept is a sink that keeps what it gets.
type kept struct {
	mu      sync.Mutex
	entries []telemetry.Entry
}

func (k *kept) Ship(_ context.Context, b telemetry.Batch) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.entries = append(k.entries, b.Entries...)
	return nil
}

// recording starts what ships to a sink until stop.
func recording(t *testing.T, sink telemetry.Sink) (r *telemetry.Recorder, stop func()) {
	log := slog.New(slog.DiscardHandler)
	r, shipper := newTelemetry(log, sink)
	group := lifecycle.NewGroup(t.Context(), log)
	group.Go("ship", shipper.Run)
	return r, group.Stop
}

// What the last requests recorded still arrives when the shipper ends.
func TestTheLastEntriesAreShipped(t *testing.T) {
	sink := &kept{}
	r, stop := recording(t, sink)
	r.Record(telemetry.Entry{Instance: "ins_1", Kind: telemetry.Transaction, Outcome: telemetry.Success, DurationUS: 2_000_000})
	stop()
	if len(sink.entries) != 1 {
		t.Errorf("%d entries arrived", len(sink.entries))
	}
}

// TestPrometheusNamesNoCustomer: an operator sees what happens in total, and no instance, table or user.
func TestPrometheusNamesNoCustomer(t *testing.T) {
	r, stop := recording(t, &kept{})
	for _, e := range []telemetry.Entry{
		{Kind: telemetry.Transaction, Outcome: telemetry.Success, DurationUS: 2_000_000, Operations: []telemetry.TableOperations{{Table: "canary_table", Put: 3}}},
		{Kind: telemetry.Transaction, Outcome: telemetry.Fatal, Code: "UNAUTHORIZED", UserID: "canary_user"},
		{Kind: telemetry.Token, Outcome: telemetry.Refused, Code: "token_expired"},
		{Kind: telemetry.Delivery, Outcome: telemetry.Retryable, Lane: "canary_outbox", UserID: "canary_user"},
	} {
		e.Instance = "ins_canary"
		r.Record(e)
	}
	stop()
	w := httptest.NewRecorder()
	scrape.Handler(recorded(r)).ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	body := w.Body.String()
	for _, line := range []string{
		`turnkey_transactions_total{outcome="success"} 1`, `turnkey_operations_total{outcome="success"} 3`, `turnkey_errors_total{code="UNAUTHORIZED",outcome="fatal_error"} 1`,
		`turnkey_tokens_total{code="token_expired",outcome="refused"} 1`, "turnkey_transaction_duration_seconds_sum 2\n", `turnkey_transaction_duration_seconds_bucket{le="+Inf"} 2`,
		"turnkey_telemetry_entries_shipped_total 4\n", `turnkey_deliveries_total{outcome="retryable_error"} 1`,
	} {
		if !strings.Contains(body, line) {
			t.Errorf("%q is missing in\n%s", line, body)
		}
	}
	if strings.Contains(body, "canary") {
		t.Errorf("a customer is named: %s", body)
	}
}

// TestServeLogsWhoIsRefused: without a control plane a device that never gets in shows in our own log.
func TestServeLogsWhoIsRefused(t *testing.T) {
	var out bytes.Buffer
	r, stop := recording(t, logSink{newLog(terminal{err: &out})})
	r.Record(telemetry.Entry{Instance: "ins_1", Kind: telemetry.Refusal, Level: telemetry.Warn, Outcome: telemetry.Refused, Code: "token_expired", RequestID: "req_1"})
	r.Record(telemetry.Entry{Instance: "ins_1", Kind: telemetry.Transaction, Level: telemetry.Info, Outcome: telemetry.Success, RequestID: "req_2"})
	stop()
	if text := out.String(); !strings.Contains(text, "token_expired") || !strings.Contains(text, "req_1") || strings.Contains(text, "req_2") {
		t.Errorf("logged %s", text)
	}
}
