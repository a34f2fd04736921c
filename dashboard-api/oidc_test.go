package dashboardapi

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"turnkey/controlplane"
	"turnkey/controlplane/oidc"
	"turnkey/internal/oidctest"
	"turnkey/internal/redact"
)

// newProviderHouse has two identity providers, "mock" and "twin", which are the same mock.
func newProviderHouse(t *testing.T, adjust ...func(*controlplane.Config, *Config)) (*house, *oidctest.Provider) {
	t.Helper()
	mock, stop, err := oidctest.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	h := newHouse(t, append(adjust, func(c *controlplane.Config, w *Config) {
		c.VerifyEmail = true
		list := []oidc.Settings{{Name: "mock", Title: "Mock", Issuer: mock.Issuer, ClientID: oidctest.ClientID, ClientSecret: redact.New(oidctest.ClientSecret), Scopes: []string{"email", "profile"}}}
		twin := list[0]
		twin.Name = "twin"
		w.Providers = oidc.New(append(list, twin), w.BaseURL, &http.Client{Timeout: 10 * time.Second}, c.Now)
	})...)
	mock.Now = h.clock.now
	return h, mock
}

// traveller is a browser with its cookies.
type traveller struct {
	*house
	cookies map[string]string
}

func (h *house) travel() *traveller { return &traveller{h, map[string]string{}} }

// get follows a navigation to one of our addresses and keeps its cookies.
func (v *traveller) get(path string) reply {
	v.Helper()
	var pairs []string
	for name, value := range v.cookies {
		pairs = append(pairs, name+"="+value)
	}
	r := v.do(call{method: get, path: path, header: map[string]string{"Cookie": strings.Join(pairs, "; "), "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}})
	for _, c := range r.Result().Cookies() {
		if c.MaxAge < 0 {
			delete(v.cookies, c.Name)
		} else {
			v.cookies[c.Name] = c.Value
		}
		if !strings.HasPrefix(c.Name, "__Host-") || !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" {
			v.Errorf("cookie %+v", c)
		}
	}
	return r
}

// signIn goes to the mock and comes back; it gives where the browser ends.
func (v *traveller) signIn(mock *oidctest.Provider, email string, verified bool, query string) string {
	v.Helper()
	start := v.get("/auth/oidc/mock/start" + query)
	if start.Code != 303 || !strings.HasPrefix(start.Header().Get("Location"), mock.Issuer+"/authorize?") {
		v.Fatalf("start: %d %s", start.Code, start.Header().Get("Location"))
	}
	return v.comeBack(mock, start.Header().Get("Location"), email, verified)
}

func (v *traveller) comeBack(mock *oidctest.Provider, location, email string, verified bool) string {
	v.Helper()
	back, err := mock.SignIn(location, email, verified)
	if err != nil || !strings.HasPrefix(back.String(), v.api.cfg.BaseURL+prefix+"/auth/oidc/mock/callback?") {
		v.Fatalf("the mock sends the browser to %v, %v", back, err)
	}
	return v.get(strings.TrimPrefix(back.RequestURI(), prefix)).Header().Get("Location")
}

// me is who the browser is, or nobody.
func (v *traveller) me() reply {
	return v.do(call{method: get, path: "/auth/me", as: &person{session: v.cookies[v.api.cookieName()]}})
}

// TestProviderSignIn: a stranger gets an account, whose address is verified, and comes back to it.
func TestProviderSignIn(t *testing.T) {
	h, mock := newProviderHouse(t)
	if r := h.must(call{method: get, path: "/auth/providers"}); !strings.Contains(r.Body.String(), `{"name":"mock","title":"Mock"}`) {
		t.Errorf("providers: %s", r.Body)
	}
	start := h.lastEvent()
	first := h.travel()
	if at := first.signIn(mock, "Ann@example.com", true, "?next=/orgs%3Fx=1"); at != "/orgs?x=1" {
		t.Fatalf("ends at %s", at)
	}
	me := first.me()
	if me.text("email") != "Ann@example.com" || me.text("name") != "Mock Person" || me.json["email_verified"] != true || me.json["has_password"] != false || len(me.json["organizations"].([]any)) != 1 {
		t.Errorf("me: %s", me.Body)
	}
	if len(first.cookies) != 1 {
		t.Errorf("cookies that are left: %v", first.cookies)
	}
	if e := h.events(start); len(e) != 1 || e[0].Kind != controlplane.AccountCreated || e[0].UserID != me.text("id") {
		t.Errorf("events: %+v", e)
	}
	again := h.travel()
	again.signIn(mock, "Ann@example.com", true, "")
	if again.me().text("id") != me.text("id") {
		t.Error("the second time it is somebody else")
	}
	if e := h.events(start); len(e) != 2 || e[1].Kind != controlplane.SessionStarted || !strings.Contains(string(e[1].Changes), "mock") {
		t.Errorf("events: %+v", e)
	}
	ann := &person{session: again.cookies[h.api.cookieName()]}
	h.play(t, []scenario{
		{name: "who signs me in", call: call{method: get, path: "/auth/identities", as: ann}, status: 200, has: []string{`"provider":"mock"`, "Ann@example.com"}},
		{name: "no password signs in", call: logInAs("ann@example.com", ""), status: 401, code: "bad_credentials"},
		{name: "no password to change", call: call{method: post, path: "/auth/password", as: ann, body: map[string]any{"password": "", "new_password": otherPassword}}, status: 409, code: "no_password"},
		{name: "an app without a password", call: call{method: post, path: "/auth/totp", as: ann, body: map[string]any{}}, status: 200},
	})
}

// TestProviderLinks: by an address that both sides have verified, and by no other.
func TestProviderLinks(t *testing.T) {
	h, mock := newProviderHouse(t)
	ann, trap := h.signUp("ann"), h.signUp("trap")
	_, token := h.mailTo(ann.email, "verification")
	h.must(call{method: post, path: "/auth/verify", body: map[string]any{"token": token}})
	v := h.travel()
	if at := v.signIn(mock, strings.ToUpper(ann.email), true, ""); at != "/" || v.me().text("id") != ann.id {
		t.Errorf("a verified account: at %s as %s", at, v.me().Body)
	}
	h.mailTo(ann.email, "account_changed")
	for name, c := range map[string]struct {
		email    string
		verified bool
		want     string
	}{
		"a stranger whom the provider does not vouch for":         {"new@example.com", false, "provider_email_unverified"},
		"an account whom the provider does not vouch for":         {"twice." + ann.email, false, "provider_email_unverified"},
		"an account that somebody made for an address not theirs": {trap.email, true, "account_unverified"},
		"who refuses":             {"", true, "provider_refused"},
		"an address that is none": {"nonsense", true, "provider_email_unverified"},
	} {
		before := h.lastEvent()
		v := h.travel()
		if at := v.signIn(mock, c.email, c.verified, ""); at != "/signin?error="+c.want || v.me().Code != 401 {
			t.Errorf("%s: ends at %s as %s", name, at, v.me().Body)
		}
		if h.lastEvent() != before {
			t.Errorf("%s: left events", name)
		}
	}
	if _, err := h.audit.Exec(t.Context(), `UPDATE users SET disabled_at = now() WHERE id = $1`, ann.id); err != nil {
		t.Fatal(err)
	}
	if at := h.travel().signIn(mock, strings.ToUpper(ann.email), true, ""); at != "/signin?error=account_disabled" {
		t.Errorf("a disabled account: %s", at)
	}
}

// TestProviderSignup: --signup holds for strangers from providers, too.
func TestProviderSignup(t *testing.T) {
	h, mock := newProviderHouse(t, func(c *controlplane.Config, _ *Config) { c.Signup = controlplane.SignupOpen })
	host := h.signUp("host")
	_, secret, err := h.plane.Invitations.Create(t.Context(), host.Actor, host.Grants[0].Organization, "guest@example.com", controlplane.Viewer, nil)
	if err != nil {
		t.Fatal(err)
	}
	closed := newHouseOver(t, h, controlplane.SignupInvite)
	if at := closed.travel().signIn(mock, "guest@example.com", true, ""); at != "/signin?error=signup_closed" {
		t.Errorf("without an invitation: %s", at)
	}
	if at := closed.travel().signIn(mock, "other@example.com", true, "?invitation="+secret.Reveal()); at != "/signin?error=invitation_not_found" {
		t.Errorf("with somebody else's: %s", at)
	}
	v := closed.travel()
	if at := v.signIn(mock, "guest@example.com", true, "?next=/invitation&invitation="+secret.Reveal()); at != "/" || !strings.Contains(v.me().Body.String(), host.Grants[0].Organization) {
		t.Errorf("with one: %s, %s", at, v.me().Body)
	}
	off := newHouseOver(t, h, controlplane.SignupOff)
	if at := off.travel().signIn(mock, "third@example.com", true, ""); at != "/signin?error=signup_closed" {
		t.Errorf("off: %s", at)
	}
	if at := off.travel().signIn(mock, "guest@example.com", true, ""); at != "/" {
		t.Errorf("who has an account still comes in: %s", at)
	}
}

// TestProviderForgeries: whatever is put in front of the callback, nobody signs in but who began.
func TestProviderForgeries(t *testing.T) {
	h, mock := newProviderHouse(t)
	begin := func() (v *traveller, location string) {
		v = h.travel()
		return v, v.get("/auth/oidc/mock/start").Header().Get("Location")
	}
	const expired = "/signin?error=signin_expired"
	refused := func(name string, v *traveller, at, want string) {
		t.Helper()
		if at != want || v.me().Code != 401 {
			t.Errorf("%s: ends at %s as %s", name, at, v.me().Body)
		}
	}
	// An attacker begins, signs in as themself and makes a victim's browser open the way back.
	_, location := begin()
	back, err := mock.SignIn(location, "attacker@example.com", true)
	if err != nil {
		t.Fatal(err)
	}
	path := strings.TrimPrefix(back.RequestURI(), prefix)
	victim := h.travel()
	refused("a victim without a flow", victim, victim.get(path).Header().Get("Location"), expired)
	busy, _ := begin()
	refused("a victim with a flow of their own", busy, busy.get(path).Header().Get("Location"), expired)

	v, location := begin()
	refused("another provider's callback", v, func() string {
		back, err := mock.SignIn(location, "ann@example.com", true)
		if err != nil {
			t.Fatal(err)
		}
		return v.get(strings.TrimPrefix(strings.Replace(back.RequestURI(), "/mock/", "/twin/", 1), prefix)).Header().Get("Location")
	}(), expired)

	v, location = begin()
	h.clock.advance(oidc.FlowLife)
	refused("after ten minutes", v, v.comeBack(mock, location, "ann@example.com", true), expired)

	v, location = begin()
	v.cookies["__Host-turnkey_signin"] += "x"
	refused("a cookie that was changed", v, v.comeBack(mock, location, "ann@example.com", true), expired)

	v, location = begin()
	if at := v.comeBack(mock, location, "ann@example.com", true); at != "/" {
		t.Errorf("the right way: %s", at)
	}
	used := h.travel()
	used.cookies = map[string]string{}
	refused("the way back without the cookie, which is used up", used, used.get("/auth/oidc/mock/callback?code=x&state=y").Header().Get("Location"), expired)

	for name, alter := range map[string]func(map[string]any){
		"another audience": func(c map[string]any) { c["aud"] = "somebody-else" },
		"another issuer":   func(c map[string]any) { c["iss"] = "https://evil.example" },
		"expired":          func(c map[string]any) { c["exp"] = h.clock.now().Add(-time.Hour).Unix() },
		"another nonce":    func(c map[string]any) { c["nonce"] = "of another sign-in" },
		"no nonce":         func(c map[string]any) { delete(c, "nonce") },
	} {
		mock.Alter = alter
		v, location := begin()
		refused("an ID token of "+name, v, v.comeBack(mock, location, "ann@example.com", true), "/signin?error=provider_untrusted")
	}
	mock.Alter = nil
	for _, to := range []string{"//evil.example", "https://evil.example/x", "/\\evil.example", "javascript:alert(1)", "\\\\evil.example", "x"} {
		if at := h.travel().signIn(mock, "ann@example.com", true, "?next="+url.QueryEscape(to)); at != "/" {
			t.Errorf("returns to %q: %s", to, at)
		}
	}
}

// TestProviderUserInfo: providers that keep the address out of the ID token are asked for it.
func TestProviderUserInfo(t *testing.T) {
	h, mock := newProviderHouse(t)
	mock.Mute = true
	v := h.travel()
	if at := v.signIn(mock, "ann@example.com", true, ""); at != "/" || v.me().text("email") != "ann@example.com" {
		t.Errorf("%s, %s", at, v.me().Body)
	}
	if at := h.travel().signIn(mock, "bob@example.com", false, ""); at != "/signin?error=provider_email_unverified" {
		t.Errorf("not verified: %s", at)
	}
}

// TestProviderDown: one that does not answer is told as that, and the others work.
func TestProviderDown(t *testing.T) {
	down, stop, err := oidctest.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	stop()
	h := newHouse(t, func(c *controlplane.Config, w *Config) {
		w.Providers = oidc.New([]oidc.Settings{{Name: "mock", Issuer: down.Issuer, ClientID: "x"}}, w.BaseURL, &http.Client{Timeout: time.Second}, c.Now)
	})
	if at := h.travel().get("/auth/oidc/mock/start").Header().Get("Location"); at != "/signin?error=provider_unreachable" {
		t.Error(at)
	}
	if at := h.travel().get("/auth/oidc/nothing/start").Header().Get("Location"); at != "/signin?error=no_such_provider" {
		t.Error(at)
	}
}
