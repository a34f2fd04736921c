package dashboardapi

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"turnkey/controlplane"
	"turnkey/controlplane/seal"
)

func codeFor(challenge, code string) call {
	return call{method: post, path: "/auth/login/code", body: map[string]any{"challenge": challenge, "code": code}}
}

// challenge is what a right password is worth.
func (h *house) challenge(p *person) string {
	h.Helper()
	r := h.do(logInAs(p.email, testPassword))
	if r.Code != 401 || r.text("code") != "mfa_required" || r.text("challenge") == "" || len(r.Result().Cookies()) != 0 {
		h.Fatalf("the first step: %d %s %v", r.Code, r.Body, r.Result().Cookies())
	}
	return r.text("challenge")
}

// TestTOTP: the whole life of an authenticator app.
func TestTOTP(t *testing.T) {
	h := newHouse(t)
	ann := h.signUp("ann")
	on := func(path string, body map[string]any) call {
		return call{method: post, path: path, as: ann, body: body}
	}
	status := call{method: get, path: "/auth/totp", as: ann}
	h.play(t, []scenario{
		{name: "none", call: status, status: 200, has: []string{`"enabled":false`}},
		{name: "without the password", call: on("/auth/totp", map[string]any{}), status: 403, code: "wrong_password"},
		{name: "confirming what was not begun", call: on("/auth/totp/confirm", map[string]any{"code": "123456"}), status: 404, code: "not_found"},
		{name: "removing what is not there", call: on("/auth/totp/remove", map[string]any{"password": testPassword}), status: 404, code: "not_found"},
	})
	begun := h.must(on("/auth/totp", map[string]any{"password": testPassword}))
	secret := begun.text("secret")
	uri, err := url.Parse(begun.text("uri"))
	if err != nil || uri.Scheme != "otpauth" || uri.Host != "totp" || uri.Path != "/Turnkey:"+ann.email || uri.Query().Get("secret") != secret || uri.Query().Get("issuer") != "Turnkey" {
		t.Errorf("the address for the QR code: %s", begun.text("uri"))
	}
	h.play(t, []scenario{
		{name: "begun is not enabled", call: status, status: 200, has: []string{`"enabled":false`}},
		{name: "and nobody is asked for a code", call: logInAs(ann.email, testPassword), status: 200},
		{name: "a wrong code", call: on("/auth/totp/confirm", map[string]any{"code": "000000"}), status: 403, code: "wrong_code"},
	})
	confirmed := h.must(on("/auth/totp/confirm", map[string]any{"code": h.code(secret, 0)}))
	codes := confirmed.json["recovery_codes"].([]any)
	if len(codes) != 10 || len(codes[0].(string)) != 19 {
		t.Fatalf("recovery codes: %s", confirmed.Body)
	}
	var readable int
	err = h.audit.QueryRow(t.Context(), `SELECT (SELECT count(*) FROM totps WHERE position($1::bytea in sealed) > 0) + (SELECT count(*) FROM recovery_codes WHERE position($2::bytea in code_hash) > 0) +
		(SELECT count(*) FROM audit_events WHERE position($1::text in changes) > 0)`, secret, codes[0]).Scan(&readable)
	if err != nil || readable != 0 {
		t.Errorf("the secret or a code is in the database (%v)", err)
	}
	h.mailTo(ann.email, "account_changed")

	challenge := h.challenge(ann)
	h.play(t, []scenario{
		{name: "a wrong password asks for no code", call: logInAs(ann.email, "wrong horse battery"), status: 401, code: "bad_credentials"},
		{name: "the code that confirmed is used up", call: codeFor(challenge, h.code(secret, 0)), status: 403, code: "wrong_code"},
		{name: "a made-up challenge", call: codeFor("tc_"+strings.Repeat("0", 58), h.code(secret, 30*time.Second)), status: 401, code: "challenge_void"},
		{name: "the next code", call: codeFor(challenge, h.code(secret, 30*time.Second)), status: 200, has: []string{ann.email}},
		{name: "the challenge again", call: codeFor(challenge, h.code(secret, 30*time.Second)), status: 401, code: "challenge_void"},
	})
	refusedCode := func(name, code string) {
		t.Helper()
		if r := h.do(codeFor(h.challenge(ann), code)); r.Code != 403 || r.text("code") != "wrong_code" {
			t.Errorf("%s: %d %s", name, r.Code, r.Body)
		}
	}
	refusedCode("the code again", h.code(secret, 30*time.Second))
	h.clock.advance(time.Minute)
	refusedCode("the code of a step that was used", h.code(secret, -30*time.Second))
	in := h.do(codeFor(h.challenge(ann), " "+h.code(secret, 0)[:3]+" "+h.code(secret, 0)[3:]))
	if in.Code != 200 || len(in.Result().Cookies()) != 1 {
		t.Errorf("a code as the app shows it: %d %s", in.Code, in.Body)
	}

	first := strings.ToUpper(codes[0].(string))
	if r := h.do(codeFor(h.challenge(ann), strings.ReplaceAll(first, "-", " "))); r.Code != 200 {
		t.Errorf("a recovery code: %d %s", r.Code, r.Body)
	}
	refusedCode("a recovery code again", first)
	h.play(t, []scenario{
		{name: "nine are left", call: status, status: 200, has: []string{`"enabled":true`, `"recovery_codes":9`}},
		{name: "beginning anew over it", call: on("/auth/totp", map[string]any{"password": testPassword}), status: 409, code: "totp_enabled"},
		{name: "new codes without proof", call: on("/auth/totp/recovery-codes", map[string]any{}), status: 403, code: "wrong_password"},
		{name: "new codes", call: on("/auth/totp/recovery-codes", map[string]any{"password": testPassword}), status: 200},
		{name: "removing by nothing", call: on("/auth/totp/remove", map[string]any{}), status: 403, code: "wrong_password"},
	})
	refusedCode("a recovery code from before", codes[1].(string))
	h.clock.advance(time.Minute)
	h.play(t, []scenario{
		{name: "removing by a code", call: on("/auth/totp/remove", map[string]any{"code": h.code(secret, 0)}), status: 204},
		{name: "nobody is asked for a code", call: logInAs(ann.email, testPassword), status: 200},
		{name: "none", call: status, status: 200, has: []string{`"enabled":false`, `"recovery_codes":0`}},
	})
}

// TestCodesAreNotGuessed: five wrong codes in a row block the app's codes, from every browser, for longer
// each time. Recovery codes still work, also under an idempotency key a wrong code counts.
func TestCodesAreNotGuessed(t *testing.T) {
	h := newHouse(t)
	ann := h.signUp("ann")
	secret, recovery := h.withTOTP(ann)
	h.clock.advance(time.Minute)
	wrong := func(n int) {
		t.Helper()
		for range n {
			if r := h.do(codeFor(h.challenge(ann), "000000")); r.Code != 403 || r.text("code") != "wrong_code" {
				t.Fatalf("%d %s", r.Code, r.Body)
			}
		}
	}
	blocked := func() bool {
		t.Helper()
		h.clock.advance(time.Minute)
		r := h.do(codeFor(h.challenge(ann), h.code(secret, 0)))
		return r.Code == 429 && r.text("code") == "codes_blocked"
	}
	wrong(4)
	if blocked() {
		t.Error("blocked after four")
	}
	wrong(3)
	for i := range 2 {
		r := h.do(call{method: post, path: "/auth/totp/remove", as: ann, body: map[string]any{"code": "000000"}, header: map[string]string{keyHeader: "k" + string(rune('0'+i))}})
		if r.Code != 403 {
			t.Fatalf("%d %s", r.Code, r.Body)
		}
	}
	if !blocked() {
		t.Error("not blocked after five")
	}
	if r := h.do(codeFor(h.challenge(ann), recovery[3])); r.Code != 200 {
		t.Errorf("a recovery code while blocked: %d %s", r.Code, r.Body)
	}
	h.clock.advance(15 * time.Minute)
	wrong(5)
	h.clock.advance(25 * time.Minute)
	if !blocked() {
		t.Error("the second block is no longer than the first")
	}
	h.clock.advance(5 * time.Minute)
	if blocked() {
		t.Error("blocked for ever")
	}
}

// TestChallengesExpire: in ten minutes, and with the password.
func TestChallengesExpire(t *testing.T) {
	h := newHouse(t)
	ann := h.signUp("ann")
	secret, _ := h.withTOTP(ann)
	early := h.challenge(ann)
	h.clock.advance(10 * time.Minute)
	if r := h.do(codeFor(early, h.code(secret, 0))); r.Code != 401 || r.text("code") != "challenge_void" {
		t.Errorf("after ten minutes: %d %s", r.Code, r.Body)
	}
	before := h.challenge(ann)
	if err := h.plane.Accounts.ForgetPassword(t.Context(), controlplane.Actor{}, ann.email); err != nil {
		t.Fatal(err)
	}
	_, token := h.mailTo(ann.email, "reset")
	h.must(reset(token, otherPassword))
	if r := h.do(codeFor(before, h.code(secret, 0))); r.Code != 401 {
		t.Errorf("a half sign-in survives a reset: %d", r.Code)
	}
	if r := h.do(logInAs(ann.email, otherPassword)); r.text("code") != "mfa_required" {
		t.Errorf("a reset by mail takes the second factor away: %d %s", r.Code, r.Body)
	}
}

// TestKeyringHasAccounts: rotating the key-encryption keyset moves what accounts keep sealed, too.
func TestKeyringHasAccounts(t *testing.T) {
	ring := &keyring{must(seal.Generate())}
	h := newHouse(t, func(c *controlplane.Config, _ *Config) { c.Vault = ring })
	ann := h.signUp("ann")
	h.withTOTP(ann)
	const sealed = 3 // two mails and the secret of the app
	if r, err := h.plane.Keyring.Verify(t.Context()); err != nil || r.Values != sealed {
		t.Fatalf("%+v, %v", r, err)
	}
	ring.Keyset = must(ring.Rotate())
	if r, err := h.plane.Keyring.Rewrap(t.Context()); err != nil || r.Rewrapped != sealed {
		t.Errorf("rewrapped %+v, %v", r, err)
	}
	ring.Keyset = must(ring.Prune())
	if r, err := h.plane.Keyring.Verify(t.Context()); err != nil || r.Values != sealed {
		t.Errorf("without the old key: %+v, %v", r, err)
	}
	if list, err := h.plane.Mails.Mailbox(t.Context()); err != nil || len(list) != 2 {
		t.Errorf("%d mails, %v", len(list), err)
	}
}
