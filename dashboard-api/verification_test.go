package dashboardapi

import (
	"strings"
	"testing"
	"time"

	"turnkey/controlplane"
	"turnkey/internal/redact"
)

// TestVerification: an account whose address nobody verified reads, and changes nothing but itself.
func TestVerification(t *testing.T) {
	h := newHouse(t, func(c *controlplane.Config, _ *Config) { c.VerifyEmail = true })
	ann := h.signUp("ann")
	org := ann.Grants[0].Organization
	_, token := h.mailTo(ann.email, "verification")
	verify := func(token string) call {
		return call{method: post, path: "/auth/verify", body: map[string]any{"token": token}}
	}
	create := call{method: post, path: "/orgs", as: ann, body: map[string]any{"name": "x"}}
	h.play(t, []scenario{
		{name: "who am I", call: call{method: get, path: "/auth/me", as: ann}, status: 200, has: []string{`"email_verified":false`, `"must_verify":true`}},
		{name: "reading", call: call{method: get, path: "/orgs/" + org, as: ann}, status: 200},
		{name: "an organization", call: create, status: 403, code: "email_unverified", has: []string{"/auth/verify/resend"}},
		{name: "a project", call: call{method: post, path: "/orgs/" + org + "/projects", as: ann, body: map[string]any{"name": "x"}}, status: 403, code: "email_unverified"},
		{name: "an API token", call: call{method: post, path: "/orgs/" + org + "/tokens", as: ann, body: map[string]any{"name": "x", "role": "owner"}}, status: 403, code: "email_unverified"},
		{name: "an invitation", call: call{method: post, path: "/orgs/" + org + "/invitations", as: ann, body: map[string]any{"email": "x@example.com", "role": "owner"}}, status: 403, code: "email_unverified"},
		{name: "what is not theirs looks like nothing", call: call{method: patch, path: "/orgs/org_x", as: ann, body: map[string]any{"name": "x"}, header: map[string]string{"If-Match": `"v1"`}}, status: 404, code: "not_found"},
		{name: "their own name", call: call{method: patch, path: "/auth/me", as: ann, body: map[string]any{"name": "Ann"}}, status: 200},
		{name: "their sessions", call: call{method: remove, path: "/auth/sessions", as: ann}, status: 200},
		{name: "a link that is cut", call: verify(token[:len(token)-1]), status: 404, code: "token_void"},
		{name: "a link of nobody", call: verify("tv_" + strings.Repeat("0", 58)), status: 404, code: "token_void"},
		{name: "another kind of link", call: call{method: post, path: "/auth/reset", body: map[string]any{"token": token, "password": testPassword}}, status: 404, code: "token_void"},
		{name: "the link", call: verify(token), status: 200, has: []string{ann.email}},
		{name: "the link again", call: verify(token), status: 404, code: "token_void"},
		{name: "verified", call: call{method: get, path: "/auth/me", as: ann}, status: 200, has: []string{`"email_verified":true`, `"must_verify":false`}},
		{name: "an organization, now", call: create, status: 201},
		{name: "another mail", call: call{method: post, path: "/auth/verify/resend", as: ann}, status: 409, code: "already_verified"},
	})
	var raw int
	if err := h.audit.QueryRow(t.Context(), `SELECT count(*) FROM account_tokens WHERE position($1::bytea in token_hash) > 0`, []byte(token)).Scan(&raw); err != nil || raw != 0 {
		t.Errorf("the link's string is in the database (%v)", err)
	}
}

// TestVerificationResent: all links of a day work until one is used; five mails an hour are enough.
func TestVerificationResent(t *testing.T) {
	h := newHouse(t, func(c *controlplane.Config, _ *Config) { c.VerifyEmail = true })
	ann := h.signUp("ann")
	_, first := h.mailTo(ann.email, "verification")
	again := call{method: post, path: "/auth/verify/resend", as: ann}
	for range 4 {
		h.must(again)
	}
	if r := h.do(again); r.Code != 429 || r.text("code") != "too_many_mails" {
		t.Errorf("the sixth mail within an hour: %d %s", r.Code, r.Body)
	}
	_, last := h.mailTo(ann.email, "verification")
	h.must(call{method: post, path: "/auth/verify", body: map[string]any{"token": first}})
	if r := h.do(call{method: post, path: "/auth/verify", body: map[string]any{"token": last}}); r.Code != 404 {
		t.Errorf("another link after one was used: %d", r.Code)
	}
	bob := h.signUp("bob")
	_, old := h.mailTo(bob.email, "verification")
	h.clock.advance(24 * time.Hour)
	if r := h.do(call{method: post, path: "/auth/verify", body: map[string]any{"token": old}}); r.Code != 404 || r.text("code") != "token_void" {
		t.Errorf("a link of yesterday: %d %s", r.Code, r.Body)
	}
	if _, err := h.plane.Accounts.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	var left int
	if err := h.audit.QueryRow(t.Context(), `SELECT count(*) FROM account_tokens`).Scan(&left); err != nil || left != 1 {
		t.Errorf("%d links are left, %v: the one that ends just now", left, err)
	}
}

// TestWithoutMail: where no mail can be sent nobody has to verify, and what needs mail says so alike to everybody.
func TestWithoutMail(t *testing.T) {
	h := newHouse(t, func(c *controlplane.Config, _ *Config) { c.Mailing = controlplane.Mailing{} })
	ann := h.signUp("ann")
	h.play(t, []scenario{
		{name: "an organization", call: call{method: post, path: "/orgs", as: ann, body: map[string]any{"name": "x"}}, status: 201},
		{name: "how one signs in here", call: call{method: get, path: "/auth/providers"}, status: 200, has: []string{`"mail":false`, `"signup":"open"`}},
		{name: "forgot, known", call: call{method: post, path: "/auth/forgot", body: map[string]any{"email": ann.email}}, status: 503, code: "mail_unavailable", has: []string{"TURNKEY_SMTP_URL"}},
		{name: "forgot, unknown", call: call{method: post, path: "/auth/forgot", body: map[string]any{"email": "x@example.com"}}, status: 503, code: "mail_unavailable"},
		{name: "another mail", call: call{method: post, path: "/auth/verify/resend", as: ann}, status: 503, code: "mail_unavailable"},
		{name: "an invitation is shown", call: call{method: post, path: "/orgs/" + ann.Grants[0].Organization + "/invitations", as: ann, body: map[string]any{"email": "x@example.com", "role": "viewer"}}, status: 201, has: []string{`"token":"ti_`}},
	})
	if _, err := controlplane.New(controlplane.Config{
		Store: h.store, Now: h.clock.now, Random: zero{}, Log: h.api.cfg.Log, Vault: nil, VerifyEmail: true,
	}); err == nil {
		t.Error("verification without mail starts")
	}
}

type zero struct{}

func (zero) Read(p []byte) (int, error) { return len(p), nil }

// TestInvitationMailed: the invited person gets the link; what it names cannot be made up by others.
func TestInvitationMailed(t *testing.T) {
	h := newHouse(t)
	ann := h.signUp("ann")
	made := h.must(call{method: post, path: "/orgs/" + ann.Grants[0].Organization + "/invitations", as: ann, body: map[string]any{"email": "guest@example.com", "role": "developer"}})
	text, token := h.mailTo("guest@example.com", "invitation")
	if token != made.text("token") || !strings.Contains(text, "https://dashboard.example/invitation?token=ti_") || !strings.Contains(text, ann.email) {
		t.Errorf("the mail: %s", text)
	}
	u, secret, err := h.plane.Accounts.SignUp(t.Context(), controlplane.Actor{}, controlplane.NewAccount{Email: "guest@example.com", Password: redact.New(testPassword), Invitation: token})
	if err != nil || u.EmailVerifiedAt != nil {
		t.Errorf("%v; the inviter sees the link, too, so it verifies nothing: %v", err, u.EmailVerifiedAt)
	}
	me := h.must(call{method: get, path: "/auth/me", as: &person{session: secret.Reveal()}})
	if !strings.Contains(me.Body.String(), `"role":"developer"`) {
		t.Errorf("me: %s", me.Body)
	}
}
