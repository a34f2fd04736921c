package token_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"strings"
	"testing"
	"time"

	"turnkey/internal/fault"
	"turnkey/runtime/bundle"
	"turnkey/runtime/token"
)

const rsHeader = `{"alg":"RS256","kid":"rsa","typ":"JWT"}`

func TestGoodTokens(t *testing.T) {
	p := newIDP(t)
	r := newRig(t, withProvider(p, nil))
	for name, tok := range map[string]string{
		"RS256":                 jws(rsHeader, claims(nil), p.rs256),
		"ES256":                 jws(`{"alg":"ES256","kid":"ec"}`, claims(nil), p.es256),
		"EdDSA":                 jws(`{"alg":"EdDSA","kid":"ed","typ":"at+jwt"}`, claims(nil), p.eddsa),
		"several audiences":     jws(rsHeader, claims(map[string]any{"aud": []string{"other", "my-app"}}), p.rs256),
		"expired within a skew": jws(rsHeader, claims(map[string]any{"exp": epoch.Add(-30 * time.Second).Unix()}), p.rs256),
		"no iat":                jws(rsHeader, claims(map[string]any{"iat": nil}), p.rs256),
	} {
		t.Run(name, func(t *testing.T) {
			if id, err := r.user(tok); err != nil || id != "abc" {
				t.Errorf("got %q, %v", id, err)
			}
			if u, err := r.Authenticate(t.Context(), "Bearer "+tok); err != nil || u.ID != "abc" || u.Provider != "main" {
				t.Errorf("as it is: %+v, %v", u, err)
			}
		})
	}
	if n := p.fetches.Load(); n != 1 {
		t.Errorf("the key set was fetched %d times", n)
	}
}

func TestForgedTokens(t *testing.T) {
	p := newIDP(t)
	other := newIDP(t)
	pub, _ := x509.MarshalPKIXPublicKey(&p.rsa.PublicKey)
	pubPEM := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: pub})
	good := jws(rsHeader, claims(nil), p.rs256)
	parts := strings.Split(good, ".")
	nothing := func([]byte) []byte { return nil }
	set := func(k string, v any) string { return claims(map[string]any{k: v}) }
	withHeader := func(extra string) string { return jws(`{"alg":"RS256","kid":"rsa",`+extra+`}`, claims(nil), p.rs256) }

	forged := map[string]string{
		"alg none":              jws(`{"alg":"none","kid":"rsa"}`, claims(nil), nothing),
		"alg None":              jws(`{"alg":"None","kid":"rsa"}`, claims(nil), nothing),
		"alg none, signed":      jws(`{"alg":"none","kid":"rsa"}`, claims(nil), p.rs256),
		"no alg":                jws(`{"kid":"rsa"}`, claims(nil), p.rs256),
		"alg is a list":         jws(`{"alg":["RS256"],"kid":"rsa"}`, claims(nil), p.rs256),
		"HS256 with public PEM": jws(`{"alg":"HS256","kid":"rsa"}`, claims(nil), hs256(pubPEM)),
		"HS256 with public DER": jws(`{"alg":"HS256","kid":"rsa"}`, claims(nil), hs256(pub)),
		"HS256 with modulus":    jws(`{"alg":"HS256","kid":"rsa"}`, claims(nil), hs256(p.rsa.N.Bytes())),
		"HS256 with oct JWK":    jws(`{"alg":"HS256","kid":"oct"}`, claims(nil), hs256([]byte(sharedSecret))),
		"HS256 with empty key":  jws(`{"alg":"HS256","kid":"rsa"}`, claims(nil), hs256(nil)),
		"RS384 on an RS256 key": jws(`{"alg":"RS384","kid":"rsa"}`, claims(nil), p.rs256),
		"PS256 on an RS256 key": jws(`{"alg":"PS256","kid":"rsa"}`, claims(nil), p.rs256),
		"ES256 r=s=0":           jws(`{"alg":"ES256","kid":"ec"}`, claims(nil), func([]byte) []byte { return make([]byte, 64) }),
		"ES256 short":           jws(`{"alg":"ES256","kid":"ec"}`, claims(nil), func(b []byte) []byte { return p.es256(b)[:63] }),
		"EdDSA zero":            jws(`{"alg":"EdDSA","kid":"ed"}`, claims(nil), func([]byte) []byte { return make([]byte, 64) }),
		"another's key":         jws(rsHeader, claims(nil), other.rs256),
		"kid of another type":   jws(`{"alg":"RS256","kid":"ec"}`, claims(nil), p.rs256),
		"weak RSA key": jws(`{"alg":"RS256","kid":"small"}`, claims(nil), func(b []byte) []byte {
			s := sha256.Sum256(b)
			o, _ := rsa.SignPKCS1v15(rand.Reader, p.small, crypto.SHA256, s[:])
			return o
		}),
		"encryption key":      jws(`{"alg":"RS256","kid":"enc"}`, claims(nil), p.rs256),
		"no kid":              jws(`{"alg":"RS256"}`, claims(nil), p.rs256),
		"empty kid":           jws(`{"alg":"RS256","kid":""}`, claims(nil), p.rs256),
		"kid is a path":       jws(`{"alg":"RS256","kid":"../../rsa"}`, claims(nil), p.rs256),
		"kid is SQL":          jws(`{"alg":"RS256","kid":"' OR 1=1 --"}`, claims(nil), p.rs256),
		"kid has a NUL":       jws(`{"alg":"RS256","kid":"rsa\u0000"}`, claims(nil), p.rs256),
		"kid of 4 KB":         jws(`{"alg":"RS256","kid":"`+strings.Repeat("k", 4096)+`"}`, claims(nil), p.rs256),
		"kid is a number":     jws(`{"alg":"RS256","kid":1}`, claims(nil), p.rs256),
		"jku":                 withHeader(`"jku":"` + other.URL + `"`),
		"jwk":                 jws(`{"alg":"RS256","kid":"x","jwk":`+rsaJWK("x", "RS256", &other.rsa.PublicKey)+`}`, claims(nil), other.rs256),
		"x5u":                 withHeader(`"x5u":"https://evil.example"`),
		"x5c":                 withHeader(`"x5c":["AAAA"]`),
		"crit":                withHeader(`"crit":["exp"]`),
		"b64":                 withHeader(`"b64":false`),
		"zip":                 withHeader(`"zip":"DEF"`),
		"typ of another kind": withHeader(`"typ":"logout+jwt"`),
		"no exp":              jws(rsHeader, set("exp", nil), p.rs256),
		"exp is text":         jws(rsHeader, set("exp", "tomorrow"), p.rs256),
		"expired":             jws(rsHeader, set("exp", epoch.Add(-2*time.Minute).Unix()), p.rs256),
		"nbf in the future":   jws(rsHeader, set("nbf", epoch.Add(5*time.Minute).Unix()), p.rs256),
		"iat in the future":   jws(rsHeader, set("iat", epoch.Add(5*time.Minute).Unix()), p.rs256),
		"wrong aud":           jws(rsHeader, set("aud", "other-app"), p.rs256),
		"no aud":              jws(rsHeader, set("aud", nil), p.rs256),
		"empty aud":           jws(rsHeader, set("aud", []string{}), p.rs256),
		"aud as prefix":       jws(rsHeader, set("aud", "my-app2"), p.rs256),
		"wrong iss":           jws(rsHeader, set("iss", "https://evil.example"), p.rs256),
		"no iss":              jws(rsHeader, set("iss", nil), p.rs256),
		"iss with a slash":    jws(rsHeader, set("iss", "https://idp.example/"), p.rs256),
		"iss is a list":       jws(rsHeader, set("iss", []string{"https://idp.example"}), p.rs256),
		"no sub":              jws(rsHeader, set("sub", nil), p.rs256),
		"empty sub":           jws(rsHeader, set("sub", ""), p.rs256),
		"sub is an object":    jws(rsHeader, set("sub", map[string]any{"$ne": 1}), p.rs256),
		"changed claims":      parts[0] + "." + b64([]byte(set("sub", "admin"))) + "." + parts[2],
		"changed header":      b64([]byte(`{"alg":"RS256","kid":"rsa","typ":"jwt"}`)) + "." + parts[1] + "." + parts[2],
		"signature cut":       good[:len(good)-4],
		"no signature":        parts[0] + "." + parts[1] + ".",
		"two parts":           parts[0] + "." + parts[1],
		"four parts":          good + ".x",
		"five parts":          good + ".x.y",
		"padding":             good + "=",
		"claims are a list":   jws(rsHeader, `[]`, p.rs256),
		"claims are null":     jws(rsHeader, `null`, p.rs256),
		"claims not JSON":     jws(rsHeader, `{`, p.rs256),
		"trailing JSON":       jws(rsHeader, claims(nil)+`{}`, p.rs256),
		"too large":           jws(rsHeader, set("pad", strings.Repeat("x", 20_000)), p.rs256),
		"empty":               "",
		"not a token":         "hello",
	}
	if len(forged) < 40 {
		t.Fatalf("only %d forgeries", len(forged))
	}
	r := newRig(t, withProvider(p, nil))
	for name, tok := range forged {
		t.Run(name, func(t *testing.T) {
			if a, err := r.Exchange(t.Context(), token.Request{Authorization: "Bearer " + tok}); err == nil || !fault.IsKind(err, fault.Unauthenticated) {
				t.Errorf("/token: %+v, %v", a, err)
			}
			if u, err := r.Authenticate(t.Context(), "Bearer "+tok); err == nil || !fault.IsKind(err, fault.Unauthenticated) {
				t.Errorf("/upload: %+v, %v", u, err)
			}
		})
	}
	for _, header := range []string{"", "Basic abc", good, "Bearer", "Bearer ", "Negotiate " + good} {
		if _, err := r.Authenticate(t.Context(), header); !fault.IsKind(err, fault.Unauthenticated) {
			t.Errorf("%.20q: %v", header, err)
		}
	}
}

func FuzzAuthenticate(f *testing.F) {
	key, _ := token.GenerateKey("k1", bundle.EdDSA, epoch.Add(-time.Hour), epoch.Add(-time.Hour), rand.Reader)
	a, err := token.New(&bundle.Bundle{SigningKeys: []bundle.SigningKey{key}, Config: bundle.Config{Auth: bundle.Auth{Audiences: []string{"x"}}}},
		token.Deps{Now: func() time.Time { return epoch }})
	if err != nil {
		f.Fatal(err)
	}
	f.Add("Bearer a.b.c")
	f.Add("Bearer " + jws(`{"alg":"EdDSA","kid":"k1"}`, claims(nil), func([]byte) []byte { return make([]byte, 64) }))
	f.Fuzz(func(t *testing.T, header string) {
		if u, err := a.Authenticate(t.Context(), header); err == nil || !fault.IsKind(err, fault.Unauthenticated) {
			t.Fatalf("%q: %+v %v", header, u, err)
		}
	})
}
