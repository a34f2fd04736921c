package token_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"turnkey/internal/fault"
	"turnkey/runtime/bundle"
	"turnkey/runtime/token"
)

// code is what hooks/_auth.ts would be, and what it was asked.
type code struct {
	say   func(token.Identity) (token.Resolved, error)
	asked []token.Identity
}

func (c *code) resolve(_ context.Context, i token.Identity) (token.Resolved, error) {
	c.asked = append(c.asked, i)
	return c.say(i)
}

// newDecided is a rig whose users are decided by code.
func newDecided(t *testing.T, p *idp, change func(*bundle.Provider), say func(token.Identity) (token.Resolved, error)) (*rig, *code) {
	t.Helper()
	c := &code{say: say}
	r := newRig(t, withProvider(p, change))
	r.resolve = c.resolve
	r.build()
	return r, c
}

// TestCodeDecides: the id and claims of token and upload are the code's, reserved claims are ours.
func TestCodeDecides(t *testing.T) {
	p := newIDP(t)
	r, c := newDecided(t, p, func(c *bundle.Provider) { c.UserIDPrefix = "idp|" }, func(i token.Identity) (token.Resolved, error) {
		return token.Resolved{UserID: "team/" + i.Claims["role"].(string), Claims: map[string]any{
			"team": []any{"a"}, "plan": nil, "level": "2", "sub": "root", "aud": "evil", "exp": 1, "iat": 1, "nbf": 1, "iss": "x", "jti": "x", "kid": "x",
			"development": true, "turnkey_provider": "server"}}, nil
	})
	r.bundle.Config.Auth.Claims = map[string]string{"plan": `"free"`, "level": `"1"`, "mail": "claims.email"}
	r.build()
	tok := jws(rsHeader, claims(nil), p.rs256)
	a, err := r.Exchange(t.Context(), token.Request{Authorization: "Bearer " + tok})
	if err != nil {
		t.Fatal(err)
	}
	got := payload(t, a.Token)
	for name, v := range map[string]any{"sub": "team/admin", "aud": "https://ps.example", "team": []any{"a"}, "level": "2", "mail": "a@example.com", "plan": nil, "development": nil,
		"turnkey_provider": "main", "nbf": nil, "iss": nil, "jti": nil, "kid": nil, "exp": float64(epoch.Add(5 * time.Minute).Unix()), "iat": float64(epoch.Unix())} {
		if !reflect.DeepEqual(got[name], v) {
			t.Errorf("the token's %s is %v, want %v", name, got[name], v)
		}
	}
	u, err := r.Authenticate(t.Context(), "Bearer "+tok)
	if err != nil || u.ID != "team/admin" || u.ID != a.UserID || !reflect.DeepEqual(u.Claims, map[string]any{"team": []any{"a"}, "level": "2", "mail": "a@example.com"}) {
		t.Errorf("/upload says %+v %v", u, err)
	}
	if len(c.asked) != 1 || c.asked[0].Provider != "main" || c.asked[0].UserID != "idp|abc" || c.asked[0].Claims["email"] != "a@example.com" {
		t.Errorf("the code was asked %+v", c.asked)
	}
}

// TestWhatTheCodeSaidIsRemembered for uploads with the same token: as long as a minted token lives, not longer than that
// token, and not under another bundle. /token asks each time.
func TestWhatTheCodeSaidIsRemembered(t *testing.T) {
	p := newIDP(t)
	id := "u1"
	r, c := newDecided(t, p, nil, func(token.Identity) (token.Resolved, error) { return token.Resolved{UserID: id}, nil })
	long, short := jws(rsHeader, claims(nil), p.rs256), jws(rsHeader, claims(map[string]any{"exp": epoch.Add(20 * time.Second).Unix()}), p.rs256)
	upload := func(tok, want string, asked int) {
		t.Helper()
		if u, err := r.Authenticate(t.Context(), "Bearer "+tok); err != nil || u.ID != want || len(c.asked) != asked {
			t.Errorf("%+v %v after %d questions; want %s after %d", u, err, len(c.asked), want, asked)
		}
	}
	upload(long, "u1", 1)
	upload(short, "u1", 2)
	id = "u2"
	upload(long, "u1", 2)
	r.now = epoch.Add(30 * time.Second) // the short one has ended, and is accepted for another half minute of skew
	upload(long, "u1", 2)
	upload(short, "u2", 3)
	if a, err := r.Exchange(t.Context(), token.Request{Authorization: "Bearer " + long}); err != nil || a.UserID != "u2" || len(c.asked) != 4 {
		t.Errorf("/token asks anew: %+v %v %d", a, err, len(c.asked))
	}
	upload(long, "u2", 4) // the two routes agree
	id = "u3"
	r.now = r.now.Add(5*time.Minute + time.Second)
	upload(long, "u3", 5)
	r.build()
	upload(long, "u3", 6)
	r.now = epoch.Add(2 * time.Hour)
	if _, err := r.Authenticate(t.Context(), "Bearer "+long); !fault.IsKind(err, fault.Unauthenticated) || len(c.asked) != 6 {
		t.Errorf("an expired token: %v", err)
	}
}

// TestTheCodeRefuses in its own words, for ten seconds of uploads; what failed is asked again.
func TestTheCodeRefuses(t *testing.T) {
	p := newIDP(t)
	var says error
	r, c := newDecided(t, p, nil, func(token.Identity) (token.Resolved, error) { return token.Resolved{UserID: "u1"}, says })
	tok := "Bearer " + jws(rsHeader, claims(nil), p.rs256)
	says = fault.New(fault.Unavailable, "hook_error", "It failed.")
	for range 2 {
		if _, err := r.Authenticate(t.Context(), tok); !fault.IsKind(err, fault.Unavailable) || !fault.Is(err, "hook_error") {
			t.Errorf("a failure: %v", err)
		}
	}
	says = fault.New(fault.Forbidden, "BANNED", "You are banned.")
	for range 3 {
		if _, err := r.Authenticate(t.Context(), tok); !fault.IsKind(err, fault.Forbidden) || fault.Of(err).Message != "You are banned." {
			t.Errorf("a refusal: %v", err)
		}
	}
	if _, err := r.Exchange(t.Context(), token.Request{Authorization: tok}); !fault.Is(err, "BANNED") || len(c.asked) != 4 {
		t.Errorf("a refusal at /token: %v, %d", err, len(c.asked))
	}
	says = nil
	r.now = r.now.Add(11 * time.Second)
	if u, err := r.Authenticate(t.Context(), tok); err != nil || u.ID != "u1" || len(c.asked) != 5 {
		t.Errorf("forgiven: %+v %v", u, err)
	}
}

// TestNonsenseOfTheCode mints nothing, and is our side's trouble: apps keep their tokens and try again.
func TestNonsenseOfTheCode(t *testing.T) {
	p := newIDP(t)
	deep := map[string]any{"a": map[string]any{"b": map[string]any{"c": map[string]any{"d": map[string]any{"e": map[string]any{"f": map[string]any{"g": 1}}}}}}}
	for name, said := range map[string]token.Resolved{
		"no id": {}, "too long": {UserID: strings.Repeat("x", 513)}, "a line break": {UserID: "a\nb"}, "a NUL": {UserID: "\x00"}, "a lost character": {UserID: "a\ufffd"},
		"not UTF-8": {UserID: "\xff"}, "large claims": {UserID: "u", Claims: map[string]any{"pad": strings.Repeat("x", 5000)}}, "deep claims": {UserID: "u", Claims: deep},
	} {
		r, c := newDecided(t, p, nil, func(token.Identity) (token.Resolved, error) { return said, nil })
		tok := "Bearer " + jws(rsHeader, claims(nil), p.rs256)
		_, err := r.Exchange(t.Context(), token.Request{Authorization: tok})
		_, upErr := r.Authenticate(t.Context(), tok)
		for _, err := range []error{err, upErr} {
			if f := fault.Of(err); err == nil || f.Kind != fault.Unavailable || f.Code != "hook_invalid_result" || strings.Contains(f.Message, "xxx") {
				t.Errorf("%s: %v", name, err)
			}
		}
		if len(c.asked) != 2 {
			t.Errorf("%s: asked %d times", name, len(c.asked))
		}
	}
}

// TestWhomTheCodeIsAskedAbout: verified tokens of providers, with what the configuration makes of them. Not what
// nobody has proven, what the configuration refuses for safety, or what names final ids.
func TestWhomTheCodeIsAskedAbout(t *testing.T) {
	p := newIDP(t)
	lookup := func(c *bundle.Provider) {
		c.UserID, c.Lookup = "", &bundle.Lookup{Collection: "users", Match: map[string]string{"email": "claims.email"}, Take: "app_user_id"}
	}
	const notAsked = "not asked"
	for name, c := range map[string]struct {
		provider func(*bundle.Provider)
		claims   map[string]any
		told     string
	}{
		"by claim":                {nil, nil, "abc"},
		"by look-up":              {lookup, nil, "old-7"},
		"by look-up, nobody":      {lookup, map[string]any{"email": "b@example.com"}, ""},
		"the claim is missing":    {nil, map[string]any{"sub": nil}, ""},
		"the claim is no id":      {nil, map[string]any{"sub": "a\nb"}, ""},
		"by look-up, unverified":  {lookup, map[string]any{"email_verified": false}, notAsked},
		"by e-mail, unverified":   {func(c *bundle.Provider) { c.UserID = "claims.email" }, map[string]any{"email_verified": false}, notAsked},
		"an e-mail by other name": {func(c *bundle.Provider) { c.UserID = "claims.name" }, map[string]any{"name": "a@example.com", "email_verified": nil}, notAsked},
		"expired":                 {nil, map[string]any{"exp": epoch.Add(-time.Hour).Unix()}, notAsked},
		"another audience":        {nil, map[string]any{"aud": "other"}, notAsked},
	} {
		asked := &code{say: func(i token.Identity) (token.Resolved, error) { return token.Resolved{UserID: "x" + i.UserID}, nil }}
		r := newRig(t, func(b *bundle.Bundle) {
			withProvider(p, func(bp *bundle.Provider) { bp.UserID = "claims.sub" })(b)
			if c.provider != nil {
				c.provider(&b.Config.Auth.Providers[0])
			}
		})
		r.resolve = asked.resolve
		r.build()
		id, err := r.user(jws(rsHeader, claims(c.claims), p.rs256))
		switch {
		case c.told == notAsked:
			if len(asked.asked) > 0 || !fault.IsKind(err, fault.Unauthenticated) {
				t.Errorf("%s: asked %+v, %v", name, asked.asked, err)
			}
		case len(asked.asked) == 0 || asked.asked[0].UserID != c.told || id != "x"+c.told:
			t.Errorf("%s: asked %+v, answered %q %v", name, asked.asked, id, err)
		}
	}
	const key = "tkk_0123456789abcdef"
	sum := sha256.Sum256([]byte(key))
	r := newRig(t, func(b *bundle.Bundle) {
		b.Config.Auth.Providers = []bundle.Provider{{Name: "server", Type: bundle.ProviderAPIKey}, {Name: "guest", Type: bundle.ProviderAnonymous}}
		b.APIKeys, b.Config.Auth.DevelopmentTokens = []bundle.APIKey{{ID: "key_1", Hash: sum[:]}}, true
	})
	r.resolve = func(context.Context, token.Identity) (token.Resolved, error) {
		return token.Resolved{}, errors.New("it is asked about what names final ids")
	}
	r.build()
	for name, q := range map[string]token.Request{"server": {Authorization: "Bearer " + key, UserID: "u1"}, "guest": {}, "development": {UserID: "u1"}} {
		a, err := r.Exchange(t.Context(), q)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if u, err := r.Authenticate(t.Context(), "Bearer "+a.Token); err != nil || u.ID != a.UserID {
			t.Errorf("%s: /upload says %+v %v", name, u, err)
		}
	}
}

// TestALookUpThatFails is no question for the code: who the user is in the database is not known.
func TestALookUpThatFails(t *testing.T) {
	p := newIDP(t)
	r, c := newDecided(t, p, func(c *bundle.Provider) {
		c.UserID, c.Lookup = "", &bundle.Lookup{Collection: "users", Match: map[string]string{"email": "claims.email"}, Take: "app_user_id"}
	}, func(token.Identity) (token.Resolved, error) { return token.Resolved{UserID: "u1"}, nil })
	r.down = true
	if _, err := r.user(jws(rsHeader, claims(nil), p.rs256)); !fault.IsKind(err, fault.Unavailable) || len(c.asked) != 0 {
		t.Errorf("%v, asked %d times", err, len(c.asked))
	}
}
