package token_test

import (
	"crypto/x509"
	"encoding/pem"
	"strings"
	"testing"

	"turnkey/internal/fault"
	"turnkey/internal/redact"
	"turnkey/runtime/bundle"
	"turnkey/runtime/token"
)

func TestUserIDs(t *testing.T) {
	p := newIDP(t)
	lookup := func(c *bundle.Provider) {
		c.UserID, c.Lookup = "", &bundle.Lookup{Collection: "users", Match: map[string]string{"email": "claims.email"}, Take: "app_user_id"}
	}
	for name, c := range map[string]struct {
		provider func(*bundle.Provider)
		claims   map[string]any
		want     string
	}{
		"by claim":                     {nil, nil, "abc"},
		"by expression and prefix":     {func(c *bundle.Provider) { c.UserID, c.UserIDPrefix = `claims.role + "/" + claims.sub`, "idp|" }, nil, "idp|admin/abc"},
		"a number":                     {func(c *bundle.Provider) { c.UserID = "claims.n" }, map[string]any{"n": 9007199254740993}, "9007199254740993"},
		"by look-up":                   {lookup, nil, "old-7"},
		"by e-mail":                    {func(c *bundle.Provider) { c.UserID = "claims.email" }, nil, "a@example.com"},
		"by e-mail, unverified":        {func(c *bundle.Provider) { c.UserID = "claims.email" }, map[string]any{"email_verified": false}, ""},
		"by e-mail in another claim":   {func(c *bundle.Provider) { c.UserID = "claims.name" }, map[string]any{"name": "A@example.com", "email_verified": nil}, ""},
		"by e-mail, it decides itself": {func(c *bundle.Provider) { c.UserID = "claims.email_verified ? claims.email : claims.sub" }, map[string]any{"email_verified": false}, "abc"},
		"by look-up, other claim":      {func(c *bundle.Provider) { lookup(c); c.Lookup.Match = map[string]string{"email": "claims.upn"} }, map[string]any{"upn": "a@example.com", "email": nil, "email_verified": nil}, ""},
		"by look-up, other field":      {func(c *bundle.Provider) { lookup(c); c.Lookup.Match = map[string]string{"login": "claims.upn"} }, map[string]any{"upn": "a@example.com", "email_verified": false}, ""},
		"a NUL":                        {nil, map[string]any{"sub": "a\x00b"}, ""},
		"a line break":                 {nil, map[string]any{"sub": "a\nb"}, ""},
		"a lost character":             {nil, map[string]any{"sub": "a\ufffd"}, ""},
		"too long":                     {nil, map[string]any{"sub": strings.Repeat("x", 513)}, ""},
		"a boolean":                    {nil, map[string]any{"sub": true}, ""},
		"not ASCII":                    {nil, map[string]any{"sub": "Žofie 李"}, "Žofie 李"},
		"by look-up, nobody":           {lookup, map[string]any{"email": "b@example.com"}, ""},
		"by look-up, unverified":       {lookup, map[string]any{"email_verified": false}, ""},
		"by look-up, verified absent":  {lookup, map[string]any{"email_verified": nil}, ""},
		"by look-up, verified as text": {lookup, map[string]any{"email_verified": "true"}, ""},
		"by look-up, an operator":      {lookup, map[string]any{"email": map[string]any{"$gt": ""}}, ""},
		"by look-up, no e-mail":        {lookup, map[string]any{"email": nil}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, withProvider(p, c.provider))
			tok := jws(rsHeader, claims(c.claims), p.rs256)
			id, err := r.user(tok)
			u, upErr := r.Authenticate(t.Context(), "Bearer "+tok)
			if id != c.want || u.ID != c.want {
				t.Errorf("/token %q %v, /upload %q %v, want %q", id, err, u.ID, upErr, c.want)
			}
			if c.want == "" && (!fault.IsKind(err, fault.Unauthenticated) || !fault.IsKind(upErr, fault.Unauthenticated)) {
				t.Errorf("/token %v, /upload %v", err, upErr)
			}
		})
	}
	r := newRig(t, withProvider(p, lookup))
	r.down = true
	if _, err := r.user(jws(rsHeader, claims(nil), p.rs256)); !fault.IsKind(err, fault.Unavailable) {
		t.Errorf("source down: %v", err)
	}
}

func TestSharedSecretAndPublicKey(t *testing.T) {
	p := newIDP(t)
	pub, _ := x509.MarshalPKIXPublicKey(p.ed.Public())
	r := newRig(t, func(b *bundle.Bundle) {
		b.Config.Auth.Providers = []bundle.Provider{
			{Name: "hs", Type: bundle.ProviderSharedSecret, Secret: bundle.SecretRef{Secret: "HS"}, UserID: "claims.sub", UserIDPrefix: "hs|"},
			{Name: "pem", Type: bundle.ProviderPublicKey, PublicKey: string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: pub})), UserID: "claims.sub", UserIDPrefix: "pem|"},
		}
	})
	for tok, want := range map[string]string{
		jws(`{"alg":"HS256"}`, claims(nil), hs256([]byte(sharedSecret))): "hs|abc",
		jws(`{"alg":"EdDSA"}`, claims(nil), p.eddsa):                     "pem|abc",
		jws(`{"alg":"HS256"}`, claims(nil), hs256([]byte("wrong"))):      "",
		jws(`{"alg":"HS256"}`, claims(nil), hs256(pub)):                  "",
		jws(`{"alg":"RS256"}`, claims(nil), p.rs256):                     "",
	} {
		if id, err := r.user(tok); id != want {
			t.Errorf("got %q (%v), want %q", id, err, want)
		}
	}
	weak := *r.bundle
	weak.Secrets = map[string]redact.Secret{"HS": redact.New("short")}
	if _, err := token.New(&weak, token.Deps{}); !fault.Is(err, "provider_secret") {
		t.Errorf("a weak secret: %v", err)
	}
}
