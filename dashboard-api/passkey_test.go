package dashboardapi

import (
	"strings"
	"testing"
	"time"

	"turnkey/controlplane"
	verifier "turnkey/controlplane/passkey"
)

func (h *house) beginPasskey(p *person) reply {
	h.Helper()
	return h.must(call{method: post, path: "/auth/passkeys/begin", as: p, body: map[string]any{"password": testPassword}})
}

func addPasskey(p *person, ceremony reply, name string, credential map[string]any) call {
	return call{method: post, path: "/auth/passkeys", as: p, body: map[string]any{"challenge": ceremony.text("challenge"), "name": name, "credential": credential}}
}

// withPasskey registers a device for somebody and gives the passkey's id.
func (h *house) withPasskey(p *person, name string) (*authenticator, string) {
	h.Helper()
	device, ceremony := newAuthenticator(h.T), h.beginPasskey(p)
	return device, h.must(addPasskey(p, ceremony, name, device.create(ceremony))).text("id")
}

func (h *house) beginPasskeyLogIn() reply {
	h.Helper()
	return h.must(call{method: post, path: "/auth/login/passkey/begin"})
}

func passkeyLogIn(ceremony reply, credential map[string]any) call {
	return call{method: post, path: "/auth/login/passkey", body: map[string]any{"challenge": ceremony.text("challenge"), "credential": credential}}
}

// TestPasskeys: registered, listed, renamed; it signs in without a name, a password or a code; removed.
func TestPasskeys(t *testing.T) {
	h := newHouse(t)
	ann, bob := h.signUp("ann"), h.signUp("bob")
	h.withTOTP(ann)
	device, id := h.withPasskey(ann, "Phone")
	h.mailTo(ann.email, "account_changed")
	ceremony := h.beginPasskeyLogIn()
	in := h.must(passkeyLogIn(ceremony, device.get(ceremony)))
	if in.text("id") != ann.id || len(in.Result().Cookies()) != 1 {
		t.Errorf("signs in as %s", in.Body)
	}
	event := h.events("")[len(h.events(""))-1]
	if event.Kind != controlplane.SessionStarted || !strings.Contains(string(event.Changes), id) {
		t.Errorf("the event: %+v", event)
	}
	path := "/auth/passkeys/" + id
	h.play(t, []scenario{
		{name: "listed", call: call{method: get, path: "/auth/passkeys", as: ann}, status: 200, has: []string{`"name":"Phone"`, id}, hasNot: []string{`"last_used_at":null`}},
		{name: "somebody else's are not", call: call{method: get, path: "/auth/passkeys", as: bob}, status: 200, hasNot: []string{id}},
		{name: "renamed", call: call{method: patch, path: path, as: ann, body: map[string]any{"name": "My phone"}}, status: 200, has: []string{"My phone"}},
		{name: "by somebody else", call: call{method: patch, path: path, as: bob, body: map[string]any{"name": "x"}}, status: 404, code: "not_found"},
		{name: "removed by somebody else", call: call{method: remove, path: path, as: bob}, status: 404, code: "not_found"},
		{name: "one more needs the password", call: call{method: post, path: "/auth/passkeys/begin", as: ann, body: map[string]any{}}, status: 403, code: "wrong_password"},
		{name: "removed", call: call{method: remove, path: path, as: ann}, status: 204},
	})
	ceremony = h.beginPasskeyLogIn()
	if r := h.do(passkeyLogIn(ceremony, device.get(ceremony))); r.Code != 401 || r.text("code") != "passkey_unknown" {
		t.Errorf("after it was removed: %d %s", r.Code, r.Body)
	}
}

// TestPasskeyForgeries: nothing but the right device, for our site, answering this very question, signs in.
func TestPasskeyForgeries(t *testing.T) {
	h := newHouse(t)
	ann, bob := h.signUp("ann"), h.signUp("bob")
	device, _ := h.withPasskey(ann, "Phone")
	refused := func(name string, code string, ceremony reply, credential map[string]any) {
		t.Helper()
		if r := h.do(passkeyLogIn(ceremony, credential)); r.Code < 400 || r.text("code") != code || len(r.Result().Cookies()) != 0 {
			t.Errorf("%s: %d %s", name, r.Code, r.Body)
		}
	}
	const never = "passkey_refused"
	ceremony := h.beginPasskeyLogIn()
	answer := device.get(ceremony)
	h.must(passkeyLogIn(ceremony, answer))
	refused("the same answer again", "challenge_void", ceremony, answer)
	refused("an answer to another question", never, h.beginPasskeyLogIn(), answer)
	refused("no question at all", "challenge_void", reply{json: map[string]any{"challenge": "x"}}, answer)

	other := *device
	other.origin = "https://dashboard.example.evil"
	ceremony = h.beginPasskeyLogIn()
	refused("at another site", never, ceremony, other.get(ceremony))
	other = *device
	other.site = "evil.example"
	ceremony = h.beginPasskeyLogIn()
	refused("for another site", never, ceremony, other.get(ceremony))
	other = *device
	other.careless = true
	ceremony = h.beginPasskeyLogIn()
	refused("without finger or PIN", never, ceremony, other.get(ceremony))
	other = *device
	other.key = newAuthenticator(t).key
	ceremony = h.beginPasskeyLogIn()
	refused("with another key", never, ceremony, other.get(ceremony))
	other = *device
	other.handle = []byte(bob.id)
	ceremony = h.beginPasskeyLogIn()
	refused("as somebody else", never, ceremony, other.get(ceremony))
	other = *device
	other.counter = 0
	ceremony = h.beginPasskeyLogIn()
	refused("by a copy", never, ceremony, other.get(ceremony))
	ceremony = h.beginPasskeyLogIn()
	refused("nonsense", never, ceremony, map[string]any{"id": "x"})
	ceremony = h.beginPasskeyLogIn()
	h.clock.advance(5 * time.Minute)
	refused("after five minutes", "challenge_void", ceremony, device.get(ceremony))
	if _, err := h.audit.Exec(t.Context(), `UPDATE users SET disabled_at = now() WHERE id = $1`, ann.id); err != nil {
		t.Fatal(err)
	}
	ceremony = h.beginPasskeyLogIn()
	refused("a disabled account", "account_disabled", ceremony, device.get(ceremony))
}

// TestPasskeyRegistrations: only for whoever was asked, once, and each device once.
func TestPasskeyRegistrations(t *testing.T) {
	h := newHouse(t)
	ann, bob := h.signUp("ann"), h.signUp("bob")
	device, ceremony := newAuthenticator(t), h.beginPasskey(ann)
	made := device.create(ceremony)
	expect := func(name string, c call, code string) {
		t.Helper()
		if r := h.do(c); r.Code < 400 || r.text("code") != code {
			t.Errorf("%s: %d %s", name, r.Code, r.Body)
		}
	}
	expect("for somebody else", addPasskey(bob, ceremony, "x", made), "challenge_void")
	ceremony = h.beginPasskey(ann)
	careless := newAuthenticator(t)
	careless.careless = true
	expect("by a careless device", addPasskey(ann, ceremony, "x", careless.create(ceremony)), "passkey_refused")
	ceremony = h.beginPasskey(ann)
	h.must(addPasskey(ann, ceremony, "Phone", device.create(ceremony)))
	expect("twice", addPasskey(ann, ceremony, "Phone", made), "challenge_void")
	again := h.beginPasskey(ann)
	if list := again.json["options"].(map[string]any)["excludeCredentials"].([]any); len(list) != 1 {
		t.Errorf("the browser is not told which there are: %s", again.Body)
	}
	expect("the same device again", addPasskey(ann, again, "Phone", device.create(again)), "passkey_known")
	signIn := h.beginPasskeyLogIn()
	expect("an answer to a sign-in's question", addPasskey(ann, signIn, "x", made), "challenge_void")
}

// TestLastWayIn: whoever has nothing else keeps the last passkey.
func TestLastWayIn(t *testing.T) {
	h := newHouse(t)
	ann := h.signUp("ann")
	_, first := h.withPasskey(ann, "Phone")
	_, second := h.withPasskey(ann, "Laptop")
	if _, err := h.audit.Exec(t.Context(), `UPDATE users SET password_hash = '' WHERE id = $1`, ann.id); err != nil {
		t.Fatal(err)
	}
	h.play(t, []scenario{
		{name: "one of two", call: call{method: remove, path: "/auth/passkeys/" + first, as: ann}, status: 204},
		{name: "the last one", call: call{method: remove, path: "/auth/passkeys/" + second, as: ann}, status: 409, code: "last_way_in"},
	})
}

// TestPasskeysNeedAName: browsers know none at bare addresses; then the pages do not offer them.
func TestPasskeysNeedAName(t *testing.T) {
	for base, want := range map[string]bool{"https://dashboard.example": true, "http://localhost:8080": true, "http://127.0.0.1:8080": false, "http://[::1]:8080": false, "": false} {
		if verifier.Possible(base) != want {
			t.Errorf("%q: %v", base, !want)
		}
	}
	h := newHouse(t, func(c *controlplane.Config, _ *Config) { c.Passkeys = nil })
	h.play(t, []scenario{
		{name: "offered", call: call{method: get, path: "/auth/providers"}, status: 200, has: []string{`"passkeys":false`}},
		{name: "signing in", call: call{method: post, path: "/auth/login/passkey/begin"}, status: 503, code: "passkeys_unavailable"},
	})
}
