package dashboardapi

import (
	"net/url"
	"testing"

	"turnkey/controlplane/oidc"
	"turnkey/internal/oidctest"
)

// proposed is what a browser was sent back to the account's page with.
func proposed(t *testing.T, location string) string {
	t.Helper()
	at, err := url.Parse(location)
	if err != nil || at.Path != "/account" || at.Query().Get("identity") == "" {
		t.Fatalf("the browser is sent to %s, %v", location, err)
	}
	return at.Query().Get("identity")
}

// linking takes a person's browser to the mock and back, to link.
func (h *house) linking(t *testing.T, mock *oidctest.Provider, p *person, email string) (v *traveller, location string) {
	t.Helper()
	v = h.travel()
	v.cookies[h.api.cookieName()] = p.session
	return v, v.signIn(mock, email, true, "?link=true")
}

func link(as *person, identity, password string) call {
	return call{method: post, path: "/auth/identities", as: as, body: map[string]any{"identity": identity, "password": password}}
}

func unlink(as *person, id, password string) call {
	return call{method: post, path: "/auth/identities/" + id + "/unlink", as: as, body: map[string]any{"password": password}}
}

// TestLinkingAProvider: by somebody who is signed in, proves to be both, and shows the password. The addresses need
// not be the same.
func TestLinkingAProvider(t *testing.T) {
	h, mock := newProviderHouse(t)
	ann, bob := h.signUp("ann"), h.signUp("bob")
	before := h.lastEvent()
	v, location := h.linking(t, mock, ann, "work@example.com")
	sealed := proposed(t, location)
	if v.cookies[h.api.cookieName()] != ann.session || h.lastEvent() != before {
		t.Errorf("coming back has signed somebody in, or changed something: %v", v.cookies)
	}
	made := call{method: get, path: "/auth/identities", as: ann}
	h.play(t, []scenario{
		{name: "nothing is linked yet", call: made, status: 200, hasNot: []string{"work@example.com"}},
		{name: "without the password", call: link(ann, sealed, "wrong horse battery"), status: 403, code: "wrong_password"},
		{name: "in another's session", call: link(bob, sealed, testPassword), status: 422, code: "signin_expired"},
		{name: "what nobody sealed", call: link(ann, sealed+"AA", testPassword), status: 422, code: "signin_expired"},
		{name: "linked", call: link(ann, sealed, testPassword), status: 201, has: []string{`"provider":"mock"`, "work@example.com"}},
		{name: "twice", call: link(ann, sealed, testPassword), status: 409, code: "identity_linked"},
	})
	h.mailTo(ann.email, "account_changed")
	other := h.travel()
	if other.signIn(mock, "work@example.com", true, ""); other.me().text("id") != ann.id {
		t.Errorf("signing in with it: %s", other.me().Body)
	}
	_, location = h.linking(t, mock, bob, "work@example.com")
	if r := h.do(link(bob, proposed(t, location), testPassword)); r.Code != 409 || r.text("code") != "identity_taken" {
		t.Errorf("what signs ann in: %d %s", r.Code, r.Body)
	}
	_, location = h.linking(t, mock, ann, "slow@example.com")
	late := proposed(t, location)
	h.clock.advance(oidc.FlowLife)
	if r := h.do(link(ann, late, testPassword)); r.Code != 422 || r.text("code") != "signin_expired" {
		t.Errorf("after ten minutes: %d %s", r.Code, r.Body)
	}
	if _, location = h.linking(t, mock, ann, ""); location != "/account?error=provider_refused" {
		t.Errorf("who refuses at the provider ends at %s", location)
	}
}

// TestUnlinkingAProvider: with the password; the only way in stays.
func TestUnlinkingAProvider(t *testing.T) {
	h, mock := newProviderHouse(t)
	ann, bob := h.signUp("ann"), h.signUp("bob")
	_, location := h.linking(t, mock, ann, "work@example.com")
	id := h.must(link(ann, proposed(t, location), testPassword)).text("id")
	h.play(t, []scenario{
		{name: "without the password", call: unlink(ann, id, "wrong horse battery"), status: 403, code: "wrong_password"},
		{name: "by somebody else", call: unlink(bob, id, testPassword), status: 404, code: "not_found"},
		{name: "unlinked", call: unlink(ann, id, testPassword), status: 204},
		{name: "again", call: unlink(ann, id, testPassword), status: 404, code: "not_found"},
		{name: "it is gone", call: call{method: get, path: "/auth/identities", as: ann}, status: 200, hasNot: []string{"work@example.com"}},
	})
	stranger := h.travel()
	stranger.signIn(mock, "only@example.com", true, "")
	only := &person{session: stranger.cookies[h.api.cookieName()]}
	list := h.must(call{method: get, path: "/auth/identities", as: only}).json["data"].([]any)
	own := list[0].(map[string]any)["id"].(string)
	if r := h.do(call{method: post, path: "/auth/identities/" + own + "/unlink", as: only, body: map[string]any{}}); r.Code != 409 || r.text("code") != "last_way_in" {
		t.Errorf("the only way in: %d %s", r.Code, r.Body)
	}
}
