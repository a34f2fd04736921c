//go:build e2e

package main_test

import (
	"encoding/json"
	"net/http"
	"strings"
)

// kept is a rejection as the REST API shows it.
type kept struct {
	ID, Status, Message, Group, Table string
	ErrorCode                         string `json:"error_code"`
	UserID                            string `json:"user_id"`
	ClientID                          string `json:"client_id"`
	RowID                             string `json:"row_id"`
	Transaction                       json.RawMessage
}

// outcomes are a replay's or a discard's.
type outcomes []struct {
	ID, Status string
	ErrorCode  string `json:"error_code"`
}

func (o outcomes) String() string {
	out := make([]string, len(o))
	for i := range o {
		out[i] = strings.TrimSpace(o[i].Status + " " + o[i].ErrorCode)
	}
	return strings.Join(out, ", ")
}

func (in *tenant) rejections(query string) []kept {
	in.Helper()
	var page struct{ Data []kept }
	in.api("GET", "/instances/"+in.id+"/rejections?order=oldest&limit=100&"+query, nil, &page)
	return page.Data
}

// settle calls replay, force or discard, for one rejection ("rej_1/replay") or for many ("replay").
func (in *tenant) settle(what string, body any) outcomes {
	in.Helper()
	var answer struct{ Outcomes outcomes }
	in.api("POST", "/instances/"+in.id+"/rejections/"+what, body, &answer)
	return answer.Outcomes
}

func states(list []kept) string {
	out := make([]string, len(list))
	for i, r := range list {
		out[i] = r.Status + " " + r.ErrorCode
	}
	return strings.Join(out, ", ")
}

func codes(list []toldRejection) string {
	out := make([]string, len(list))
	for i, r := range list {
		out[i] = r.Code
	}
	return strings.Join(out, ", ")
}

func (in *tenant) want(what, got, want string) {
	in.Helper()
	if got != want {
		in.Errorf("%s:\ngot  %s\nwant %s", what, got, want)
	}
}

// audited wants an event about a target in the audit log, with that text among its changes.
func (in *tenant) audited(kind, target, changes string) {
	in.Helper()
	var page struct {
		Data []struct{ Changes json.RawMessage }
	}
	in.api("GET", "/orgs/"+in.org+"/audit-events?kind="+kind+"&target="+target, nil, &page)
	if len(page.Data) != 1 || !strings.Contains(string(page.Data[0].Changes), changes) {
		in.Errorf("%s of %s in the audit log: %s", kind, target, page.Data)
	}
}

// discarded: a constraint of the database refuses; giving up takes what depends on it along.
func discarded(in *tenant) {
	const user, priced = "discards", "INSERT INTO todos (id, owner_id, cost) VALUES (?, ?, ?)"
	first, twin := in.row(), in.row()
	d := in.device("turnkey", user)
	s := d.drained(
		one(priced, first, user, "7.01"),
		one(priced, twin, user, "7.01"),
		one("UPDATE todos SET description = 'twin' WHERE id = ?", twin),
	)
	in.want("told", codes(s.Rejected), "UNIQUE_VIOLATION, DEPENDS_ON_REJECTED")
	head := in.rejections("status=open&user_id=" + user)[0].ID
	in.want("the discard", in.settle(head+"/discard", nil).String(), "discarded, discarded")
	in.want("what the user sees", in.seen(user), "discarded UNIQUE_VIOLATION, discarded DEPENDS_ON_REJECTED")
	in.want("the twin", in.fields("todos", twin, "owner_id"), "")
	in.audited("rejection.discarded", head, `"to":2`)
	if status, body := in.ask(in.dev.file.APIToken, "POST", "/instances/"+in.id+"/rejections/"+head+"/replay", nil); status != http.StatusConflict || !strings.Contains(string(body), "rejection_settled") {
		in.Errorf("a replay of what was discarded: %d %s", status, body)
	}
}

// superseded: the app makes the row again, rightly, and with that everything is said.
func superseded(in *tenant) {
	const user = "supersedes"
	todo := in.row()
	d := in.device("turnkey", user)
	s := d.drained(one(newTodo, todo, nil, "somebody else", "Pack", 1), one("UPDATE todos SET priority = 2 WHERE id = ?", todo))
	in.want("told", codes(s.Rejected), "UNAUTHORIZED, DEPENDS_ON_REJECTED")
	s = d.drained(one("INSERT OR REPLACE INTO todos (id, owner_id, description, priority) VALUES (?, ?, ?, ?)", todo, user, "Pack anew", 4))
	in.want("told then", codes(s.Rejected), "")
	in.want("the todo", in.fields("todos", todo, "owner_id", "description", "priority"), user+" Pack anew 4")
	in.want("what the user sees", in.seen(user), "superseded UNAUTHORIZED, superseded DEPENDS_ON_REJECTED")
	in.want("nothing waits", states(in.rejections("status=open&status=held&user_id="+user)), "")
}

// manyAtOnce: what is not wrong any more is replayed in one call, the rest given up in another.
func manyAtOnce(in *tenant) {
	const user, priced = "many", "INSERT INTO todos (id, owner_id, cost) VALUES (?, ?, ?)"
	first, second, third := in.row(), in.row(), in.row()
	d := in.device("turnkey", user)
	d.drained(one(priced, first, user, "8.01"))
	s := d.drained(one(priced, second, user, "8.01"), one(priced, third, "somebody else", "8.02"))
	in.want("told", codes(s.Rejected), "UNIQUE_VIOLATION, UNAUTHORIZED")
	d.drained(one("DELETE FROM todos WHERE id = ?", first))
	list := in.rejections("status=open&user_id=" + user)
	ids := []string{list[0].ID, "rej_unknown", list[1].ID}
	in.want("many replays", in.settle("replay", map[string]any{"ids": ids}).String(), "replayed, not_found, open UNAUTHORIZED")
	in.want("the second", in.fields("todos", second, "owner_id", "cost"), user+" 8.01")
	in.want("many discards", in.settle("discard", map[string]any{"ids": ids}).String(), "rejection_settled, not_found, discarded")
	in.want("what the user sees", in.seen(user), "replayed UNIQUE_VIOLATION, discarded UNAUTHORIZED")
}

// forcedAndErased: an Admin may overrule the rules, a Developer may not; and what is kept of a user can go.
func forcedAndErased(in *tenant) {
	const user = "forced"
	todo := in.row()
	in.device("turnkey", user).drained(one(newTodo, todo, nil, "somebody else", "Gift", 1))
	token := map[string]string{}
	for _, role := range []string{"developer", "admin"} {
		var made struct{ Token string }
		in.api("POST", "/orgs/"+in.org+"/tokens", map[string]any{"name": role, "role": role}, &made)
		token[role] = made.Token
	}
	id := in.rejections("user_id=" + user)[0].ID
	at := "/instances/" + in.id + "/rejections/" + id
	if status, body := in.ask(token["developer"], "POST", at+"/force", nil); status != http.StatusForbidden {
		in.Errorf("a Developer overrules the rules: %d %s", status, body)
	}
	if status, body := in.ask(token["developer"], "POST", at+"/replay", nil); status != http.StatusOK || !strings.Contains(string(body), "UNAUTHORIZED") {
		in.Errorf("a Developer's replay, under the rules: %d %s", status, body)
	}
	in.want("the todo before", in.fields("todos", todo, "owner_id"), "")
	if status, body := in.ask(token["admin"], "POST", at+"/force", nil); status != http.StatusOK || !strings.Contains(string(body), `"replayed"`) {
		in.Errorf("an Admin's force: %d %s", status, body)
	}
	in.want("the todo", in.fields("todos", todo, "owner_id", "description"), "somebody else Gift")

	var gone struct{ Rejections int }
	in.api("DELETE", "/instances/"+in.id+"/users/"+user+"/data", nil, &gone)
	if gone.Rejections != 1 || in.seen(user) != "" || len(in.rejections("user_id="+user)) != 0 {
		in.Errorf("after the erasure of %d: %q", gone.Rejections, in.seen(user))
	}
	in.audited("user_data.erased", in.id, "user_sha256")
}
