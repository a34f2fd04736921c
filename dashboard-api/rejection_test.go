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

// aboutRejections answers for a runtime whose instances each have one rejection, named after the
// instance.
func aboutRejections(c command.Command) (json.RawMessage, error) {
	own := "rej_of_" + c.Instance
	id, outcome := own, source.Replayed
	switch c.Name {
	case command.RejectionList:
		return json.Marshal([]source.Rejection{{ID: own, Status: source.Open, Group: own, CreatedAt: time.Unix(0, 0)}})
	case command.DeploymentReplay:
		return json.Marshal(command.DeploymentReplayed{Done: []source.Outcome{{ID: own, Status: source.Replayed}}, Next: own})
	case command.UserErase:
		if string(c.Argument) != `"user_of_`+c.Instance+`"` {
			return json.Marshal(0)
		}
		return json.Marshal(3)
	case command.RejectionReplay:
		var o command.ReplayOrder
		if err := json.Unmarshal(c.Argument, &o); err != nil {
			return nil, err
		}
		id = o.ID
	default:
		if err := json.Unmarshal(c.Argument, &id); err != nil {
			return nil, err
		}
	}
	if strings.HasPrefix(id, "rej_later") {
		return nil, fault.New(fault.Unavailable, "hook_error", "The hook failed.")
	}
	if id != own {
		return nil, fault.New(fault.NotFound, "not_found", "There is no such rejection.")
	}
	switch c.Name {
	case command.RejectionGet:
		return json.Marshal(source.Rejection{ID: own, Status: source.Open, Payload: []byte(`{"crud": []}`), Claims: []byte(`{"sub":"u1"}`), CreatedAt: time.Unix(0, 0)})
	case command.RejectionDiscard:
		outcome = source.Discarded
	}
	return json.Marshal([]source.Outcome{{ID: own, Status: outcome}})
}

func TestRejectionsAreAskedOfTheRuntimeThatServes(t *testing.T) {
	h := newHouse(t)
	tenant := h.newTenant("one")
	h.heartbeat()
	at := "/instances/" + tenant.ids["instance"] + "/rejections"
	own := tenant.ids["rejection"]
	list := h.must(call{method: get, path: at + "?status=open&status=held&table=todos&order=oldest&limit=10", as: tenant.owner})
	if body := list.Body.String(); !strings.Contains(body, own) || !strings.Contains(body, `"next_cursor":null`) {
		t.Errorf("%s", body)
	}
	var f source.RejectionFilter
	sent := h.pool.sent[len(h.pool.sent)-1]
	if err := json.Unmarshal(sent.Argument, &f); err != nil || len(f.Status) != 2 || f.TableName != "todos" || !f.OldestFirst || f.Limit != 11 || sent.Instance != tenant.ids["instance"] {
		t.Errorf("%+v %v", f, err)
	}
	one := h.must(call{method: get, path: at + "/" + own, as: tenant.owner}).Body.String()
	if !strings.Contains(one, `"transaction":{"crud":`) || !strings.Contains(one, `"claims":{"sub":"u1"}`) {
		t.Errorf("%s", one)
	}
	if got := h.do(call{method: post, path: at + "/rej_unknown/discard", as: tenant.owner}); got.Code != http.StatusNotFound {
		t.Errorf("an unknown one: %d %s", got.Code, got.Body)
	}
	for _, path := range []string{at + "/" + own + "/replay", at + "/" + own + "/force", "/instances/" + tenant.ids["instance"] + "/deployments", "/instances/" + tenant.ids["instance"] + "/signing-keys/rotate"} {
		if got := h.do(call{method: post, path: path, as: tenant.owner}); got.Code == http.StatusBadRequest {
			t.Errorf("%s wants a body: %s", path, got.Body)
		}
	}
	many := h.must(call{method: post, path: at + "/replay", as: tenant.owner, body: map[string]any{"ids": []string{"rej_unknown", own, own}}}).Body.String()
	if !strings.Contains(many, `"error_code":"not_found"`) || !strings.Contains(many, `"status":"replayed"`) {
		t.Errorf("one that fails must not keep the others: %s", many)
	}
	if strings.Count(many, own) != 1 {
		t.Errorf("one that was settled along with another must not be tried again: %s", many)
	}
}

// What is not possible now is one rejection's own trouble, or everybody's: then the rest is not tried, and what was done is told.
func TestManyRejectionsOfWhichOneIsNotPossibleNow(t *testing.T) {
	h := newHouse(t)
	tenant := h.newTenant("one")
	h.heartbeat()
	path := "/instances/" + tenant.ids["instance"] + "/rejections/replay"
	own := tenant.ids["rejection"]
	replay := func(ids ...string) (*http.Response, []source.Outcome) {
		var answer struct{ Outcomes []source.Outcome }
		got := h.do(call{method: post, path: path, as: tenant.owner, body: map[string]any{"ids": ids}})
		if got.Code == http.StatusOK {
			if err := json.Unmarshal(got.Body.Bytes(), &answer); err != nil {
				t.Fatal(err)
			}
		}
		return got.Result(), answer.Outcomes
	}
	if _, out := replay("rej_later_1", own); len(out) != 2 || out[0].ErrorCode != "hook_error" || out[1].Status != source.Replayed {
		t.Errorf("one keeps the other from being done: %+v", out)
	}
	before := len(h.pool.sent)
	if _, out := replay(own, "rej_later_1", "rej_later_2", "rej_later_3"); len(out) != 4 || out[0].Status != source.Replayed || out[3].ErrorCode != "hook_error" {
		t.Errorf("what was done is not told: %+v", out)
	}
	if tried := len(h.pool.sent) - before; tried != 3 {
		t.Errorf("%d were tried", tried)
	}
	if r, _ := replay("rej_later_1", "rej_later_2", own); r.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("nothing was possible: %d", r.StatusCode)
	}
}

func TestARejectionOfAnInstanceWithoutADeployment(t *testing.T) {
	h := newHouse(t)
	tenant := h.newTenant("one")
	h.heartbeat()
	made := h.must(call{method: post, path: "/projects/" + tenant.ids["project"] + "/instances", as: tenant.owner, body: map[string]any{"name": "Empty", "kind": "development"}})
	var i struct{ ID string }
	if err := json.Unmarshal(made.Body.Bytes(), &i); err != nil {
		t.Fatal(err)
	}
	if got := h.do(call{method: get, path: "/instances/" + i.ID + "/rejections", as: tenant.owner}); got.Code != http.StatusConflict || !strings.Contains(got.Body.String(), "not_deployed") {
		t.Errorf("%d %s", got.Code, got.Body)
	}
}
