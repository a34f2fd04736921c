package dashboardapi

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"turnkey/internal/fault"
	"turnkey/runtime/command"
	"turnkey/runtime/source"
)

// aboutConflicts answers for a runtime whose instances each have one conflict, named after the instance.
func aboutConflicts(c command.Command) (json.RawMessage, error) {
	own := "cnf_of_" + c.Instance
	record := source.ConflictRecord{ID: own, Status: source.ConflictDecided, Op: "PATCH", Policy: "merge", Outcome: "merged", CreatedAt: time.Unix(0, 0),
		Fields: []source.ConflictField{{Name: "n", Policy: "counter", Outcome: "merged"}}, ClientData: []byte(`{"n":6}`)}
	id := own
	switch c.Name {
	case command.ConflictList:
		return json.Marshal([]source.ConflictRecord{record})
	case command.ConflictResolve:
		var o command.ResolveOrder
		if err := json.Unmarshal(c.Argument, &o); err != nil {
			return nil, err
		}
		id = o.ID
	default:
		if err := json.Unmarshal(c.Argument, &id); err != nil {
			return nil, err
		}
	}
	if id != own {
		return nil, fault.New(fault.NotFound, "not_found", "There is no such conflict.")
	}
	switch c.Name {
	case command.ConflictGet:
		record.Values, record.Claims = []byte(`{"base":{"n":10}}`), []byte(`{"sub":"u1"}`)
		return json.Marshal(command.ConflictShown{ConflictRecord: record, Current: map[string]json.RawMessage{"n": json.RawMessage("3")}})
	case command.ConflictDismiss:
		return json.Marshal(source.CaseOutcome{Conflicts: []source.ConflictOutcome{{ID: own, Status: source.ConflictDismissed}}})
	}
	return json.Marshal(source.CaseOutcome{Conflicts: []source.ConflictOutcome{{ID: own, Status: source.ConflictResolved}}, Rejections: []source.Outcome{{ID: "rej_1", Status: source.Replayed}}})
}

func TestConflictsAreAskedOfTheRuntimeThatServes(t *testing.T) {
	h := newHouse(t)
	tenant := h.newTenant("one")
	h.heartbeat()
	at := "/instances/" + tenant.ids["instance"] + "/conflicts"
	own := tenant.ids["conflict"]
	last := func(into any) command.Command {
		t.Helper()
		sent := h.pool.sent[len(h.pool.sent)-1]
		if err := json.Unmarshal(sent.Argument, into); err != nil || sent.Instance != tenant.ids["instance"] {
			t.Errorf("sent %+v %v", sent, err)
		}
		return sent
	}
	list := h.must(call{method: get, path: at + "?status=open&status=decided&table=todos&outcome=merged&rejection_id=rej_1&order=oldest&limit=10", as: tenant.owner}).Body.String()
	if !strings.Contains(list, own) || !strings.Contains(list, `"next_cursor":null`) || !strings.Contains(list, `"client_data":{"n":6}`) || strings.Contains(list, "server_data") {
		t.Errorf("%s", list)
	}
	var f source.ConflictFilter
	last(&f)
	if len(f.Status) != 2 || f.TableName != "todos" || f.Outcome != "merged" || f.Rejection != "rej_1" || !f.OldestFirst || f.Limit != 11 {
		t.Errorf("%+v", f)
	}
	one := h.must(call{method: get, path: at + "/" + own, as: tenant.owner}).Body.String()
	if !strings.Contains(one, `"values":{"base":{"n":10}}`) || !strings.Contains(one, `"current":{"n":3}`) || !strings.Contains(one, `"claims":{"sub":"u1"}`) {
		t.Errorf("%s", one)
	}
	for path, without := range map[string]bool{"/resolve": false, "/force": true} {
		body := map[string]any{"take": "client", "fields": map[string]any{"n": "server"}, "values": map[string]any{"m": 5}, "also": map[string]any{"cnf_2": map[string]any{"take": "server"}}, "overwrite": true}
		got := h.must(call{method: post, path: at + "/" + own + path, as: tenant.owner, body: body}).Body.String()
		if !strings.Contains(got, `"status":"resolved"`) || !strings.Contains(got, `"status":"replayed"`) {
			t.Errorf("%s: %s", path, got)
		}
		var o command.ResolveOrder
		if sent := last(&o); sent.Actor.UserID == "" {
			t.Errorf("%s by nobody", path)
		}
		if o.Take != "client" || o.Fields["n"] != "server" || string(o.Values["m"]) != "5" || o.Also["cnf_2"].Take != "server" || !o.Overwrite || o.WithoutRules != without {
			t.Errorf("%s sends %+v", path, o)
		}
	}
	if got := h.do(call{method: post, path: at + "/cnf_unknown/dismiss", as: tenant.owner}); got.Code != http.StatusNotFound {
		t.Errorf("an unknown one: %d %s", got.Code, got.Body)
	}
	many := h.must(call{method: post, path: at + "/resolve", as: tenant.owner, body: map[string]any{"ids": []string{"cnf_unknown", own, own}, "take": "policy"}}).Body.String()
	if !strings.Contains(many, `"error_code":"not_found"`) || strings.Count(many, `"status":"resolved"`) != 1 {
		t.Errorf("one that fails must not keep the others, nor come twice: %s", many)
	}
	if got := h.do(call{method: post, path: at + "/resolve", as: tenant.owner, body: map[string]any{"ids": []string{own}, "take": "mine"}}); got.Code != http.StatusUnprocessableEntity && got.Code != http.StatusBadRequest {
		t.Errorf("an unknown choice: %d %s", got.Code, got.Body)
	}
}
