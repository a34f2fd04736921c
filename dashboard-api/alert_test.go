package dashboardapi

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"turnkey/controlplane"
	"turnkey/internal/fault"
	"turnkey/runtime/telemetry"
)

// judge lets the clock pass and a turn happen, and gives what was sent in it.
func (s *shop) judge(after time.Duration) string {
	s.Helper()
	s.clock.advance(after)
	s.heartbeat()
	if err := s.plane.Alerts.Judge(s.Context()); err != nil {
		s.Fatal(err)
	}
	if err := s.plane.Alerts.Tell(s.Context()); err != nil {
		s.Fatal(err)
	}
	return s.receiver.taken()
}

// alertMails gives the subjects of the mails about alerts, oldest first.
func (s *shop) alertMails() (out []string) {
	s.Helper()
	list, err := s.plane.Mails.Mailbox(s.Context())
	if err != nil {
		s.Fatal(err)
	}
	for _, m := range slices.Backward(list) {
		if m.Kind == "alert" {
			out = append(out, m.To+" "+m.Subject)
		}
	}
	return out
}

func (s *shop) channel(body map[string]any) (path string) {
	s.Helper()
	r := s.must(call{method: post, path: "/orgs/" + s.ann.Grants[0].Organization + "/alert-channels", as: s.ann, body: body})
	return "/orgs/" + s.ann.Grants[0].Organization + "/alert-channels/" + r.text("id")
}

// counted stores counters of now.
func (s *shop) counted(id string, name telemetry.Name, outcome telemetry.Outcome, n int64) {
	s.shipBatch(telemetry.Batch{Counts: []telemetry.Count{{Instance: id, Minute: s.clock.now().Unix() / 60 * 60, Series: telemetry.Series{Name: name, Outcome: string(outcome)}, N: n}}})
}

func (s *shop) sighted(id string, what telemetry.Sight) {
	now := s.clock.now()
	s.shipBatch(telemetry.Batch{Sights: []telemetry.Sighting{{Instance: id, What: what, First: now, Last: now, N: 1}}})
}

// TestAlerts: each rule opens once, reminds where that is wanted, closes when it does not hold any more, and is
// told to the channels that take it.
func TestAlerts(t *testing.T) {
	s, id := newServed(t)
	hook := s.channel(map[string]any{"name": "hook", "kind": "webhook", "target": "https://hooks.example/x", "remind_hours": 2})
	s.channel(map[string]any{"name": "mail", "kind": "mail", "target": "ops@example.com", "rules": []string{"rejection_rate"}})
	s.channel(map[string]any{"name": "elsewhere", "kind": "webhook", "target": "https://hooks.example/y", "rules": []string{"key_expiring"}})
	if got := s.judge(time.Minute); got != "" {
		t.Fatalf("nothing is wrong, and %q is sent", got)
	}
	s.sighted(id, telemetry.SightRejection)
	if got := s.judge(time.Minute); got != "alert.opened first_rejection" {
		t.Errorf("after a rejection: %q", got)
	}
	s.sighted(id, telemetry.SightRejection)
	if got := s.judge(time.Minute); got != "" {
		t.Errorf("after a second one: %q", got)
	}
	s.counted(id, telemetry.Transactions, telemetry.Fatal, 10)
	s.counted(id, telemetry.Transactions, telemetry.Success, 10)
	if got := s.judge(time.Second); got != "" {
		t.Errorf("10 rejections are too few for a rate: %q", got)
	}
	s.counted(id, telemetry.Transactions, telemetry.Fatal, 10)
	if got := s.judge(time.Second); got != "alert.opened rejection_rate" {
		t.Errorf("many rejections: %q", got)
	}
	if got := s.judge(20 * time.Minute); got != "alert.closed rejection_rate" {
		t.Errorf("when they are over: %q", got)
	}
	if got := fmt.Sprint(s.alertMails()); got != "[ops@example.com [opened] Todo dev!: rejection_rate ops@example.com [closed] Todo dev!: rejection_rate]" {
		t.Errorf("mails %s", got)
	}
	if got := s.judge(2 * time.Hour); got != "alert.reminder first_rejection" {
		t.Errorf("after two hours: %q", got)
	}
	if got := s.judge(time.Hour); got != "" {
		t.Errorf("after another: %q", got)
	}
	if got := s.judge(23 * time.Hour); got != "alert.closed first_rejection" {
		t.Errorf("after a quiet day: %q", got)
	}
	now := s.clock.now()
	s.shipBatch(telemetry.Batch{Devices: []telemetry.Device{
		{Instance: id, UserID: "u", ClientID: "c", First: now, Last: now, Upload: now, Waits: now, Code: "source_down"},
		{Instance: id, ClientID: "a stranger's", First: now, Last: now, Refused: now, RefusedCode: "token_issuer"},
	}})
	if got := s.judge(time.Minute); got != "" {
		t.Errorf("a device that waits for a minute, and a stranger: %q", got)
	}
	if got := s.judge(10 * time.Minute); got != "alert.opened stuck_device" {
		t.Errorf("a device that waits: %q", got)
	}
	s.counted(id, telemetry.Tokens, telemetry.Refused, 30)
	if got := s.judge(time.Second); got != "alert.opened credentials_failing" {
		t.Errorf("refused tokens: %q", got)
	}
	if _, _, err := s.plane.APIKeys.Create(t.Context(), s.ann.Actor, id, "short", 3*24*time.Hour); err != nil {
		t.Fatal(err)
	}
	if got := s.judge(time.Second); strings.Count(got, "alert.opened key_expiring") != 2 {
		t.Errorf("a key that ends: %q", got)
	}
	// A token of the organization that was made for long, and one that never lived for longer than the notice.
	for name, life := range map[string]time.Duration{"nightly": 30 * 24 * time.Hour, "for a day": 24 * time.Hour} {
		if _, _, err := s.plane.Tokens.Create(t.Context(), s.ann.Actor, s.ann.Grants[0].Organization, controlplane.NewToken{Name: name, Role: controlplane.Viewer, Life: life}); err != nil {
			t.Fatal(err)
		}
	}
	if got := s.judge(time.Second); got != "" {
		t.Errorf("tokens that end later: %q", got)
	}
	list, _, err := s.plane.Alerts.List(t.Context(), s.ann.Grants[0].Organization, controlplane.AlertFilter{Open: true}, controlplane.Page{})
	if err != nil || len(list) != 3 {
		t.Errorf("%d alerts are open, want 3; %v: %+v", len(list), err, list)
	}
	all, _, err := s.plane.Alerts.List(t.Context(), s.ann.Grants[0].Organization, controlplane.AlertFilter{Instance: id}, controlplane.Page{})
	if err != nil || len(all) != 5 {
		t.Errorf("%d alerts in all, want 5; %v", len(all), err)
	}
	messages, err := s.plane.Alerts.Messages(t.Context(), s.ann.Grants[0].Organization, hook[strings.LastIndex(hook, "/")+1:])
	if err != nil || len(messages) != 8 || messages[0].DeliveredAt == nil {
		t.Errorf("%d messages of the channel, want 8; %v", len(messages), err)
	}
}

// TestAlertsOfTheState: conditions that runtimes report, and deployments that were taken back.
func TestAlertsOfTheState(t *testing.T) {
	s, id := newServed(t)
	s.channel(map[string]any{"name": "hook", "kind": "webhook", "target": "https://hooks.example/x"})
	s.clock.advance(time.Minute)
	began := s.clock.now()
	trouble := func(code string) []controlplane.Condition {
		return []controlplane.Condition{{Runtime: runtimeOf(s), Instance: id, Code: code, Message: "It does not work.", Since: began}}
	}
	report := func(list []controlplane.Condition) {
		t.Helper()
		if err := s.store.InTx(t.Context(), func(tx controlplane.Tx) error { return tx.ReplaceConditions(t.Context(), runtimeOf(s), list) }); err != nil {
			t.Fatal(err)
		}
	}
	turn := func() string {
		if err := s.plane.Alerts.Judge(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := s.plane.Alerts.Tell(t.Context()); err != nil {
			t.Fatal(err)
		}
		return s.receiver.taken()
	}
	s.heartbeat()
	report(trouble("source_down"))
	if got := turn(); got != "" {
		t.Errorf("at once: %q", got)
	}
	s.clock.advance(40 * time.Second)
	s.heartbeat()
	report(trouble("source_down"))
	if got := turn(); got != "alert.opened source_down" {
		t.Errorf("after 40 s: %q", got)
	}
	report(trouble("source_login"))
	if got := turn(); !strings.Contains(got, "alert.closed source_down") || !strings.Contains(got, "alert.opened credentials_failing") {
		t.Errorf("when the log-in is refused: %q", got)
	}
	report(nil)
	if got := turn(); got != "alert.closed credentials_failing" {
		t.Errorf("when all is well: %q", got)
	}
}

// runtimeOf is the runtime that heartbeat registers.
func runtimeOf(s *shop) string {
	var id string
	err := s.audit.QueryRow(s.Context(), `SELECT id FROM runtimes ORDER BY last_seen_at DESC LIMIT 1`).Scan(&id)
	if err != nil {
		s.Fatal(err)
	}
	return id
}

// TestAlertsAreSentOnce: replicas that judge and send at the same time send each message once; a receiver that
// fails gets it later under the same id, and in the end it is given up.
func TestAlertsAreSentOnce(t *testing.T) {
	s, id := newServed(t)
	path := s.channel(map[string]any{"name": "hook", "kind": "webhook", "target": "https://hooks.example/x"})
	s.sighted(id, telemetry.SightRejection)
	together := func() {
		var wg sync.WaitGroup
		for range 6 {
			wg.Go(func() {
				if err := s.plane.Alerts.Judge(t.Context()); err != nil {
					t.Error(err)
				}
				if err := s.plane.Alerts.Tell(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
	}
	s.receiver.fail = fault.New(fault.Unavailable, "endpoint_refused", "The receiver answered 500.")
	together()
	if got := s.receiver.taken(); got != "" {
		t.Fatalf("a failing receiver took %q", got)
	}
	s.receiver.fail = nil
	s.clock.advance(time.Minute)
	together()
	if got := s.receiver.taken(); got != "alert.opened first_rejection" {
		t.Errorf("the receiver got %q", got)
	}
	for id, n := range s.receiver.ids {
		if n != 1 {
			t.Errorf("%s came %d times", id, n)
		}
	}
	s.counted(id, telemetry.Tokens, telemetry.Refused, 30)
	s.receiver.fail = fault.New(fault.Unavailable, "endpoint_refused", "The receiver answered 500.")
	for range 12 {
		together()
		s.clock.advance(13 * time.Hour)
	}
	list, err := s.plane.Alerts.Messages(t.Context(), s.ann.Grants[0].Organization, path[strings.LastIndex(path, "/")+1:])
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range list {
		if m.Reason == controlplane.ReasonOpened && m.DeliveredAt == nil && (m.DueAt != nil || m.Attempts != 9 || m.Error == "") {
			t.Errorf("given up: %+v", m)
		}
	}
}

// TestAlertChannels: what is no address, rule or instance of the organization is refused; a test says how it went.
func TestAlertChannels(t *testing.T) {
	s, id := newServed(t)
	org := "/orgs/" + s.ann.Grants[0].Organization
	foreign := s.newTenant("other").ids["instance"]
	for _, bad := range []map[string]any{
		{"name": "x", "kind": "mail", "target": "nobody"}, {"name": "x", "kind": "mail", "target": "Ann <ann@example.com>"}, {"name": "x", "kind": "webhook", "target": "ftp://x.example"},
		{"name": "x", "kind": "webhook", "target": "https://user:pw@x.example"}, {"name": "x", "kind": "fax", "target": "1234"}, {"name": " ", "kind": "mail", "target": "a@example.com"},
		{"name": "x", "kind": "mail", "target": "a@example.com", "rules": []string{"nothing"}}, {"name": "x", "kind": "mail", "target": "a@example.com", "instances": []string{foreign}},
		{"name": "x", "kind": "mail", "target": "a@example.com\r\nBcc: b@example.com"}, {"name": "x", "kind": "mail", "target": "a@example.com", "remind_hours": 1000},
	} {
		if r := s.do(call{method: post, path: org + "/alert-channels", as: s.ann, body: bad}); r.Code != 422 {
			t.Errorf("%v: %d %s", bad, r.Code, r.Body)
		}
	}
	made := s.must(call{method: post, path: org + "/alert-channels", as: s.ann, body: map[string]any{"name": "x", "kind": "webhook", "target": "https://x.example", "instances": []string{id}}})
	if !strings.HasPrefix(made.text("secret"), "whsec_") {
		t.Errorf("made %s", made.Body)
	}
	path := org + "/alert-channels/" + made.text("id")
	read := s.must(call{method: get, path: path, as: s.ann})
	if read.text("secret") != "" || fmt.Sprint(read.json["instances"]) != "["+id+"]" {
		t.Errorf("read %s", read.Body)
	}
	if r := s.must(call{method: post, path: path + "/test", as: s.ann}); r.text("error") != "" || s.receiver.taken() != "alert.test" {
		t.Errorf("test %s", r.Body)
	}
	s.receiver.fail = fault.New(fault.Unavailable, "endpoint_refused", "The receiver answered 500.")
	if r := s.must(call{method: post, path: path + "/test", as: s.ann}); r.text("error") != "The receiver answered 500." || r.text("delivered_at") != "" {
		t.Errorf("failed test %s", r.Body)
	}
	report, err := s.plane.Keyring.Verify(t.Context())
	if err != nil || report.Values < 3 {
		t.Errorf("the keyring sees %+v, %v", report, err)
	}
	tag := map[string]string{"If-Match": read.Header().Get("ETag")}
	if r := s.must(call{method: patch, path: path, as: s.ann, header: tag, body: map[string]any{"paused": true, "rules": []string{"source_down"}, "instances": []string{}}}); r.json["paused"] != true {
		t.Errorf("changed %s", r.Body)
	}
	if r := s.do(call{method: patch, path: path, as: s.ann, header: tag, body: map[string]any{"paused": false}}); r.Code != 412 {
		t.Errorf("an edit of an old version answers %d", r.Code)
	}
}

// TestAttention: what is wrong comes first, each with a sentence and where to look.
func TestAttention(t *testing.T) {
	s, id := newServed(t)
	codes := func() string {
		r := s.must(call{method: get, path: "/instances/" + id + "/attention", as: s.ann})
		var out []string
		for _, c := range r.json["concerns"].([]any) {
			concern := c.(map[string]any)
			if concern["title"] == "" || concern["page"] == "" {
				t.Errorf("concern %v", concern)
			}
			out = append(out, fmt.Sprint(concern["severity"], ":", concern["code"]))
		}
		return strings.Join(out, " ")
	}
	before := codes()
	s.sighted(id, telemetry.SightNoPrevious)
	s.sighted(id, telemetry.SightToken)
	s.counted(id, telemetry.Transactions, telemetry.Fatal, 2)
	s.counted(id, telemetry.HookKills, "", 1)
	if got := codes(); !strings.HasPrefix(got, "warning:no_previous_values warning:rejections warning:hooks_killed notice") || !strings.HasSuffix(got, before) {
		t.Errorf("attention %q, before %q", got, before)
	}
	s.sighted(id, telemetry.SightPrevious)
	s.sighted(id, telemetry.SightKeys)
	if got := codes(); strings.Contains(got, "previous") || strings.Contains(got, "keys_not_fetched") {
		t.Errorf("afterwards %q", got)
	}
}

// TestExpiringTokens: an organization's API token that ends within a week is told to those who hear of everything, not to those who
// chose instances, and closes when it is revoked or has ended.
func TestExpiringTokens(t *testing.T) {
	s, id := newServed(t)
	org := s.ann.Grants[0].Organization
	s.channel(map[string]any{"name": "all", "kind": "webhook", "target": "https://hooks.example/x"})
	s.channel(map[string]any{"name": "one", "kind": "mail", "target": "ops@example.com", "instances": []string{id}})
	s.channel(map[string]any{"name": "mail", "kind": "mail", "target": "owner@example.com", "rules": []string{"token_expiring"}})
	tokens := map[string]string{}
	for name, life := range map[string]time.Duration{"nightly": 30 * 24 * time.Hour, "weekly": 31*24*time.Hour + 12*time.Hour, "for a day": 24 * time.Hour} {
		token, _, err := s.plane.Tokens.Create(t.Context(), s.ann.Actor, org, controlplane.NewToken{Name: name, Role: controlplane.Viewer, Life: life})
		if err != nil {
			t.Fatal(err)
		}
		tokens[name] = token.ID
	}
	if got := s.judge(time.Minute); got != "" {
		t.Fatalf("before the notice: %q", got)
	}
	if got := s.judge(24 * 24 * time.Hour); got != "alert.opened token_expiring" {
		t.Errorf("within the notice of one: %q", got)
	}
	if got := fmt.Sprint(s.alertMails()); got != "[owner@example.com [opened] ann's organization: token_expiring]" {
		t.Errorf("mails %s", got)
	}
	list, _, err := s.plane.Alerts.List(t.Context(), org, controlplane.AlertFilter{Open: true}, controlplane.Page{})
	if err != nil || len(list) != 1 || list[0].Instance != "" || list[0].Subject != tokens["nightly"] || !strings.Contains(list[0].Summary, `"nightly"`) {
		t.Errorf("open are %+v, %v", list, err)
	}
	if got := s.judge(24 * time.Hour); got != "alert.opened token_expiring" {
		t.Errorf("within the notice of the other: %q", got)
	}
	if err := s.plane.Tokens.Revoke(t.Context(), s.ann.Actor, org, tokens["weekly"]); err != nil {
		t.Fatal(err)
	}
	if got := s.judge(time.Minute); got != "alert.closed token_expiring" {
		t.Errorf("a revoked token: %q", got)
	}
	if got := s.judge(6 * 24 * time.Hour); got != "alert.closed token_expiring" {
		t.Errorf("a token that has ended: %q", got)
	}
}

// TestAttentionForInboxes: what waits for somebody is counted where it lies; where nobody can look, what was refused lately is told.
func TestAttentionForInboxes(t *testing.T) {
	h := newHouse(t)
	one := h.newTenant("one")
	titles := func() map[string]string {
		h.heartbeat()
		out := map[string]string{}
		for _, c := range h.must(call{method: get, path: "/instances/" + one.ids["instance"] + "/attention", as: one.owner}).json["concerns"].([]any) {
			x := c.(map[string]any)
			out[fmt.Sprint(x["code"])] = fmt.Sprint(x["page"], " ", x["title"])
		}
		return out
	}
	h.shipBatch(telemetry.Batch{Counts: []telemetry.Count{{Instance: one.ids["instance"], Minute: h.clock.now().Unix() / 60 * 60, Series: telemetry.Series{Name: telemetry.Transactions, Outcome: "fatal_error"}, N: 3}}})
	if got := titles(); got["rejections"] != "rejections 7 refused writes wait for somebody." || got["conflicts_open"] != "conflicts 2 conflicts wait for a decision." {
		t.Errorf("attention %q", got)
	}
	h.pool.refuse(fault.New(fault.Unavailable, "source_down", "The database does not answer."))
	if got := titles(); got["rejections"] != "rejections 3 transactions were refused in the last 24 hours." || got["conflicts_open"] != "" {
		t.Errorf("attention while the database is away %q", got)
	}
}
