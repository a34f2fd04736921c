package dashboardapi

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"turnkey/controlplane"
	"turnkey/controlplane/seal"
	"turnkey/internal/fault"
)

func asFault(err error) *fault.Error { return fault.Of(err) }

// rebuild makes the handler anew from the house's table.
func (h *house) rebuild() {
	h.Helper()
	table := h.api.table
	fresh, err := build(h.api.cfg)
	if err != nil {
		h.Fatal(err)
	}
	fresh.table = table
	h.api = fresh
	if h.handler, err = fresh.handler(); err != nil {
		h.Fatal(err)
	}
}

func sessionCookie(t *testing.T, r reply) *http.Cookie {
	t.Helper()
	cookies := r.Result().Cookies()
	if len(cookies) != 1 {
		t.Fatalf("%d cookies in %d %s", len(cookies), r.Code, r.Body)
	}
	return cookies[0]
}

func logInAs(email, password string) call {
	return call{method: post, path: "/auth/login", body: map[string]any{"email": email, "password": password}}
}

// TestSignUpAndIn: the whole life of an account in a browser.
func TestSignUpAndIn(t *testing.T) {
	h := newHouse(t)
	up := h.do(call{method: post, path: "/auth/signup", body: map[string]any{"email": "Ann@Example.com", "password": testPassword, "organization": "Acme"}})
	if up.Code != 201 || up.text("email") != "Ann@Example.com" || strings.Contains(up.Body.String(), testPassword) {
		t.Fatalf("%d %s", up.Code, up.Body)
	}
	c := sessionCookie(t, up)
	if c.Name != "__Host-turnkey_session" || !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" || c.MaxAge != 0 {
		t.Errorf("cookie: %+v", c)
	}
	ann := &person{session: c.Value, email: "ann@example.com"}
	me := h.must(call{method: get, path: "/auth/me", as: ann})
	if orgs := me.json["organizations"].([]any); len(orgs) != 1 || orgs[0].(map[string]any)["role"] != "owner" {
		t.Errorf("me: %s", me.Body)
	}
	var raw int
	if err := h.audit.QueryRow(t.Context(), `SELECT count(*) FROM sessions WHERE position($1::bytea in token_hash) > 0 OR id = $2`, []byte(c.Value), c.Value).Scan(&raw); err != nil || raw != 0 {
		t.Errorf("the session's string is in the database (%v)", err)
	}
	h.play(t, []scenario{
		{name: "the address again, in another case", call: call{method: post, path: "/auth/signup", body: map[string]any{"email": "aNN@example.COM", "password": testPassword}}, status: 409, code: "email_taken"},
		{name: "not an address", call: call{method: post, path: "/auth/signup", body: map[string]any{"email": "Ann <a@b.c>", "password": testPassword}}, status: 422, code: "invalid_email"},
		{name: "a short password", call: call{method: post, path: "/auth/signup", body: map[string]any{"email": "b@example.com", "password": "short"}}, status: 422, code: "invalid_request", hasNot: []string{"short\""}},
		{name: "wrong password", call: logInAs("ann@example.com", "wrong horse battery"), status: 401, code: "bad_credentials", headers: map[string]string{"Set-Cookie": ""}},
		{name: "no such account", call: logInAs("nobody@example.com", testPassword), status: 401, code: "bad_credentials"},
		{name: "an address that is none", call: logInAs("'; DROP TABLE users --", testPassword), status: 401, code: "bad_credentials"},
	})
	in := logInAs("ANN@example.com", testPassword)
	in.as = ann
	again := sessionCookie(t, h.must(in))
	if again.Value == ann.session {
		t.Error("the session kept its string at log-in")
	}
	h.play(t, []scenario{
		{name: "the string from before the log-in is dead", call: call{method: get, path: "/auth/me", as: ann}, status: 401, code: "unauthenticated"},
		{name: "the new one lives", call: call{method: get, path: "/auth/me", as: &person{session: again.Value}}, status: 200},
		{name: "cut", call: call{method: get, path: "/auth/me", as: &person{session: again.Value[:len(again.Value)-1]}}, status: 401, code: "unauthenticated"},
		{name: "an API token cannot sign out", call: call{method: post, path: "/auth/logout"}, status: 401, code: "unauthenticated"},
	})
	out := h.do(call{method: post, path: "/auth/logout", as: &person{session: again.Value}})
	if c := sessionCookie(t, out); out.Code != 204 || c.MaxAge >= 0 || c.Value != "" {
		t.Errorf("sign out: %d %+v", out.Code, c)
	}
	if r := h.do(call{method: get, path: "/auth/me", as: &person{session: again.Value}}); r.Code != 401 {
		t.Errorf("after signing out: %d", r.Code)
	}
}

// TestSessionEnds: by idling, by age, by a disabled account.
func TestSessionEnds(t *testing.T) {
	h := newHouse(t)
	ann := h.signUp("ann")
	alive := func() bool { return h.do(call{method: get, path: "/auth/me", as: ann}).Code == 200 }
	for range 5 {
		if h.clock.advance(29 * time.Minute); !alive() {
			t.Fatal("ended although it was used")
		}
	}
	if h.clock.advance(30 * time.Minute); alive() {
		t.Error("lives after idling for 30 minutes")
	}
	h.relogin(ann)
	for end := h.clock.now().Add(7 * 24 * time.Hour); !h.clock.now().After(end); {
		h.clock.advance(29 * time.Minute)
		if got, want := alive(), h.clock.now().Before(end); got != want {
			t.Fatalf("%v before its end the session lives: %v", end.Sub(h.clock.now()), got)
		}
	}
	h.relogin(ann)
	if _, err := h.audit.Exec(t.Context(), `UPDATE users SET disabled_at = now() WHERE id = $1`, ann.id); err != nil {
		t.Fatal(err)
	}
	if alive() {
		t.Error("a disabled account's session lives")
	}
	if r := h.do(logInAs(ann.email, testPassword)); r.Code != 401 || r.text("code") != "bad_credentials" {
		t.Errorf("a disabled account signs in: %d", r.Code)
	}
	h.clock.advance(31 * time.Minute)
	if n, err := h.plane.Accounts.Sweep(t.Context()); n == 0 || err != nil {
		t.Errorf("swept %d dead sessions, %v", n, err)
	}
}

// TestSignupModes: open, by invitation, off.
func TestSignupModes(t *testing.T) {
	for _, mode := range []controlplane.Signup{controlplane.SignupOpen, controlplane.SignupInvite, controlplane.SignupOff, ""} {
		t.Run("mode "+string(mode), func(t *testing.T) {
			h := newHouse(t)
			host := h.signUp("host")
			org := host.Grants[0].Organization
			_, secret, err := h.plane.Invitations.Create(t.Context(), host.Actor, org, "guest@example.com", controlplane.Developer, nil)
			if err != nil {
				t.Fatal(err)
			}
			closed := newHouseOver(t, h, mode)
			plain := closed.do(call{method: post, path: "/auth/signup", body: map[string]any{"email": "x@example.com", "password": testPassword}})
			wrong := closed.do(call{method: post, path: "/auth/signup", body: map[string]any{"email": "y@example.com", "password": testPassword, "invitation": secret.Reveal()}})
			invited := closed.do(call{method: post, path: "/auth/signup", body: map[string]any{"email": "guest@example.com", "password": testPassword, "invitation": secret.Reveal()}})
			want := map[controlplane.Signup][3]int{
				controlplane.SignupOpen: {201, 404, 201}, controlplane.SignupInvite: {403, 404, 201}, controlplane.SignupOff: {403, 403, 403}, "": {403, 403, 403},
			}[mode]
			if got := [3]int{plain.Code, wrong.Code, invited.Code}; got != want {
				t.Fatalf("plain, wrong address, invited: %v, want %v", got, want)
			}
			if invited.Code == 201 {
				me := closed.must(call{method: get, path: "/auth/me", as: &person{session: sessionCookie(t, invited).Value}})
				if !strings.Contains(me.Body.String(), org) || !strings.Contains(me.Body.String(), `"developer"`) || strings.Contains(me.Body.String(), `"owner"`) {
					t.Errorf("the invited person holds %s", me.Body)
				}
			}
		})
	}
}

// newHouseOver is another replica over the same database.
func newHouseOver(t *testing.T, h *house, mode controlplane.Signup) *house {
	t.Helper()
	n := &house{T: t, clock: h.clock, pool: h.pool, store: h.store, url: h.url, audit: h.audit}
	var err error
	n.plane, err = controlplane.New(controlplane.Config{
		Vault: must(seal.Generate()), Bundles: h.pool.sealer, Commander: h.pool, Listen: h.store.Listen,
		Store: h.store, Now: h.clock.now, Random: rand.Reader, Log: h.api.cfg.Log, Signup: mode, Password: controlplane.PasswordCost{MemoryKiB: 8, Iterations: 1},
	})
	if err != nil {
		t.Fatal(err)
	}
	cfg := h.api.cfg
	cfg.Plane, cfg.Signup = n.plane, mode
	if n.api, err = build(cfg); err != nil {
		t.Fatal(err)
	}
	if n.handler, err = n.api.handler(); err != nil {
		t.Fatal(err)
	}
	return n
}

// TestCrossOrigin: a page of another site changes nothing, whatever it sends; scripts and our own pages do.
func TestCrossOrigin(t *testing.T) {
	h := newHouse(t)
	ann := h.signUp("ann")
	for _, method := range []string{get, post, patch, remove} {
		for _, site := range []string{"", "same-origin", "none", "same-site", "cross-site"} {
			for _, origin := range []string{"", "https://dashboard.example", "https://evil.example", "null"} {
				c := call{method: method, path: "/orgs/" + ann.Grants[0].Organization + "/nothing", as: ann, header: map[string]string{}}
				if method == post {
					c = call{method: post, path: "/orgs", as: ann, body: `{"name":" "}`, header: map[string]string{}}
				}
				if site != "" {
					c.header["Sec-Fetch-Site"] = site
				}
				if origin != "" {
					c.header["Origin"] = origin
				}
				refused := h.do(c).text("code") == "cross_origin"
				foreign := site == "same-site" || site == "cross-site" || site == "" && origin != "" && origin != "https://dashboard.example"
				want := method != get && foreign && origin != "https://dashboard.example"
				if refused != want {
					t.Errorf("%s from %q, Sec-Fetch-Site %q: refused %v, want %v", method, origin, site, refused, want)
				}
			}
		}
	}
}

// TestThrottles: log-in per account and per address, everything per address and per person; each says when to come again.
func TestThrottles(t *testing.T) {
	h := newHouse(t, func(_ *controlplane.Config, c *Config) {
		c.Limits = Limits{PerAddress: 60, PerActor: 30, LoginPerAddress: 12, LoginPerAccount: 6}
	})
	ann, bob := h.signUp("ann"), h.signUp("bob")
	tries := func(n int, c func(i int) call) (ok int, last reply) {
		for i := range n {
			if last = h.do(c(i)); last.Code != 429 {
				ok++
			}
		}
		return ok, last
	}
	ok, last := tries(10, func(int) call { return logInAs(strings.ToUpper(ann.email), "wrong horse battery") })
	if ok != 6 || last.text("code") != "rate_limited" || last.Header().Get("Retry-After") != "10" {
		t.Errorf("one account: %d of 10, then %d, Retry-After %s", ok, last.Code, last.Header().Get("Retry-After"))
	}
	h.clock.advance(10 * time.Second)
	if r := h.do(logInAs(ann.email, testPassword)); r.Code != 200 {
		t.Errorf("after Retry-After: %d", r.Code)
	}
	h.clock.advance(2 * time.Minute)
	if ok, _ := tries(20, func(i int) call { return logInAs(fmt.Sprintf("x%d@example.com", i), "wrong horse battery") }); ok != 12 {
		t.Errorf("one address: %d of 20", ok)
	}
	h.clock.advance(2 * time.Minute)
	if ok, last := tries(40, func(int) call { return call{method: get, path: "/auth/me", as: ann} }); ok != 30 || last.Header().Get("Retry-After") == "" {
		t.Errorf("one person: %d of 40", ok)
	}
	if r := h.do(call{method: get, path: "/auth/me", as: bob}); r.Code != 200 {
		t.Errorf("another person: %d", r.Code)
	}
	if ok, _ := tries(40, func(int) call { return call{method: get, path: "/auth/me"} }); ok != 19 {
		t.Errorf("the rest of one address's 60: %d", ok)
	}
}

// TestLimiterIsBounded: a stranger with many addresses fills a map of fixed size.
func TestLimiterIsBounded(t *testing.T) {
	l := newLimiter(1)
	now := time.Unix(1_000_000, 0)
	for i := range maxTracked * 2 {
		if err := l.take(t.Context(), fmt.Sprint(i), now); err != nil {
			t.Fatal(err)
		}
	}
	if len(l.buckets) > maxTracked {
		t.Errorf("%d buckets", len(l.buckets))
	}
	if addressKey("2001:db8::1") != addressKey("2001:db8::ffff") || addressKey("2001:db8::1") == addressKey("2001:db8:0:1::1") || addressKey("203.0.113.7") == addressKey("203.0.113.8") {
		t.Error("addresses are counted together or apart wrongly")
	}
}
