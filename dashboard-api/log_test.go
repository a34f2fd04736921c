package dashboardapi

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"turnkey/controlplane"
	"turnkey/runtime/telemetry"
)

// done is a transaction of an instance.
func done(instance, user string, change ...func(*telemetry.Entry)) telemetry.Entry {
	e := telemetry.Entry{
		Instance: instance, Deployment: 2, Kind: telemetry.Transaction, Level: telemetry.Info, Outcome: telemetry.Success, RequestID: "req_" + user,
		UserID: user, ClientID: "device-" + user, SDK: "powersync-js", AppVersion: "1.2", DurationUS: 1500, Retries: 1,
		Operations: []telemetry.TableOperations{{Table: "todos", Put: 1, Patch: 2}},
	}
	for _, f := range change {
		f(&e)
	}
	return e
}

func refused(code string) func(*telemetry.Entry) {
	return func(e *telemetry.Entry) {
		e.Level, e.Outcome, e.Code, e.Message, e.Rejection = telemetry.Warn, telemetry.Fatal, code, "The rule of lists says No.", "rej_1"
		e.Operations = []telemetry.TableOperations{{Table: "lists", Delete: 1}}
	}
}

// stranger is a device that never gets in.
func stranger(instance string) telemetry.Entry {
	return telemetry.Entry{Instance: instance, Kind: telemetry.Refusal, Level: telemetry.Warn, Outcome: telemetry.Refused, RequestID: "req_stranger",
		Code: "token_expired", Message: "The token has expired."}
}

// users gives whose entries a page has, in its order.
func users(r reply) (out []string) {
	list, _ := r.json["data"].([]any)
	for _, item := range list {
		e, _ := item.(map[string]any)
		name, _ := e["user_id"].(string)
		out = append(out, name)
	}
	return out
}

// served is a shop with an instance, without anything in its log.
func newServed(t *testing.T) (*shop, string) {
	t.Helper()
	s := newShop(t)
	r := s.provision(workingConfig, sourceSecret, false)
	if r.Code != 201 {
		t.Fatalf("provision: %d %s", r.Code, r.Body)
	}
	return s, r.text("id")
}

func TestLogFilters(t *testing.T) {
	s, id := newServed(t)
	began := s.clock.now()
	s.ship(done(id, "a"), stranger(id))
	s.clock.advance(time.Minute)
	middle := s.clock.now()
	s.ship(done(id, "b", refused("UNAUTHORIZED")), done(id, "c", func(e *telemetry.Entry) {
		e.Level, e.Outcome, e.Code = telemetry.Error, telemetry.Retryable, "source_down"
	}))
	at := func(t time.Time) string { return url.QueryEscape(t.Format(time.RFC3339)) }
	for query, want := range map[string][]string{
		"":                                  {"c", "b", "", "a"},
		"level=info":                        {"c", "b", "", "a"},
		"level=warn":                        {"c", "b", ""},
		"level=error":                       {"c"},
		"kind=refusal":                      {""},
		"request_id=req_b":                  {"b"},
		"user_id=a":                         {"a"},
		"user_id=nobody":                    {},
		"client_id=device-c":                {"c"},
		"table=lists":                       {"b"},
		"table=todos":                       {"c", "a"},
		"code=token_expired":                {""},
		"outcome=success":                   {"a"},
		"outcome=fatal_error&level=warn":    {"b"},
		"text=SAYS+no":                      {"b"},
		"text=token_":                       {""},
		"text=100%25":                       {},
		"since=" + at(middle):               {"c", "b"},
		"until=" + at(middle):               {"", "a"},
		"since=" + at(began.Add(time.Hour)): {},
	} {
		r := s.must(call{method: get, path: "/instances/" + id + "/logs?" + query, as: s.ann})
		if got := users(r); !slices.Equal(got, want) {
			t.Errorf("%q gives %q, want %q", query, got, want)
		}
	}
	r := s.must(call{method: get, path: "/instances/" + id + "/logs?user_id=b", as: s.ann})
	got := r.json["data"].([]any)[0].(map[string]any)
	delete(got, "id")
	want := map[string]any{
		"at": s.clock.now().Format(time.RFC3339Nano), "kind": "transaction", "level": "warn", "deployment": 2.0, "request_id": "req_b", "user_id": "b", "client_id": "device-b",
		"sdk": "powersync-js", "app_version": "1.2", "operations": []any{map[string]any{"table": "lists", "delete": 1.0}}, "outcome": "fatal_error",
		"code": "UNAUTHORIZED", "message": "The rule of lists says No.", "rejection_id": "rej_1", "duration_us": 1500.0, "retries": 1.0,
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("an entry is %v\nwant        %v", got, want)
	}
	for _, query := range []string{"level=loud", "kind=x", "since=yesterday", "color=red", "limit=1000", "cursor=x", "follow=maybe"} {
		if r := s.do(call{method: get, path: "/instances/" + id + "/logs?" + query, as: s.ann}); r.Code != 400 && r.Code != 422 {
			t.Errorf("%q answers %d", query, r.Code)
		}
	}
}

// TestTheFilterOfTailsIsTheFilterOfPages: the one in Go and the one in SQL let the same entries pass.
func TestTheFilterOfTailsIsTheFilterOfPages(t *testing.T) {
	s, id := newServed(t)
	some := func(list ...string) *rapid.Generator[string] { return rapid.SampledFrom(list) }
	names, texts := some("", "a", "A", "b"), some("", "No rule", "no RULE here", "50% of _ \\", "Ärger")
	var all []telemetry.Entry
	for n := range 200 {
		e := telemetry.Entry{
			At: s.clock.now().Add(time.Duration(n%7) * time.Second), Instance: id, Kind: telemetry.Kind(some("transaction", "token").Example(n)),
			Level: telemetry.Level(n%3 + 1), RequestID: names.Example(n), UserID: names.Example(n + 1), ClientID: names.Example(n + 2), Code: names.Example(n + 3),
			Outcome: telemetry.Outcome(some("success", "fatal_error").Example(n)), Message: texts.Example(n),
		}
		for i := range n % 3 {
			e.Operations = append(e.Operations, telemetry.TableOperations{Table: names.Example(n + i), Put: 1})
		}
		all = append(all, e)
	}
	s.ship(all...)
	every := s.entries(id, controlplane.LogFilter{})
	if len(every) != len(all) {
		t.Fatalf("%d entries", len(every))
	}
	rapid.Check(t, func(t *rapid.T) {
		f := controlplane.LogFilter{
			Level: telemetry.Level(rapid.IntRange(0, 3).Draw(t, "level")), Kind: telemetry.Kind(some("", "", "transaction", "token").Draw(t, "kind")),
			RequestID: some("", "", "a", "b").Draw(t, "request"), UserID: some("", "", "", "a").Draw(t, "user"), ClientID: some("", "", "", "b").Draw(t, "client"),
			Table: some("", "", "a", "c").Draw(t, "table"), Code: some("", "", "", "A").Draw(t, "code"), Outcome: telemetry.Outcome(some("", "", "success").Draw(t, "outcome")),
			Text: some("", "", "rule", "NO", "%", "_", "\\", "ärger", "a").Draw(t, "text"),
		}
		if rapid.Bool().Draw(t, "timed") {
			f.Since, f.Until = s.clock.now().Add(2*time.Second), s.clock.now().Add(5*time.Second)
		}
		var want []int64
		for _, e := range every {
			if f.Matches(e) {
				want = append(want, e.Seq)
			}
		}
		var got []int64
		for _, e := range s.entries(id, f) {
			got = append(got, e.Seq)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%+v: SQL lets %v pass, Go %v", f, got, want)
		}
	})
}

// entries reads a whole log.
func (s *shop) entries(instance string, f controlplane.LogFilter) (out []controlplane.LogEntry) {
	s.Helper()
	for before := int64(0); ; {
		list, next, err := s.plane.Logs.List(s.Context(), instance, f, before, controlplane.MaxPage)
		if err != nil {
			s.Fatal(err)
		}
		out = append(out, list...)
		if before = next; next == 0 {
			return out
		}
	}
}

// TestLogPages: reading page by page gives each entry once, newest first, also while more arrive.
func TestLogPages(t *testing.T) {
	s, id := newServed(t)
	for n := range 25 {
		s.ship(done(id, fmt.Sprint("u", n)))
	}
	var got []string
	ids := map[string]bool{}
	for path := "/instances/" + id + "/logs?limit=10"; path != ""; {
		r := s.must(call{method: get, path: path, as: s.ann})
		got = append(got, users(r)...)
		for _, e := range r.json["data"].([]any) {
			ids[e.(map[string]any)["id"].(string)] = true
		}
		path = ""
		if next := r.text("next_cursor"); next != "" {
			path = "/instances/" + id + "/logs?limit=10&cursor=" + next
		}
		s.ship(done(id, "late"))
	}
	var want []string
	for n := range 25 {
		want = append(want, fmt.Sprint("u", 24-n))
	}
	if !slices.Equal(got, want) || len(ids) != 25 {
		t.Errorf("got %v with %d ids", got, len(ids))
	}
}

// TestLogIsOnlyTheInstances: entries of another tenant's instance, and of one that does not exist, are
// seen by nobody here; ids and cursors of one log open no other.
func TestLogIsOnlyTheInstances(t *testing.T) {
	s, id := newServed(t)
	bob := s.newTenant("bob's")
	s.ship(done(id, "mine"), done(bob.ids["instance"], "canary-bob"), done("ins_nobodys", "canary-nobody"))
	mine := s.must(call{method: get, path: "/instances/" + id + "/logs", as: s.ann})
	if got := users(mine); !slices.Equal(got, []string{"mine"}) || strings.Contains(mine.Body.String(), "canary") {
		t.Errorf("ann sees %s", mine.Body)
	}
	theirs := s.must(call{method: get, path: "/instances/" + bob.ids["instance"] + "/logs?limit=1", as: bob.owner})
	foreign := theirs.json["data"].([]any)[0].(map[string]any)["id"].(string)
	for name, path := range map[string]string{
		"another log's entry":  "/logs?follow&after=" + foreign,
		"nonsense":             "/logs?follow&after=log_x",
		"another log's cursor": "/logs?cursor=" + theirs.text("next_cursor"),
	} {
		if r := s.do(call{method: get, path: "/instances/" + id + path, as: s.ann}); r.Code != 400 {
			t.Errorf("%s: %d %s", name, r.Code, r.Body)
		}
	}
	var rows int
	if err := s.audit.QueryRow(t.Context(), `SELECT count(*) FROM log_entries WHERE instance_id = 'ins_nobodys'`).Scan(&rows); err != nil || rows != 0 {
		t.Errorf("%d rows of an instance that does not exist, %v", rows, err)
	}
}

// TestLogTextIsSafe: what a client or a faulty runtime put into a text cannot act on whoever reads it.
func TestLogTextIsSafe(t *testing.T) {
	s, id := newServed(t)
	s.ship(done(id, "user\x00\u202e", func(e *telemetry.Entry) {
		e.Code, e.Message, e.Operations[0].Table = "C\x1b[2J", "line\r\nbreak "+strings.Repeat("x", 5000), "t\u2066\x07"
	}))
	r := s.must(call{method: get, path: "/instances/" + id + "/logs", as: s.ann})
	e := r.json["data"].([]any)[0].(map[string]any)
	text, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(fmt.Sprint(e), "\x00\x1b\r\n\x07\u202e\u2066") || len(text) > 1500 {
		t.Errorf("the entry is %s", text)
	}
}

// TestErasingAUser removes a user's entries and nobody else's, also those that arrive late, and leaves the
// user's id nowhere.
func TestErasingAUser(t *testing.T) {
	s, id := newServed(t)
	bob := s.newTenant("bob's")
	user := "https://idp.example/users/canary-" + rand.Text() // ids of some providers are URLs
	s.ship(done(id, user), done(id, user, refused("UNAUTHORIZED")), done(id, "other"), done(bob.ids["instance"], user))
	late := done(id, user)
	late.At = s.clock.now()
	s.clock.advance(time.Second)
	s.heartbeat()
	if r := s.do(call{method: remove, path: "/instances/" + id + "/users/" + url.PathEscape(user) + "/data", as: s.ann}); r.Code != 200 || !strings.Contains(r.Body.String(), `"log_entries":2`) {
		t.Fatalf("erase: %d %s", r.Code, r.Body)
	}
	s.ship(late)
	if got := users(s.must(call{method: get, path: "/instances/" + id + "/logs", as: s.ann})); !slices.Equal(got, []string{"other"}) {
		t.Errorf("left are the entries of %v", got)
	}
	if got := users(s.must(call{method: get, path: "/instances/" + bob.ids["instance"] + "/logs?user_id=" + url.QueryEscape(user), as: bob.owner})); len(got) != 1 {
		t.Error("the same user id at another tenant is erased, too")
	}
	for _, e := range s.events("") {
		if strings.Contains(fmt.Sprintf("%+v %s", e, e.Changes), user) {
			t.Errorf("the audit log names the user: %+v", e)
		}
	}
	if r := s.do(call{method: remove, path: "/instances/" + id + "/users/" + user + "/data", as: s.ann}); r.Code != 404 {
		t.Errorf("erasing once more: %d", r.Code)
	}
	s.clock.advance(time.Second)
	s.ship(done(id, user)) // who comes back is logged again
	if got := users(s.must(call{method: get, path: "/instances/" + id + "/logs?user_id=" + user, as: s.ann})); len(got) != 1 {
		t.Errorf("who comes back has %d entries", len(got))
	}
}
