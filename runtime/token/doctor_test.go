package token_test

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"slices"
	"strings"
	"testing"
	"time"

	"turnkey/internal/fault"
	"turnkey/internal/redact"
	"turnkey/runtime/bundle"
	"turnkey/runtime/token"
)

const oursHeader = `{"alg":"EdDSA","kid":"k1","typ":"JWT"}`

// ours signs claims with the instance's own key.
func (r *rig) ours(change map[string]any) string {
	r.t.Helper()
	block, _ := pem.Decode([]byte(r.bundle.SigningKeys[0].Private.Reveal()))
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		r.t.Fatal(err)
	}
	all := map[string]any{"aud": "https://ps.example", "iss": nil, "exp": epoch.Add(5 * time.Minute).Unix()}
	for k, v := range change {
		all[k] = v
	}
	return jws(oursHeader, claims(all), func(input []byte) []byte { return ed25519.Sign(key.(ed25519.PrivateKey), input) })
}

// TestTheDoctorAgreesWithTheDoors: for each token the diagnosis names what is wrong, and says of /upload and /token
// what these really do.
func TestTheDoctorAgreesWithTheDoors(t *testing.T) {
	p := newIDP(t)
	r := newRig(t, func(b *bundle.Bundle) {
		withProvider(p, nil)(b)
		b.Config.Auth.DevelopmentTokens = true
		b.Config.Auth.Providers = append(b.Config.Auth.Providers,
			bundle.Provider{Name: "legacy", Type: bundle.ProviderSharedSecret, Issuer: "https://legacy.example", Audience: []string{"my-app"}, Secret: bundle.SecretRef{Secret: "HS"}, UserID: "claims.sub", UserIDPrefix: "l:"})
	})
	dev, err := r.Exchange(t.Context(), token.Request{UserID: "u1"})
	if err != nil {
		t.Fatal(err)
	}
	legacy := func(change map[string]any, key string) string {
		change["iss"] = "https://legacy.example"
		return jws(`{"alg":"HS256"}`, claims(change), hs256([]byte(key)))
	}
	rs := func(change map[string]any) string { return jws(rsHeader, claims(change), p.rs256) }
	for name, c := range map[string]struct {
		token   string
		url     string
		codes   []string // the findings, in order
		setting string   // of the first
		kind    token.TokenKind
	}{
		"ours":                           {r.ours(nil), "", nil, "", token.OursKind},
		"ours, with the header's word":   {"Bearer " + r.ours(nil), "https://ps.example", nil, "", token.OursKind},
		"a development token":            {dev.Token, "", []string{"development"}, "auth.development_tokens", token.OursKind},
		"another PowerSync":              {r.ours(nil), "https://other.example", []string{"other_powersync"}, "auth.powersync_url", token.OursKind},
		"a PowerSync URL with a slash":   {r.ours(nil), "https://ps.example/", []string{"trailing_slash"}, "auth.powersync_url", token.OursKind},
		"an audience with a slash":       {r.ours(map[string]any{"aud": "https://ps.example/"}), "", []string{"audience_slash"}, "auth.audiences", token.OursKind},
		"another audience":               {r.ours(map[string]any{"aud": []string{"a", "b"}}), "", []string{"audience"}, "auth.audiences", token.OursKind},
		"no audience":                    {r.ours(map[string]any{"aud": nil}), "", []string{"audience"}, "auth.audiences", token.OursKind},
		"expired":                        {r.ours(map[string]any{"iat": epoch.Add(-time.Hour).Unix(), "exp": epoch.Add(-2 * time.Minute).Unix()}), "", []string{"expired"}, "", token.OursKind},
		"no expiry":                      {r.ours(map[string]any{"exp": nil}), "", []string{"no_expiry"}, "", token.OursKind},
		"expiry in milliseconds":         {r.ours(map[string]any{"exp": epoch.Add(5 * time.Minute).UnixMilli()}), "", []string{"no_expiry"}, "", token.OursKind},
		"expiry as text":                 {r.ours(map[string]any{"exp": "1767225600"}), "", []string{"no_expiry"}, "", token.OursKind},
		"from the future":                {r.ours(map[string]any{"iat": epoch.Add(2 * time.Minute).Unix()}), "", []string{"future"}, "", token.OursKind},
		"no subject":                     {r.ours(map[string]any{"sub": nil}), "", []string{"no_subject"}, "", token.OursKind},
		"lives two hours":                {r.ours(map[string]any{"exp": epoch.Add(2 * time.Hour).Unix()}), "", []string{"long"}, "auth.token_ttl", token.OursKind},
		"our key id, another's key":      {jws(oursHeader, claims(nil), p.eddsa), "", []string{"signature", "audience"}, "", token.OursKind},
		"a sign-in's":                    {rs(nil), "", []string{"provider_token"}, "", token.ProviderKind},
		"a sign-in's, another PowerSync": {rs(nil), "https://other.example", []string{"provider_token", "other_powersync"}, "", token.ProviderKind},
		"a sign-in's, another audience":  {rs(map[string]any{"aud": "x"}), "", []string{"provider_audience", "provider_token"}, "auth.providers.main.audience", token.ProviderKind},
		"a sign-in's, expired":           {rs(map[string]any{"exp": epoch.Add(-2 * time.Minute).Unix()}), "", []string{"expired", "provider_token"}, "", token.ProviderKind},
		"a sign-in's, other issuer":      {rs(map[string]any{"iss": "https://idp.example/"}), "", []string{"provider_issuer", "provider_token"}, "auth.providers.main.issuer", token.ProviderKind},
		"a slash more, and another key":  {jws(`{"alg":"RS256","kid":"gone"}`, claims(map[string]any{"iss": "https://idp.example/"}), p.rs256), "", []string{"provider_issuer", "kid_unknown", "provider_token"}, "auth.providers.main.issuer", token.ProviderKind},
		"a sign-in's, unknown key":       {jws(`{"alg":"RS256","kid":"gone"}`, claims(nil), p.rs256), "", []string{"kid_unknown", "provider_token"}, "auth.providers.main.jwks_uri", token.ProviderKind},
		"a sign-in's, no key id":         {jws(`{"alg":"RS256"}`, claims(nil), p.rs256), "", []string{"no_kid", "provider_token"}, "auth.providers.main.type", token.ProviderKind},
		"a sign-in's, without a user":    {rs(map[string]any{"sub": nil}), "", []string{"user_id", "provider_token"}, "auth.providers.main.user_id", token.ProviderKind},
		"a sign-in's, changed":           {jws(rsHeader, claims(nil), func([]byte) []byte { return make([]byte, 256) }), "", []string{"signature", "provider_token"}, "auth.providers.main", token.ProviderKind},
		"a shared secret's":              {legacy(map[string]any{}, sharedSecret), "", []string{"provider_token"}, "", token.ProviderKind},
		"another secret":                 {legacy(map[string]any{}, strings.Repeat("x", 32)), "", []string{"secret", "provider_token"}, "auth.providers.legacy.secret", token.ProviderKind},
		"not signed":                     {jws(`{"alg":"none"}`, claims(nil), func([]byte) []byte { return nil }), "", []string{"alg_none"}, "", token.StrangeKind},
		"nobody's":                       {jws(`{"alg":"RS256","kid":"x"}`, claims(map[string]any{"iss": "https://nobody"}), p.rs256), "", []string{"issuer_unknown"}, "auth.providers", token.StrangeKind},
		"PowerSync's own":                {jws(`{"alg":"RS256","kid":"powersync-dev-1"}`, claims(map[string]any{"iss": "https://dashboard"}), p.rs256), "", []string{"powersync_development"}, "auth.providers", token.StrangeKind},
		"an API token":                   {"tk_abc", "", []string{"api_token"}, "", token.NoToken},
		"a device secret":                {"anon_abc", "", []string{"device_secret"}, "", token.NoToken},
		"encrypted":                      {"a.b.c.d.e", "", []string{"encrypted"}, "", token.NoToken},
		"opaque":                         {"abcdef", "", []string{"not_a_jwt"}, "", token.NoToken},
		"half of one":                    {"eyJhbGciOiJIUzI1NiJ9.e30x.x", "", []string{"malformed"}, "", token.NoToken},
		"nothing":                        {" ", "", []string{"empty"}, "", token.NoToken},
	} {
		t.Run(name, func(t *testing.T) {
			d := r.Diagnose(t.Context(), c.token, c.url)
			var codes []string
			for _, f := range d.Findings {
				codes = append(codes, f.Code)
				if f.Message == "" || f.Fix == "" {
					t.Errorf("%+v says too little", f)
				}
			}
			if !slices.Equal(codes, c.codes) || d.Kind != c.kind {
				t.Errorf("%s: %v, want %s: %v\n%+v", d.Kind, codes, c.kind, c.codes, d)
			}
			if len(d.Findings) > 0 && d.Findings[0].Setting != c.setting {
				t.Errorf("setting %q, want %q", d.Findings[0].Setting, c.setting)
			}
			bare := strings.TrimSpace(strings.TrimPrefix(c.token, "Bearer "))
			_, err := r.Authenticate(t.Context(), "Bearer "+bare)
			wantSaid(t, "/upload", d.Upload, err)
			_, err = r.Exchange(t.Context(), token.Request{Authorization: "Bearer " + bare})
			wantSaid(t, "/token", d.Exchange, err)
			if out, _ := json.Marshal(d); len(bare) > 40 && strings.Contains(string(out), bare[len(bare)-40:]) {
				t.Error("the diagnosis holds the token's signature")
			}
		})
	}
}

func wantSaid(t *testing.T, door string, said token.Reception, err error) {
	t.Helper()
	want := token.Accepted
	if err != nil {
		want = token.Refused
	}
	if said != want {
		t.Errorf("of %s it is said %s; it answers %v", door, said, err)
	}
}

func TestTheDoctorKnowsABase64Secret(t *testing.T) {
	r := newRig(t, func(b *bundle.Bundle) {
		b.Secrets["HS"] = redact.New("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=") // sharedSecret
		b.Config.Auth.Providers = []bundle.Provider{{Name: "legacy", Type: bundle.ProviderSharedSecret, Issuer: "https://idp.example", Secret: bundle.SecretRef{Secret: "HS"}, UserID: "claims.sub"}}
	})
	d := r.Diagnose(t.Context(), jws(`{"alg":"HS256"}`, claims(nil), hs256([]byte(sharedSecret))), "")
	if d.Findings[0].Code != "secret_base64" {
		t.Errorf("%+v", d)
	}
}

func TestTheDoctorDoesNotBlameATokenForUnreachableKeys(t *testing.T) {
	p := newIDP(t)
	p.down.Store(true)
	r := newRig(t, withProvider(p, nil))
	tok := jws(rsHeader, claims(nil), p.rs256)
	d := r.Diagnose(t.Context(), tok, "")
	if d.Exchange != token.NotKnown || d.Upload != token.NotKnown || d.Findings[0].Code != "keys_unreachable" {
		t.Errorf("%+v", d)
	}
	if d := r.Diagnose(t.Context(), jws(rsHeader, claims(map[string]any{"iss": "https://idp.example/"}), p.rs256), ""); d.Exchange != token.Refused || d.Upload != token.Refused {
		t.Errorf("another issuer is refused, whatever the keys: %+v", d)
	}
	if _, err := r.Exchange(t.Context(), token.Request{Authorization: "Bearer " + tok}); !fault.IsKind(err, fault.Unavailable) {
		t.Errorf("/token: %v", err)
	}
}

func TestTheDoctorSeesARevokedKey(t *testing.T) {
	r := newRig(t, func(*bundle.Bundle) {})
	tok := r.ours(nil)
	r.bundle.SigningKeys[0].Revoked = true
	r.build()
	d := r.Diagnose(t.Context(), tok, "")
	if d.Upload != token.Refused || d.PowerSync != token.Refused || d.Findings[0].Code != "key_retired" {
		t.Errorf("%+v", d)
	}
}

// FuzzDiagnose: whatever is pasted, there is an answer, and what is no token is never accepted.
func FuzzDiagnose(f *testing.F) {
	for _, s := range []string{"", "a.b.c", "Bearer x", "tk_1", "eyJhbGciOiJub25lIn0.e30.", "eyJhbGciOiJFZERTQSIsImtpZCI6ImsxIn0.eyJhdWQiOlsxLG51bGxdLCJleHAiOjFlMzA4LCJpYXQiOi0xfQ.AAAA"} {
		f.Add(s, "https://ps.example/")
	}
	f.Fuzz(func(t *testing.T, text, url string) {
		r := newRig(t, func(*bundle.Bundle) {})
		d := r.Diagnose(t.Context(), text, url)
		if len(d.Findings) == 0 || d.Upload == token.Accepted || d.Exchange == token.Accepted {
			t.Errorf("%+v", d)
		}
		if _, err := json.Marshal(d); err != nil {
			t.Errorf("the diagnosis cannot be told: %v", err)
		}
	})
}

// What people paste is a token in quotes, or one that a terminal has broken: neither is the token's fault.
func TestTheDoctorReadsWhatWasPasted(t *testing.T) {
	r := newRig(t, func(*bundle.Bundle) {})
	tok := r.ours(nil)
	for text, codes := range map[string][]string{
		`"` + tok + `"`:                     nil,
		"Bearer " + tok + "\n":              nil,
		tok[:40] + "\n  " + tok[40:] + "\n": {"blanks"},
	} {
		d := r.Diagnose(t.Context(), text, "")
		var found []string
		for _, f := range d.Findings {
			found = append(found, f.Code)
		}
		if d.PowerSync != token.Accepted || d.Upload != token.Accepted || !slices.Equal(found, codes) {
			t.Errorf("%.20q: %+v", text, d)
		}
	}
}
