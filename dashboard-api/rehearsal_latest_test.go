package dashboardapi

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"turnkey/runtime/command"
	"turnkey/runtime/rehearsal"
)

// aboutLatest answers for a runtime that remembers two writes.
func aboutLatest(c command.Command) (json.RawMessage, error) {
	at := time.Date(2026, 11, 24, 11, 0, 0, 0, time.UTC)
	write := func(id string, at time.Time) rehearsal.Latest {
		return rehearsal.Latest{ID: id, At: at, User: rehearsal.User{ID: "u1", Claims: map[string]any{"role": "x"}}, Count: 1, Outcome: rehearsal.Applied,
			Operations: []rehearsal.LatestOperation{{Op: "PUT", Table: "todos", ID: "1"}}, Transaction: json.RawMessage(`{"crud":[{"op":"PUT","table":"todos","id":"` + id + `","op_data":{"title":"private"}}]}`)}
	}
	return json.Marshal([]rehearsal.Latest{write("req_1-1", at), write("req_2-2", at.Add(time.Minute))})
}

// TestADraftIsTriedOnTheLatestWrite: what a device has just sent is listed without its values, and can be run again.
func TestADraftIsTriedOnTheLatestWrite(t *testing.T) {
	h := newHouse(t)
	tenant := h.newTenant("one")
	h.heartbeat()
	at := "/instances/" + tenant.ids["instance"]
	list := h.must(call{method: get, path: at + "/latest-writes", as: tenant.owner}).Body.String()
	if newest := strings.Index(list, "req_2-2"); newest < 0 || newest > strings.Index(list, "req_1-1") || strings.Contains(list, "private") || !strings.Contains(list, `"op":"PUT","table":"todos","id":"1"`) {
		t.Errorf("the list: %s", list)
	}
	h.must(call{method: post, path: at + "/hooks/run", as: tenant.owner, body: map[string]any{"write_id": "req_1-1"}})
	var o rehearsal.Order
	sent := h.pool.sent[len(h.pool.sent)-1]
	if err := json.Unmarshal(sent.Argument, &o); err != nil || sent.Name != command.RehearsalRun || o.User.ID != "u1" || o.User.Claims["role"] != "x" || !strings.Contains(string(o.Transaction), `"id":"req_1-1"`) {
		t.Errorf("sent %s %+v %v", sent.Name, o, err)
	}
	if got := h.do(call{method: post, path: at + "/hooks/run", as: tenant.owner, body: map[string]any{"write_id": "req_9-9"}}); got.Code != http.StatusNotFound {
		t.Errorf("one that is forgotten: %d %s", got.Code, got.Body)
	}
	for _, body := range []map[string]any{{"write_id": "req_1-1", "conflict_id": "cnf_1"}, {"write_id": "req_1-1", "user": map[string]any{"id": "u"}}} {
		if got := h.do(call{method: post, path: at + "/hooks/run", as: tenant.owner, body: body}); got.Code != http.StatusUnprocessableEntity {
			t.Errorf("%v: %d %s", body, got.Code, got.Body)
		}
	}
}
