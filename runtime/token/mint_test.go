package token_test

import (
	"crypto/rand"
	"strings"
	"testing"
	"time"

	"turnkey/internal/fault"
	"turnkey/runtime/bundle"
	"turnkey/runtime/token"
)

func TestTheYoungestKeySignsWhateverTheAlgorithm(t *testing.T) {
	p := newIDP(t)
	r := newRig(t, withProvider(p, nil))
	next, err := token.GenerateKey("k2", bundle.RS256, epoch.Add(-time.Hour), epoch.Add(-time.Minute), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	// The configuration still says EdDSA, but the EdDSA key is about to retire: it must not go on
	// signing tokens that outlive it.
	r.bundle.SigningKeys[0].RetireAt = epoch.Add(time.Minute)
	r.bundle.SigningKeys = append(r.bundle.SigningKeys, next)
	r.build()
	a, err := r.Exchange(t.Context(), token.Request{Authorization: "Bearer " + jws(rsHeader, claims(nil), p.rs256)})
	if err != nil {
		t.Fatal(err)
	}
	r.now = epoch.Add(2 * time.Minute)
	if _, err := r.Authenticate(t.Context(), "Bearer "+a.Token); err != nil {
		t.Errorf("a good token was refused two minutes later: %v", err)
	}
}

func TestMintedTokensMeetPowerSyncsRules(t *testing.T) {
	for _, alg := range []bundle.Algorithm{bundle.EdDSA, bundle.RS256} {
		t.Run(string(alg), func(t *testing.T) {
			p := newIDP(t)
			r := newRig(t, func(b *bundle.Bundle) {
				withProvider(p, nil)(b)
				key, err := token.GenerateKey("k2", alg, epoch.Add(-time.Hour), epoch.Add(-30*time.Minute), rand.Reader)
				if err != nil {
					t.Fatal(err)
				}
				b.SigningKeys = append(b.SigningKeys, key)
				b.Config.Auth.Algorithm = alg
				b.Config.Auth.PowerSyncURL = "https://ps.example/"
				b.Config.Auth.Claims = map[string]string{"role": "claims.role", "sub": `"admin"`, "none": "claims.nope"}
			})
			a, err := r.Exchange(t.Context(), token.Request{Authorization: "Bearer " + jws(rsHeader, claims(nil), p.rs256)})
			if err != nil {
				t.Fatal(err)
			}
			var h map[string]any
			part(t, a.Token, 0, &h)
			c := payload(t, a.Token)
			if h["kid"] != "k2" || h["alg"] != string(alg) || c["sub"] != "abc" || c["role"] != "admin" || c["none"] != nil {
				t.Errorf("header %v, claims %v", h, c)
			}
			if c["exp"].(float64)-c["iat"].(float64) != 300 || c["aud"] != "https://ps.example" || a.PowerSyncURL != "https://ps.example" || a.ExpiresAt.Unix() != int64(c["exp"].(float64)) {
				t.Errorf("claims %v, answer %+v", c, a)
			}
			if !verifiesByHand(t, a.Token, r.Authority) {
				t.Error("the signature does not verify with the key of the JWKS")
			}
		})
	}
}

func TestRotation(t *testing.T) {
	p := newIDP(t)
	r := newRig(t, withProvider(p, nil))
	next, err := token.GenerateKey("k2", bundle.EdDSA, epoch, epoch.Add(10*time.Minute), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	r.bundle.SigningKeys[0].RetireAt = epoch.Add(40 * time.Minute)
	r.bundle.SigningKeys = append(r.bundle.SigningKeys, next)
	r.build()
	tok := jws(rsHeader, claims(nil), p.rs256)
	mint := func() (string, string) {
		a, err := r.Exchange(t.Context(), token.Request{Authorization: "Bearer " + tok})
		if err != nil {
			t.Fatal(err)
		}
		var h map[string]any
		part(t, a.Token, 0, &h)
		return a.Token, h["kid"].(string)
	}
	jwks := func() string { b, _ := r.JWKS(); return string(b) }

	if _, kid := mint(); kid != "k1" || !strings.Contains(jwks(), `"k2"`) {
		t.Errorf("published at once, but %s signs; %s", kid, jwks())
	}
	r.now = epoch.Add(10 * time.Minute)
	old, kid := mint()
	if kid != "k2" || !strings.Contains(jwks(), `"k1"`) {
		t.Errorf("after ten minutes %s signs; %s", kid, jwks())
	}
	r.now = epoch.Add(41 * time.Minute)
	if strings.Contains(jwks(), `"k1"`) {
		t.Error("a retired key is still published")
	}
	r.now = epoch.Add(11 * time.Minute)
	r.bundle.SigningKeys[1].Revoked = true
	r.build()
	if _, err := r.Authenticate(t.Context(), "Bearer "+old); !fault.IsKind(err, fault.Unauthenticated) || strings.Contains(jwks(), `"k2"`) {
		t.Errorf("a revoked key still counts: %v %s", err, jwks())
	}
	if _, kid := mint(); kid != "k1" {
		t.Errorf("after the revocation %s signs", kid)
	}
}
