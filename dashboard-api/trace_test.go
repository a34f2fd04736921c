package dashboardapi

import (
	"fmt"
	"testing"

	"turnkey/runtime/telemetry"
)

// TestTrace: the lines of a request are one story, each hook's line with its transaction.
func TestTrace(t *testing.T) {
	s, id := newServed(t)
	of := func(e telemetry.Entry) telemetry.Entry {
		e.RequestID, e.At = "req_1", s.clock.now()
		return e
	}
	line := telemetry.Entry{Instance: id, Kind: telemetry.Hook, Level: telemetry.Info, Outcome: telemetry.Noted, Message: "todos.ts:3 hello", UserID: "u"}
	first, second := of(from(id, "u", "phone")), of(from(id, "u", "phone", refused("UNAUTHORIZED")))
	first.Trace = &telemetry.Trace{Index: 0, ClientTransaction: 7, Operations: []telemetry.TraceOperation{{Op: "PATCH", Table: "todos", Fields: 2, Previous: true}},
		Hooks: []telemetry.HookCalls{{Hook: "todos.beforeWrite", Result: "kept", Calls: 1, DurationUS: 40}}}
	s.ship(of(line), first, of(line), of(line), second, of(telemetry.Entry{Instance: id, Kind: telemetry.Delivery, Outcome: telemetry.Retryable, Lane: "crm"}), done(id, "u"))
	r := s.must(call{method: get, path: "/instances/" + id + "/traces/req_1", as: s.ann})
	transactions := r.json["transactions"].([]any)
	if len(transactions) != 2 || len(r.json["other"].([]any)) != 1 || r.text("client_id") != "phone" {
		t.Fatalf("trace %s", r.Body)
	}
	for n, want := range []string{"1 success map[", "2 fatal_error <nil>"} {
		tx := transactions[n].(map[string]any)
		if got := fmt.Sprint(len(tx["lines"].([]any)), " ", tx["entry"].(map[string]any)["outcome"], " ", tx["detail"]); got[:len(want)] != want {
			t.Errorf("transaction %d: %s, want %s", n, got, want)
		}
	}
	if r := s.do(call{method: get, path: "/instances/" + id + "/traces/req_2", as: s.ann}); r.Code != 404 || r.text("hint") == "" {
		t.Errorf("a request that nobody made: %d %s", r.Code, r.Body)
	}
}
