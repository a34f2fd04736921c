package dashboardapi

import (
	"testing"
	"time"

	"turnkey/controlplane"
)

func forgot(email string) call {
	return call{method: post, path: "/auth/forgot", body: map[string]any{"email": email}}
}

func reset(token, password string) call {
	return call{method: post, path: "/auth/reset", body: map[string]any{"token": token, "password": password}}
}

const otherPassword = "another horse battery"

// TestPasswordReset: by mail alone, once, within an hour; it ends every session and proves the address.
func TestPasswordReset(t *testing.T) {
	h := newHouse(t, func(c *controlplane.Config, _ *Config) { c.VerifyEmail = true })
	ann := h.signUp("ann")
	second, _ := h.browserSession(ann)
	known, unknown := h.do(forgot(ann.email)), h.do(forgot("nobody@example.com"))
	if known.Code != 204 || unknown.Code != 204 || known.Body.String() != unknown.Body.String() {
		t.Errorf("known %d %s, unknown %d %s", known.Code, known.Body, unknown.Code, unknown.Body)
	}
	_, token := h.mailTo(ann.email, "reset")
	h.play(t, []scenario{
		{name: "an address that is none", call: forgot("ann"), status: 422, code: "invalid_email"},
		{name: "a short password", call: reset(token, "short"), status: 422, code: "invalid_request"},
		{name: "another kind of link", call: call{method: post, path: "/auth/verify", body: map[string]any{"token": token}}, status: 404, code: "token_void"},
		{name: "a link that is cut", call: reset(token[:20], otherPassword), status: 404, code: "token_void"},
		{name: "the link", call: reset(token, otherPassword), status: 204},
		{name: "the link again", call: reset(token, testPassword), status: 404, code: "token_void"},
		{name: "the session from before", call: call{method: get, path: "/auth/me", as: ann}, status: 401, code: "unauthenticated"},
		{name: "the other one", call: call{method: get, path: "/auth/me", as: &person{session: second}}, status: 401, code: "unauthenticated"},
		{name: "the old password", call: logInAs(ann.email, testPassword), status: 401, code: "bad_credentials"},
		{name: "the new one, and the address is verified", call: logInAs(ann.email, otherPassword), status: 200, has: []string{`"email_verified":true`}},
	})
	h.mailTo(ann.email, "account_changed")

	h.must(forgot(ann.email))
	_, old := h.mailTo(ann.email, "reset")
	h.must(forgot(ann.email))
	_, last := h.mailTo(ann.email, "reset")
	h.must(reset(last, testPassword))
	if r := h.do(reset(old, otherPassword)); r.Code != 404 {
		t.Errorf("an older link after a reset: %d", r.Code)
	}
	h.must(forgot(ann.email))
	_, late := h.mailTo(ann.email, "reset")
	h.clock.advance(time.Hour)
	if r := h.do(reset(late, otherPassword)); r.Code != 404 {
		t.Errorf("a link after an hour: %d", r.Code)
	}
}

// TestResetRacing: of two requests with one link one changes the password.
func TestResetRacing(t *testing.T) {
	h := newHouse(t)
	ann := h.signUp("ann")
	h.must(forgot(ann.email))
	_, token := h.mailTo(ann.email, "reset")
	codes := make(chan int, 4)
	for range cap(codes) {
		go func() { codes <- h.do(reset(token, otherPassword)).Code }()
	}
	count := map[int]int{}
	for range cap(codes) {
		count[<-codes]++
	}
	if count[204] != 1 || count[404] != cap(codes)-1 {
		t.Errorf("answers %v", count)
	}
}

// TestForgotIsBounded: nobody is flooded with mail, and whoever floods does not learn whether there is an account.
func TestForgotIsBounded(t *testing.T) {
	h := newHouse(t)
	ann := h.signUp("ann")
	for range 9 {
		if r := h.do(forgot(ann.email)); r.Code != 204 {
			t.Errorf("%d %s", r.Code, r.Body)
		}
	}
	var mails int
	if err := h.audit.QueryRow(t.Context(), `SELECT count(*) FROM mails WHERE kind = 'reset'`).Scan(&mails); err != nil || mails != 5 {
		t.Errorf("%d mails, %v", mails, err)
	}
	if _, err := h.audit.Exec(t.Context(), `UPDATE users SET disabled_at = now() WHERE id = $1`, ann.id); err != nil {
		t.Fatal(err)
	}
	h.clock.advance(2 * time.Hour)
	if r := h.do(forgot(ann.email)); r.Code != 204 {
		t.Errorf("a disabled account: %d", r.Code)
	}
	if err := h.audit.QueryRow(t.Context(), `SELECT count(*) FROM mails WHERE kind = 'reset'`).Scan(&mails); err != nil || mails != 5 {
		t.Errorf("%d mails to a disabled account, %v", mails, err)
	}
	tight := newHouse(t, func(_ *controlplane.Config, c *Config) { c.Limits = Limits{LoginPerAddress: 100, LoginPerAccount: 3} })
	var last reply
	for range 4 {
		last = tight.do(forgot("nobody@example.com"))
	}
	if last.Code != 429 {
		t.Errorf("per account and address: %d", last.Code)
	}
}

// TestPasswordChange: with the old one; other browsers are signed out, this one stays.
func TestPasswordChange(t *testing.T) {
	h := newHouse(t)
	ann := h.signUp("ann")
	other, _ := h.browserSession(ann)
	h.must(forgot(ann.email))
	_, mailed := h.mailTo(ann.email, "reset")
	change := func(old, password string) call {
		return call{method: post, path: "/auth/password", as: ann, body: map[string]any{"password": old, "new_password": password}}
	}
	h.play(t, []scenario{
		{name: "without the old one", call: change("wrong horse battery", otherPassword), status: 403, code: "wrong_password"},
		{name: "to a short one", call: change(testPassword, "short"), status: 422, code: "invalid_request"},
		{name: "changed", call: change(testPassword, otherPassword), status: 204},
		{name: "this browser stays", call: call{method: get, path: "/auth/me", as: ann}, status: 200},
		{name: "the other one does not", call: call{method: get, path: "/auth/me", as: &person{session: other}}, status: 401, code: "unauthenticated"},
		{name: "a link mailed before is void", call: reset(mailed, testPassword), status: 404, code: "token_void"},
		{name: "the old one signs nobody in", call: logInAs(ann.email, testPassword), status: 401, code: "bad_credentials"},
		{name: "the new one does", call: logInAs(ann.email, otherPassword), status: 200},
	})
	h.mailTo(ann.email, "account_changed")
}

// TestSessionsOfMine: listed with device and address; each ends alone, or all others at once; nobody sees or ends another's.
func TestSessionsOfMine(t *testing.T) {
	h := newHouse(t)
	ann, bob := h.signUp("ann"), h.signUp("bob")
	h.clock.advance(5 * time.Minute)
	second, secondID := h.browserSession(ann)
	third, _ := h.browserSession(ann)
	list := h.must(call{method: get, path: "/auth/sessions", as: ann})
	data := list.json["data"].([]any)
	if len(data) != 3 {
		t.Fatalf("sessions: %s", list.Body)
	}
	current := 0
	for _, s := range data {
		s := s.(map[string]any)
		if s["current"] == true {
			current++
		} else if s["user_agent"] != "Another browser" || s["ip"] != "203.0.113.9" {
			t.Errorf("a session: %v", s)
		}
	}
	if current != 1 {
		t.Errorf("%d current sessions: %s", current, list.Body)
	}
	script := h.token(ann, ann.Grants[0].Organization, controlplane.NewToken{Role: controlplane.Owner})
	h.play(t, []scenario{
		{name: "somebody else's", call: call{method: remove, path: "/auth/sessions/" + secondID, as: bob}, status: 404, code: "not_found"},
		{name: "by a script", call: call{method: get, path: "/auth/sessions", as: script}, status: 403, code: "person_required"},
		{name: "one of mine", call: call{method: remove, path: "/auth/sessions/" + secondID, as: ann}, status: 204},
		{name: "it is over", call: call{method: get, path: "/auth/me", as: &person{session: second}}, status: 401, code: "unauthenticated"},
		{name: "twice", call: call{method: remove, path: "/auth/sessions/" + secondID, as: ann}, status: 404, code: "not_found"},
		{name: "all others", call: call{method: remove, path: "/auth/sessions", as: ann}, status: 200, has: []string{`"ended":1`}},
		{name: "over, too", call: call{method: get, path: "/auth/me", as: &person{session: third}}, status: 401, code: "unauthenticated"},
		{name: "mine stays", call: call{method: get, path: "/auth/me", as: ann}, status: 200},
		{name: "bob's, too", call: call{method: get, path: "/auth/me", as: bob}, status: 200},
	})
	h.clock.advance(31 * time.Minute)
	h.relogin(ann)
	if list := h.must(call{method: get, path: "/auth/sessions", as: ann}); len(list.json["data"].([]any)) != 1 {
		t.Errorf("one that idled out is listed: %s", list.Body)
	}
}
