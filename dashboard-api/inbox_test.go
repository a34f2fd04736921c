package dashboardapi

import (
	"encoding/json"
	"strings"
	"testing"

	"turnkey/internal/fault"
	"turnkey/runtime/command"
	"turnkey/runtime/source"
)

// aboutInboxes answers for a runtime whose instances have more than anybody counts.
func aboutInboxes(command.Command) (json.RawMessage, error) {
	return json.Marshal(command.InboxCounts{
		Conflicts:  map[source.ConflictStatus]int{source.ConflictOpen: 2, source.ConflictDecided: command.MostCounted},
		Rejections: map[source.RejectionStatus]int{source.Open: 7, source.Held: 0},
	})
}

func TestInboxesAreCounted(t *testing.T) {
	h := newHouse(t)
	tenant := h.newTenant("one")
	h.heartbeat()
	at := "/instances/" + tenant.ids["instance"] + "/inboxes"
	got := h.must(call{method: get, path: at, as: tenant.owner}).Body.String()
	want := `{"conflicts":{"decided":100,"open":2},"rejections":{"held":0,"open":7},"deliveries":{"dead":1,"pending":0},"most":100}`
	if strings.TrimSpace(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	h.pool.refuse(fault.New(fault.Unavailable, "source_unavailable", "The database does not answer."))
	if got := h.do(call{method: get, path: at, as: tenant.owner}); got.Code != 503 {
		t.Errorf("without the database: %d %s", got.Code, got.Body)
	}
}
