//go:build e2e

package main_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// Conflicts as a customer's people meet them: two devices write over HTTP, what a policy decided and what was left
// open is listed, read and resolved over REST, exactly once and audited, counted by table, and gone when the
// user is erased. On both databases.
func TestConflicts(t *testing.T) {
	tenants := newTenants(t, "position: {type: int32}", "position: {type: int32}", "  lists:\n", "  lists:\n    on_conflict: record\n",
		"tables:\n", "conflicts: {show_server: true}\ntables:\n")
	for _, in := range tenants {
		t.Run(in.source+"/decided", func(t *testing.T) { decidedConflict(in.as(t)) })
		t.Run(in.source+"/open", func(t *testing.T) { openConflict(in.as(t)) })
	}
}

// met is a conflict as the REST API shows it.
type met struct {
	ID, Status, Table, Policy, Outcome string
	UserID                             string `json:"user_id"`
	RejectionID                        string `json:"rejection_id"`
	SettledBy                          string `json:"settled_by"`
	Values, Current, Resolution        json.RawMessage
	ServerData                         json.RawMessage `json:"server_data"`
}

func (in *tenant) conflicts(query string) []met {
	in.Helper()
	var page struct{ Data []met }
	in.api("GET", "/instances/"+in.id+"/conflicts?order=oldest&"+query, nil, &page)
	return page.Data
}

// writes uploads one entry as a client of a user and gives the outcome.
func (in *tenant) writes(user, client string, op int, entry string) string {
	in.Helper()
	var token struct{ Token string }
	if status, raw := call(in.T, http.MethodGet, in.url+"/token?user_id="+user, "", ""); status != http.StatusOK || json.Unmarshal(raw, &token) != nil {
		in.Fatalf("token: %d %s", status, raw)
	}
	body := fmt.Sprintf(`{"client":{"id":%q},"transactions":[{"transaction_id":%d,"crud":[{"op_id":%d,%s}]}]}`, client, op, op, entry)
	status, raw := call(in.T, http.MethodPost, in.url+"/upload", token.Token, body)
	var answer struct {
		Results []struct {
			Status string
			Failed struct {
				Code string `json:"error_code"`
			} `json:"failed_operation"`
		}
	}
	if status != http.StatusOK || json.Unmarshal(raw, &answer) != nil || len(answer.Results) != 1 {
		in.Fatalf("upload: %d %s", status, raw)
	}
	return strings.TrimSpace(answer.Results[0].Status + " " + answer.Results[0].Failed.Code)
}

func (in *tenant) resolves(id, how string, body any) (status int, answer string) {
	in.Helper()
	status, raw := in.ask(in.dev.file.APIToken, "POST", "/instances/"+in.id+"/conflicts/"+id+"/"+how, body)
	return status, string(raw)
}

func decidedConflict(in *tenant) {
	todo, user := in.row(), "decided"
	patch := func(now, was int) string {
		return fmt.Sprintf(`"op":"PATCH","type":"todos","id":%q,"data":{"priority":%d},"old":{"priority":%d}`, todo, now, was)
	}
	in.want("creation", in.writes(user, "a", 1, fmt.Sprintf(`"op":"PUT","type":"todos","id":%q,"data":{"owner_id":%q,"priority":8}`, todo, user)), "success")
	in.want("first", in.writes(user, "b", 1, patch(5, 8)), "success")
	in.want("second", in.writes(user, "c", 1, patch(4, 8)), "success")
	in.want("the counter", in.fields("todos", todo, "priority"), "1")
	list := in.conflicts("status=decided&table=todos&user_id=" + user)
	if len(list) != 1 || list[0].Policy != "merge" || list[0].Outcome != "merged" || string(list[0].ServerData) != `{"priority":5}` {
		in.Fatalf("%+v", list)
	}
	id := list[0].ID
	var one met
	in.api("GET", "/instances/"+in.id+"/conflicts/"+id, nil, &one)
	in.want("the values", string(one.Values), `{"base":{"priority":8},"server":{"priority":5},"client":{"priority":4},"decided":{"priority":1}}`)
	in.want("what is stored", string(one.Current), `{"priority":1}`)
	if status, answer := in.resolves(id, "resolve", map[string]any{"values": map[string]any{"priority": 6}}); status != http.StatusOK {
		in.Errorf("resolve: %d %s", status, answer)
	}
	in.want("the row", in.fields("todos", todo, "priority"), "6")
	if status, answer := in.resolves(id, "resolve", map[string]any{"take": "client"}); status != http.StatusConflict || !strings.Contains(answer, "conflict_settled") {
		in.Errorf("once more: %d %s", status, answer)
	}
	in.want("the row then", in.fields("todos", todo, "priority"), "6")
	in.audited("conflict.resolved", id, `"columns"`)
}

func openConflict(in *tenant) {
	list, user := in.row(), "open"
	patch := func(now, was string) string {
		return fmt.Sprintf(`"op":"PATCH","type":"lists","id":%q,"data":{"name":%q},"old":{"name":%q}`, list, now, was)
	}
	in.want("creation", in.writes(user, "a", 1, fmt.Sprintf(`"op":"PUT","type":"lists","id":%q,"data":{"owner_id":%q,"name":"-"}`, list, user)), "success")
	in.want("first", in.writes(user, "b", 1, patch("one", "-")), "success")
	in.want("second", in.writes(user, "c", 1, patch("two", "-")), "fatal_error CONFLICT_RECORDED")
	in.want("third", in.writes(user, "d", 1, patch("three", "-")), "fatal_error CONFLICT_RECORDED")
	in.want("what the user sees", in.seen(user), "open CONFLICT_RECORDED, open CONFLICT_RECORDED")
	open := in.conflicts("status=open&user_id=" + user)
	if len(open) != 2 || open[0].RejectionID == "" || open[0].RejectionID == open[1].RejectionID {
		in.Fatalf("%+v", open)
	}
	if status, answer := in.resolves(open[0].ID, "resolve", map[string]any{"take": "client"}); status != http.StatusOK || !strings.Contains(answer, `"status":"replayed"`) {
		in.Errorf("resolve: %d %s", status, answer)
	}
	in.want("the row", in.fields("lists", list, "name"), "two")
	if status, answer := in.resolves(open[1].ID, "resolve", map[string]any{"take": "client"}); status != http.StatusConflict || !strings.Contains(answer, "conflict_moved") {
		in.Errorf("over what came after: %d %s", status, answer)
	}
	if status, answer := in.resolves(open[1].ID, "dismiss", nil); status != http.StatusOK || !strings.Contains(answer, `"status":"discarded"`) {
		in.Errorf("dismiss: %d %s", status, answer)
	}
	in.want("what the user sees then", in.seen(user), "replayed CONFLICT_RECORDED, discarded CONFLICT_RECORDED")
	in.audited("conflict.dismissed", open[1].ID, `"discarded"`)

	eventually(in.T, "conflicts are counted by table", func() bool {
		var metrics struct {
			Total struct {
				Tables []struct {
					Table     string
					Conflicts map[string]int
				}
			}
		}
		in.api("GET", "/instances/"+in.id+"/metrics", nil, &metrics)
		for _, t := range metrics.Total.Tables {
			if t.Table == "lists" && t.Conflicts["recorded"] == 2 {
				return true
			}
		}
		return false
	})
	var gone struct{ Rejections int }
	in.api("DELETE", "/instances/"+in.id+"/users/"+user+"/data", nil, &gone)
	if left := in.conflicts("user_id=" + user); gone.Rejections != 4 || len(left) != 0 {
		in.Errorf("erased %d, left are %+v", gone.Rejections, left)
	}
}
