package dashboardapi

import (
	"strings"
	"testing"
	"time"

	"turnkey/controlplane"
)

func askForEmail(as *person, email, password string) call {
	return call{method: post, path: "/auth/email", as: as, body: map[string]any{"email": email, "password": password}}
}

func confirmEmail(token string) call {
	return call{method: post, path: "/auth/email/confirm", body: map[string]any{"token": token}}
}

// TestEmailChange: with the password, by a link mailed to the new address; the old one is told, before and after.
func TestEmailChange(t *testing.T) {
	h := newHouse(t, func(c *controlplane.Config, _ *Config) { c.VerifyEmail = true })
	ann, bob := h.signUp("ann"), h.signUp("bob")
	h.must(forgot(ann.email))
	_, oldReset := h.mailTo(ann.email, "reset")
	_, oldVerify := h.mailTo(ann.email, "verification")
	const wanted = "ann@new.example.com"
	h.play(t, []scenario{
		{name: "without the password", call: askForEmail(ann, wanted, "wrong horse battery"), status: 403, code: "wrong_password"},
		{name: "an address that is none", call: askForEmail(ann, "ann", testPassword), status: 422, code: "invalid_email"},
		{name: "the address of now", call: askForEmail(ann, ann.email, testPassword), status: 409, code: "email_unchanged"},
		{name: "somebody else's", call: askForEmail(ann, strings.ToUpper(bob.email), testPassword), status: 409, code: "email_taken"},
		{name: "by a script", call: askForEmail(h.token(bob, bob.Grants[0].Organization, controlplane.NewToken{Role: controlplane.Owner}), wanted, testPassword), status: 403, code: "person_required"},
		{name: "asked for", call: askForEmail(ann, wanted, testPassword), status: 204},
		{name: "nothing has changed", call: call{method: get, path: "/auth/me", as: ann}, status: 200, has: []string{ann.email}},
	})
	if text, _ := h.mailTo(ann.email, "account_changed"); !strings.Contains(text, "asked to change its e-mail address") || !strings.Contains(text, "/forgot") || strings.Contains(text, wanted) {
		t.Errorf("the warning: %s", text)
	}
	text, token := h.mailTo(wanted, "email_change")
	if !strings.Contains(text, "/email?token=") {
		t.Errorf("the link: %s", text)
	}
	h.play(t, []scenario{
		{name: "another kind of link", call: call{method: post, path: "/auth/verify", body: map[string]any{"token": token}}, status: 404, code: "token_void"},
		{name: "a link of another kind", call: confirmEmail(oldVerify), status: 404, code: "token_void"},
		{name: "a link that is cut", call: confirmEmail(token[:20]), status: 404, code: "token_void"},
		{name: "the link", call: confirmEmail(token), status: 200, has: []string{wanted}},
		{name: "the link again", call: confirmEmail(token), status: 404, code: "token_void"},
		{name: "the session goes on, and the address is verified", call: call{method: get, path: "/auth/me", as: ann}, status: 200, has: []string{wanted, `"email_verified":true`}},
		{name: "the new address signs in", call: logInAs(wanted, testPassword), status: 200},
		{name: "the old one does not", call: logInAs(ann.email, testPassword), status: 401, code: "bad_credentials"},
		{name: "a reset that was mailed to it is void", call: reset(oldReset, otherPassword), status: 404, code: "token_void"},
		{name: "so is what verified it", call: call{method: post, path: "/auth/verify", body: map[string]any{"token": oldVerify}}, status: 404, code: "token_void"},
	})
	if text, _ := h.mailTo(ann.email, "account_changed"); !strings.Contains(text, "got another e-mail address") || strings.Contains(text, "?token=") {
		t.Errorf("the old address is told: %s", text)
	}
}

// TestEmailChangeVoided: by time, by a new password, by somebody who was faster, and by too many mails.
func TestEmailChangeVoided(t *testing.T) {
	h := newHouse(t)
	ann, bob := h.signUp("ann"), h.signUp("bob")
	ask := func(p *person, wanted string) string {
		t.Helper()
		h.must(askForEmail(p, wanted, testPassword))
		_, token := h.mailTo(wanted, "email_change")
		return token
	}
	void := func(name, token, code string, status int) {
		t.Helper()
		if r := h.do(confirmEmail(token)); r.Code != status || r.text("code") != code {
			t.Errorf("%s: %d %s", name, r.Code, r.Body)
		}
	}
	first, second := ask(ann, "one@example.com"), ask(bob, "one@example.com")
	h.must(confirmEmail(second))
	void("somebody was faster", first, "email_taken", 409)

	stolen := ask(ann, "thief@example.com")
	h.must(forgot(ann.email))
	_, mailed := h.mailTo(ann.email, "reset")
	h.must(reset(mailed, otherPassword))
	void("the owner has reset the password", stolen, "token_void", 404)

	carol := h.signUp("carol")
	late := ask(carol, "late@example.com")
	h.clock.advance(24 * time.Hour)
	void("a link of yesterday", late, "token_void", 404)

	dave := h.signUp("dave")
	for range 5 {
		ask(dave, "dave@new.example.com")
	}
	if r := h.do(askForEmail(dave, "dave@new.example.com", testPassword)); r.Code != 429 || r.text("code") != "too_many_mails" {
		t.Errorf("the sixth mail within an hour: %d %s", r.Code, r.Body)
	}
}

// TestEmailChangeByCode: a code of the authenticator app does in place of the password, and a wrong one is counted.
func TestEmailChangeByCode(t *testing.T) {
	h := newHouse(t)
	ann := h.signUp("ann")
	secret, _ := h.withTOTP(ann)
	ask := func(code string) call {
		return call{method: post, path: "/auth/email", as: ann, body: map[string]any{"email": "ann@new.example.com", "code": code}}
	}
	h.play(t, []scenario{
		{name: "a wrong code", call: ask("000000"), status: 403, code: "wrong_code"},
		{name: "the app's", call: ask(h.code(secret, 30*time.Second)), status: 204},
		{name: "the same again", call: ask(h.code(secret, 30*time.Second)), status: 403, code: "wrong_code"},
	})
	var failures int
	if err := h.audit.QueryRow(t.Context(), `SELECT failures FROM totps WHERE user_id = $1`, ann.id).Scan(&failures); err != nil || failures != 1 {
		t.Errorf("%d wrong codes are counted since the right one, %v", failures, err)
	}
}
