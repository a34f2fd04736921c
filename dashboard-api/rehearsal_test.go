package dashboardapi

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"turnkey/internal/fault"
	"turnkey/runtime/command"
	"turnkey/runtime/rehearsal"
)

// aboutRehearsals answers for a runtime that has 5 recorded cases, of which it manages 2 at a time.
func aboutRehearsals(c command.Command) (json.RawMessage, error) {
	if c.Name == command.RehearsalRun {
		return json.Marshal(rehearsal.Verdict{Outcome: rehearsal.Applied, Changes: []rehearsal.RowChange{{Op: "insert", Table: "todos", ID: "1", Old: json.RawMessage("null"),
			New: json.RawMessage(`{"title":"t"}`), Fields: []string{"title"}}}, Conflicts: []rehearsal.ConflictMet{}, Hooks: []rehearsal.HookCall{}, Effects: []rehearsal.Effect{}, Checked: true})
	}
	if c.Name == command.RehearsalCase {
		var o rehearsal.Order
		if err := json.Unmarshal(c.Argument, &o); err != nil {
			return nil, err
		}
		made := rehearsal.Case{Kind: rehearsal.ConflictCase, ID: o.Conflict, Table: "todos", Function: "resolveConflict", Input: rehearsal.Input{Op: "PATCH", Table: "todos", ID: "1"}, Decided: json.RawMessage(`{"n":3}`)}
		if o.Rejection != "" {
			made = rehearsal.Case{Kind: rehearsal.RejectionCase, ID: o.Rejection, Table: "todos", Function: "beforeWrite", Code: "NO"}
		}
		if made.ID != "cnf_of_"+c.Instance && made.ID != "rej_of_"+c.Instance {
			return nil, fault.New(fault.NotFound, "not_found", "There is no such case.")
		}
		return json.Marshal(made)
	}
	var o rehearsal.ReplayOrder
	if err := json.Unmarshal(c.Argument, &o); err != nil {
		return nil, err
	}
	begin := 0
	if o.After != "" {
		_, _ = fmt.Sscanf(o.After, "%d", &begin)
	}
	part := rehearsal.Part{More: true}
	for n := begin; n < 5 && n < begin+2 && part.Total < o.Limit; n++ {
		if n == 3 {
			part.Add(&rehearsal.Example{Kind: rehearsal.ConflictCase, ID: "cnf_4", Difference: rehearsal.NewRejection})
		} else {
			part.Add(nil)
		}
		part.Next = fmt.Sprint(n + 1)
	}
	part.More = begin+part.Total < 5
	return json.Marshal(part)
}

func TestADraftIsTriedOutByARuntime(t *testing.T) {
	h := newHouse(t)
	tenant := h.newTenant("one")
	h.heartbeat()
	at := "/instances/" + tenant.ids["instance"] + "/hooks"
	operation := map[string]any{"op": "PATCH", "table": "todos", "id": "1", "data": map[string]any{"title": "t"}, "previousValues": map[string]any{"title": "s"}, "metadata": "m"}
	body := map[string]any{"operation": operation, "user": map[string]any{"id": "u1", "claims": map[string]any{"admin": true}}, "old": nil}
	for _, of := range []string{"draft", "deployed"} {
		body["of"] = of
		got := h.must(call{method: post, path: at + "/run", as: tenant.owner, body: body}).Body.String()
		if !strings.Contains(got, `"outcome":"applied"`) || !strings.Contains(got, `"new":{"title":"t"}`) || !strings.Contains(got, `"conflicts":[]`) {
			t.Errorf("%s", got)
		}
		sent := h.pool.sent[len(h.pool.sent)-1]
		var o rehearsal.Order
		if err := json.Unmarshal(sent.Argument, &o); err != nil || sent.Name != command.RehearsalRun || len(sent.Bundle) == 0 || sent.Actor.UserID != tenant.owner.UserID {
			t.Errorf("sent %+v %v", sent, err)
		}
		if o.User.ID != "u1" || o.User.Claims["admin"] != true || !strings.Contains(string(o.Transaction), `"previousValues":{"title":"s"}`) || string(o.Old) != "null" {
			t.Errorf("ordered %+v", o)
		}
	}
	h.must(call{method: post, path: at + "/run", as: tenant.owner, body: map[string]any{"conflict_id": "cnf_1"}})
	if !strings.Contains(string(h.pool.sent[len(h.pool.sent)-1].Argument), `"conflict":"cnf_1"`) {
		t.Errorf("sent %s", h.pool.sent[len(h.pool.sent)-1].Argument)
	}
	for name, wrong := range map[string]map[string]any{
		"nothing to run":           {},
		"two things to run":        {"conflict_id": "cnf_1", "rejection_id": "rej_1"},
		"nobody writes":            {"operation": operation},
		"a recorded case's user":   {"conflict_id": "cnf_1", "user": map[string]any{"id": "u1"}},
		"no operations":            {"operations": []any{}, "user": map[string]any{"id": "u1"}},
		"a draft that is deployed": {"of": "deployed", "conflict_id": "cnf_1", "config": "x"},
		"another thing":            {"of": "mine", "conflict_id": "cnf_1"},
	} {
		if got := h.do(call{method: post, path: at + "/run", as: tenant.owner, body: wrong}); got.Code != http.StatusUnprocessableEntity && got.Code != http.StatusBadRequest {
			t.Errorf("%s: %d %s", name, got.Code, got.Body)
		}
	}
	events := h.must(call{method: get, path: "/orgs/" + tenant.ids["org"] + "/audit-events?kind=rehearsal.run", as: tenant.owner}).Body.String()
	if strings.Count(events, `"rehearsal.run"`) != 3 || strings.Contains(events, "u1") {
		t.Errorf("audited: %s", events)
	}
}

func TestRecordedCasesAreReplayedPartByPart(t *testing.T) {
	h := newHouse(t)
	tenant := h.newTenant("one")
	h.heartbeat()
	at := "/instances/" + tenant.ids["instance"] + "/hooks/replay"
	got := h.must(call{method: post, path: at, as: tenant.owner, body: map[string]any{}}).Body.String()
	for _, want := range []string{`"total":5`, `"same":4`, `"differ":1`, `"new_rejections":1`, `"complete":true`, `"next_cursor":null`, `"id":"cnf_4"`} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in %s", want, got)
		}
	}
	if got := h.must(call{method: post, path: at, as: tenant.owner, body: map[string]any{"limit": 3}}).Body.String(); !strings.Contains(got, `"total":3`) || !strings.Contains(got, `"complete":true`) {
		t.Errorf("%s", got)
	}
	if got := h.do(call{method: post, path: at, as: tenant.owner, body: map[string]any{"limit": 10001}}); got.Code != http.StatusUnprocessableEntity && got.Code != http.StatusBadRequest {
		t.Errorf("%d %s", got.Code, got.Body)
	}
	h.pool.mu.Lock()
	h.pool.during = func() { h.clock.advance(40 * time.Second); h.heartbeat() } // a slow database: the minute is over after two parts
	h.pool.mu.Unlock()
	got = h.must(call{method: post, path: at, as: tenant.owner, body: map[string]any{}}).Body.String()
	if !strings.Contains(got, `"total":4`) || !strings.Contains(got, `"complete":false`) || !strings.Contains(got, `"next_cursor":"4"`) {
		t.Errorf("%s", got)
	}
	got = h.must(call{method: post, path: at, as: tenant.owner, body: map[string]any{"cursor": "4"}}).Body.String()
	if !strings.Contains(got, `"total":1`) || !strings.Contains(got, `"complete":true`) {
		t.Errorf("%s", got)
	}
}

func TestARecordedCaseIsSavedAsATest(t *testing.T) {
	h := newHouse(t)
	tenant := h.newTenant("one")
	h.heartbeat()
	at := "/instances/" + tenant.ids["instance"]
	for _, kind := range []string{"conflict", "rejection"} {
		id := tenant.ids[kind]
		path := at + "/" + kind + "s/" + id + "/test"
		shown := h.must(call{method: get, path: path, as: tenant.owner}).Body.String()
		for _, want := range []string{`"path":"hooks/todos.` + id + `.test.ts"`, `"fixture_path":"hooks/todos.` + id + `.json"`, `import hooks from`} {
			if !strings.Contains(shown, want) {
				t.Errorf("no %s in %s", want, shown)
			}
		}
		if files := h.must(call{method: get, path: at + "/files", as: tenant.owner}).Body.String(); strings.Contains(files, id) {
			t.Errorf("showing it saves it: %s", files)
		}
		for range 2 { // a second time takes the place of the first
			if saved := h.must(call{method: post, path: path, as: tenant.owner}).Body.String(); saved != shown {
				t.Errorf("saved %s", saved)
			}
		}
		if files := h.must(call{method: get, path: at + "/files", as: tenant.owner}).Body.String(); strings.Count(files, id) != 2 {
			t.Errorf("saved are %s", files)
		}
	}
	if got := h.do(call{method: get, path: at + "/conflicts/cnf_unknown/test", as: tenant.owner}); got.Code != http.StatusNotFound {
		t.Errorf("%d %s", got.Code, got.Body)
	}
}

// aboutShadows answers for a runtime whose shadow of an instance has tried four transactions.
func aboutShadows(c command.Command) (json.RawMessage, error) {
	state := rehearsal.ShadowState{Order: &rehearsal.ShadowOrder{ID: "req_1", Deployment: 1, Sample: 0.5}, Running: c.Name == command.ShadowGet}
	state.Report.Fields = map[string]map[string]int{"todos": {"title": 1}}
	state.Report.Add(&rehearsal.Example{Kind: rehearsal.LiveCase, Difference: rehearsal.OtherValues})
	for range 3 {
		state.Report.Add(nil)
	}
	return json.Marshal(state)
}

func TestADraftRunsBesideTheDeployment(t *testing.T) {
	h := newHouse(t)
	tenant := h.newTenant("one")
	h.heartbeat()
	at := "/instances/" + tenant.ids["instance"] + "/shadow"
	got := h.must(call{method: post, path: at, as: tenant.owner, body: map[string]any{"sample": 0.5, "minutes": 10}}).Body.String()
	if !strings.Contains(got, `"running":true`) || !strings.Contains(got, `"runtimes":1`) || !strings.Contains(got, `"sample":0.5`) {
		t.Errorf("%s", got)
	}
	sent := h.pool.sent[len(h.pool.sent)-1]
	var o rehearsal.ShadowOrder
	if err := json.Unmarshal(sent.Argument, &o); err != nil || sent.Name != command.ShadowStart || len(sent.Bundle) == 0 || o.Deployment != 1 || o.Sample != 0.5 || o.Until.Sub(h.clock.now()) != 10*time.Minute {
		t.Errorf("sent %+v %v", o, err)
	}
	for _, want := range []string{`"total":4`, `"same":3`, `"differ":1`, `"fields":{"todos":{"title":1}}`, `"running":true`} {
		if got := h.must(call{method: get, path: at, as: tenant.owner}).Body.String(); !strings.Contains(got, want) {
			t.Errorf("no %s in %s", want, got)
		}
	}
	if got := h.must(call{method: remove, path: at, as: tenant.owner}).Body.String(); !strings.Contains(got, `"running":false`) || !strings.Contains(got, `"total":4`) {
		t.Errorf("%s", got)
	}
	if got := h.do(call{method: post, path: at, as: tenant.owner, body: map[string]any{"sample": 2}}); got.Code != http.StatusUnprocessableEntity && got.Code != http.StatusBadRequest {
		t.Errorf("%d %s", got.Code, got.Body)
	}
}
