//go:build e2e

package main_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

const (
	newList = "INSERT INTO lists (id, name, owner_id, position) VALUES (?, ?, ?, ?)"
	newTodo = "INSERT INTO todos (id, list_id, owner_id, description, priority) VALUES (?, ?, ?, ?, ?)"
)

// A device stuck behind a bad write: its queue drains, the refusal and what depends on it are kept with
// their reasons, and an edited replay applies all of it once, in order. On both databases, with our
// connector and with a stock one.
func TestStuckDevice(t *testing.T) {
	tenants := newTenants(t)
	for _, in := range tenants {
		for _, connector := range []string{"turnkey", "plain"} {
			t.Run(in.source+"/"+connector, func(t *testing.T) { stuckDevice(in.as(t), connector) })
		}
		t.Run(in.source+"/discard", func(t *testing.T) { discarded(in.as(t)) })
		t.Run(in.source+"/supersede", func(t *testing.T) { superseded(in.as(t)) })
		t.Run(in.source+"/many", func(t *testing.T) { manyAtOnce(in.as(t)) })
		t.Run(in.source+"/force and erase", func(t *testing.T) { forcedAndErased(in.as(t)) })
		t.Run(in.source+"/answers lost", func(t *testing.T) { answersLost(in.as(t)) })
	}
}

func stuckDevice(in *tenant, connector string) {
	user := "stuck-" + connector
	list, todo, extra, good := in.row(), in.row(), in.row(), in.row()
	d := in.device(connector, user)
	in.guarantees("", "[]") // nobody but our connector has written yet
	s := d.drained(
		one(newList, list, "Trip", user, 1),
		one(newTodo, todo, list, "somebody else", "Pack", 1), // no rule lets that pass
		one("UPDATE todos SET priority = 2 WHERE id = ?", todo),
		one("UPDATE todos SET priority = 4, description = 'Pack light' WHERE id = ?", todo),
		transaction{
			{"UPDATE todos SET priority = 7, completed = 1 WHERE id = ?", todo},
			{newTodo, extra, list, user, "Tickets", 1},
		},
		one("UPDATE todos SET priority = 3 WHERE id = ?", extra),
		one(newTodo, good, list, user, "Passport", 5),
		one("UPDATE lists SET name = 'Trip north', position = 3 WHERE id = ?", list),
	)
	const all = "UNAUTHORIZED, DEPENDS_ON_REJECTED, DEPENDS_ON_REJECTED, DEPENDS_ON_REJECTED, DEPENDS_ON_REJECTED"
	in.want("the app was told of", codes(s.Rejected), all)
	in.want("the good list", in.fields("lists", list, "name", "position"), "Trip north 3")
	in.want("the good todo", in.fields("todos", good, "description", "priority"), "Passport 5")
	in.want("the refused todo", in.fields("todos", todo, "description"), "")
	in.want("what came with an edit of it", in.fields("todos", extra, "description"), "")
	const waiting = "open UNAUTHORIZED, held DEPENDS_ON_REJECTED, held DEPENDS_ON_REJECTED, held DEPENDS_ON_REJECTED, held DEPENDS_ON_REJECTED"
	in.want("what the user sees", in.seen(user), waiting)

	head, group := readStuck(in, user, todo, waiting, s)
	if status, body := in.ask(in.dev.file.APIToken, "POST", "/instances/"+in.id+"/rejections/"+group[1].ID+"/replay", nil); status != http.StatusConflict || !strings.Contains(string(body), "rejection_held") {
		in.Errorf("a held one replays by itself: %d %s", status, body)
	}
	edited := strings.Replace(string(head.Transaction), "somebody else", user, 1)
	done := in.settle(head.ID+"/replay", map[string]any{"transaction": json.RawMessage(edited)})
	in.want("the replay", done.String(), "replayed, replayed, replayed, replayed, replayed")
	for i := range min(len(done), len(group)) {
		in.want("released in order", done[i].ID, group[i].ID)
	}
	// The counter would tell of an edit that was applied twice, the texts of one out of order.
	applied := func() {
		in.Helper()
		in.want("the todo", in.fields("todos", todo, "owner_id", "description", "completed", "priority"), user+" Pack light true 7")
		in.want("what came with an edit of it", in.fields("todos", extra, "description", "priority"), "Tickets 3")
	}
	applied()
	for range 2 {
		status, body := in.ask(in.dev.file.APIToken, "POST", "/instances/"+in.id+"/rejections/"+head.ID+"/replay", map[string]any{"transaction": json.RawMessage(edited)})
		if status != http.StatusConflict || !strings.Contains(string(body), "rejection_settled") {
			in.Errorf("another replay: %d %s", status, body)
		}
	}
	applied()
	in.want("what the user sees then", in.seen(user), strings.NewReplacer("open", "replayed", "held", "replayed").Replace(waiting))
	in.audited("rejection.replayed", head.ID, `"edited"`)

	s = d.drained(one("UPDATE todos SET priority = 8 WHERE id = ?", todo))
	in.want("later refusals", codes(s.Rejected), "")
	if connector == "plain" {
		in.guarantees("24h", "repeats_weak")
	}
	in.want("the todo later", in.fields("todos", todo, "priority"), "8")
}

// readStuck reads the group through the REST API, and compares it with what the app was told.
func readStuck(in *tenant, user, todo, waiting string, s session) (head kept, group []kept) {
	in.Helper()
	group = in.rejections("user_id=" + user)
	in.want("the rejections", states(group), waiting)
	if len(group) != 5 {
		in.FailNow()
	}
	for query, want := range map[string]string{
		"status=open&user_id=" + user:                             "open UNAUTHORIZED",
		"group=" + group[0].ID:                                    waiting,
		"status=open&status=held&group=" + group[0].ID:            waiting,
		"status=replayed&user_id=" + user:                         "",
		"user_id=nobody":                                          "",
		"row_id=" + todo + "&error_code=UNAUTHORIZED&table=todos": "open UNAUTHORIZED",
	} {
		in.want(query, states(in.rejections(query)), want)
	}
	for i, r := range group {
		if r.Group != group[0].ID || r.UserID != user || r.Message == "" || r.Table != "todos" {
			in.Errorf("rejection %d: %+v", i, r)
		}
		if told := s.Rejected[i]; told.Rejection != "" && (told.Rejection != r.ID || told.Message != r.Message || told.Hint == "") {
			in.Errorf("rejection %d is %+v, the app was told %+v", i, r, told)
		}
	}
	in.api("GET", "/instances/"+in.id+"/rejections/"+group[0].ID, nil, &head)
	var tx struct {
		Crud []struct {
			Op, Table, ID string
			Data          map[string]any `json:"op_data"`
		}
	}
	if err := json.Unmarshal(head.Transaction, &tx); err != nil || len(tx.Crud) != 1 || tx.Crud[0].ID != todo || tx.Crud[0].Data["owner_id"] != "somebody else" {
		in.Fatalf("what was kept: %v %s", err, head.Transaction)
	}
	return head, group
}

// guarantees wants the weaker guarantee of stock connectors in the instance's health and status; or none.
func (in *tenant) guarantees(recognised, notes string) {
	in.Helper()
	var health struct {
		Repeats struct{ Recognised, Hint string }
	}
	_, raw := call(in.T, http.MethodGet, in.url+"/health", "", "")
	if err := json.Unmarshal(raw, &health); err != nil || health.Repeats.Recognised != recognised || recognised != "" && !strings.Contains(health.Repeats.Hint, "connector") {
		in.Errorf("%v: the health is %s", err, raw)
	}
	eventually(in.T, "the status says "+notes, func() bool { // with the next heartbeat
		var about struct {
			Status struct {
				Conditions []json.RawMessage
				Notes      json.RawMessage
			}
		}
		in.api("GET", "/instances/"+in.id, nil, &about)
		return len(about.Status.Conditions) == 0 && strings.Contains(string(about.Status.Notes), notes)
	})
}
