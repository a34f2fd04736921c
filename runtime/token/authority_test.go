package token_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"turnkey/internal/dial"
	"turnkey/internal/fault"
	"turnkey/internal/redact"
	"turnkey/runtime/bundle"
	"turnkey/runtime/token"
	"turnkey/runtime/value"
)

var epoch = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

const sharedSecret = "0123456789abcdef0123456789abcdef"

// idp is an identity provider: a key pair of each kind and a real JWKS over HTTP.
type idp struct {
	*httptest.Server
	rsa     *rsa.PrivateKey
	ec      *ecdsa.PrivateKey
	ed      ed25519.PrivateKey
	small   *rsa.PrivateKey
	fetches atomic.Int32
	down    atomic.Bool
	extra   atomic.Value                  // more JWKs, as text
	hold    atomic.Pointer[chan struct{}] // answers wait for it, when set
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func newIDP(t *testing.T) *idp {
	t.Helper()
	p := &idp{}
	var err error
	if p.rsa, err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
		t.Fatal(err)
	}
	if p.ec, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		t.Fatal(err)
	}
	_, p.ed, _ = ed25519.GenerateKey(rand.Reader)
	p.small, _ = rsa.GenerateKey(rand.Reader, 1024)
	p.extra.Store("")
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		p.fetches.Add(1)
		if hold := p.hold.Load(); hold != nil {
			<-*hold
		}
		if p.down.Load() {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		fmt.Fprintf(w, `{"keys":[%s,%s,{"kty":"EC","crv":"P-256","kid":"ec","alg":"ES256","x":%q,"y":%q},{"kty":"OKP","crv":"Ed25519","kid":"ed","x":%q},
			{"kty":"oct","kid":"oct","k":%q},{"kty":"RSA","kid":"enc","use":"enc","n":%q,"e":"AQAB"},{"kty":"RSA","n":%q,"e":"AQAB"}%s]}`,
			rsaJWK("rsa", "RS256", &p.rsa.PublicKey), rsaJWK("small", "", &p.small.PublicKey),
			b64(p.ec.X.FillBytes(make([]byte, 32))), b64(p.ec.Y.FillBytes(make([]byte, 32))), b64(p.ed.Public().(ed25519.PublicKey)),
			b64([]byte(sharedSecret)), b64(p.rsa.N.Bytes()), b64(p.rsa.N.Bytes()), p.extra.Load())
	}))
	t.Cleanup(p.Close)
	return p
}

func rsaJWK(kid, alg string, k *rsa.PublicKey) string {
	return fmt.Sprintf(`{"kty":"RSA","use":"sig","kid":%q,"alg":%q,"n":%q,"e":%q}`, kid, alg, b64(k.N.Bytes()), b64(big.NewInt(int64(k.E)).Bytes()))
}

// jws signs by hand, so that tests can make what no library would.
func jws(header, claims string, sign func(input []byte) []byte) string {
	input := b64([]byte(header)) + "." + b64([]byte(claims))
	return input + "." + b64(sign([]byte(input)))
}

func (p *idp) rs256(input []byte) []byte {
	sum := sha256.Sum256(input)
	out, err := rsa.SignPKCS1v15(rand.Reader, p.rsa, crypto.SHA256, sum[:])
	if err != nil {
		panic(err)
	}
	return out
}

func (p *idp) es256(input []byte) []byte {
	sum := sha256.Sum256(input)
	r, s, err := ecdsa.Sign(rand.Reader, p.ec, sum[:])
	if err != nil {
		panic(err)
	}
	return append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
}

func (p *idp) eddsa(input []byte) []byte { return ed25519.Sign(p.ed, input) }

func hs256(key []byte) func([]byte) []byte {
	return func(input []byte) []byte {
		m := hmac.New(sha256.New, key)
		m.Write(input)
		return m.Sum(nil)
	}
}

// claims builds a good provider's claims with changes: nil removes.
func claims(change map[string]any) string {
	c := map[string]any{"iss": "https://idp.example", "aud": "my-app", "sub": "abc", "iat": epoch.Unix(), "exp": epoch.Add(time.Hour).Unix(),
		"email": "a@example.com", "email_verified": true, "role": "admin"}
	for k, v := range change {
		if v == nil {
			delete(c, k)
		} else {
			c[k] = v
		}
	}
	out, err := json.Marshal(c)
	if err != nil {
		panic(err)
	}
	return string(out)
}

// rig is an authority with its clock.
type rig struct {
	*token.Authority
	t      *testing.T
	bundle *bundle.Bundle
	now    time.Time
	keys   *token.KeySets
	users  map[string]string // e-mail -> id, for look-ups
	down   bool
}

func newRig(t *testing.T, change func(b *bundle.Bundle)) *rig {
	t.Helper()
	r := &rig{t: t, now: epoch, users: map[string]string{"a@example.com": "old-7"}}
	r.keys = token.NewKeySets(dial.New(dial.Options{AllowPrivate: true}).HTTPClient(dial.HTTPOptions{Timeout: 5 * time.Second, MaxBody: 256 << 10, AllowHTTP: true}), r.clock)
	t.Cleanup(r.keys.Close)
	key, err := token.GenerateKey("k1", bundle.EdDSA, epoch.Add(-time.Hour), epoch.Add(-50*time.Minute), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	r.bundle = &bundle.Bundle{
		Instance: bundle.Instance{ID: "ins_1", Kind: bundle.Development}, Deployment: 1,
		Secrets:     map[string]redact.Secret{"HS": redact.New(sharedSecret)},
		SigningKeys: []bundle.SigningKey{key},
		Config: bundle.Config{Auth: bundle.Auth{
			PowerSyncURL: "https://ps.example", Audiences: []string{"https://ps.example"}, Algorithm: bundle.EdDSA, TokenTTL: 5 * time.Minute,
		}},
	}
	change(r.bundle)
	r.build()
	return r
}

func (r *rig) clock() time.Time { return r.now }

func (r *rig) build() {
	r.t.Helper()
	a, err := token.New(r.bundle, token.Deps{
		Keys: r.keys, Now: r.clock,
		NewSecret: func() (b [32]byte) { _, _ = rand.Read(b[:]); return b },
		Lookup: func(_ context.Context, collection string, match map[string]value.Value, take string) (value.Value, bool, error) {
			if r.down {
				return nil, false, errors.New("source is down")
			}
			id, ok := r.users[fmt.Sprint(match["email"])]
			return id, ok && collection == "users" && take == "app_user_id", nil
		},
	})
	if err != nil {
		r.t.Fatal(err)
	}
	r.Authority = a
}

func withProvider(p *idp, change func(*bundle.Provider)) func(*bundle.Bundle) {
	return func(b *bundle.Bundle) {
		c := bundle.Provider{Name: "main", Type: bundle.ProviderJWKS, Issuer: "https://idp.example", Audience: []string{"my-app"}, JWKSURI: p.URL, UserID: "claims.sub", Upload: true}
		if change != nil {
			change(&c)
		}
		b.Config.Auth.Providers = append(b.Config.Auth.Providers, c)
	}
}

// user exchanges a provider's token and checks that the upload route sees the same user.
func (r *rig) user(provider string) (string, error) {
	r.t.Helper()
	a, err := r.Exchange(r.t.Context(), token.Request{Authorization: "Bearer " + provider})
	if err != nil {
		return "", err
	}
	for _, credential := range []string{"Bearer " + a.Token, "Token " + a.Token} {
		u, err := r.Authenticate(r.t.Context(), credential)
		if err != nil || u.ID != a.UserID {
			r.t.Errorf("/token says %s, /upload says %s (%v)", a.UserID, u.ID, err)
		}
	}
	return a.UserID, nil
}

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

func TestTokensOfAnotherInstanceAreRefused(t *testing.T) {
	p := newIDP(t)
	a, b := newRig(t, withProvider(p, nil)), newRig(t, withProvider(p, nil)) // same kid, other keys
	minted, err := a.Exchange(t.Context(), token.Request{Authorization: "Bearer " + jws(rsHeader, claims(nil), p.rs256)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Authenticate(t.Context(), "Bearer "+minted.Token); !fault.IsKind(err, fault.Unauthenticated) {
		t.Errorf("another instance accepted it: %v", err)
	}
	if _, err := a.Exchange(t.Context(), token.Request{Authorization: "Bearer " + minted.Token}); !fault.IsKind(err, fault.Unauthenticated) {
		t.Errorf("a minted token is no identity: %v", err)
	}
}

func TestProviderTokensUploadOnlyWhereAllowed(t *testing.T) {
	p := newIDP(t)
	r := newRig(t, withProvider(p, func(c *bundle.Provider) { c.Upload = false }))
	tok := jws(rsHeader, claims(nil), p.rs256)
	if _, err := r.user(tok); err != nil {
		t.Errorf("the exchange must work: %v", err)
	}
	if _, err := r.Authenticate(t.Context(), "Bearer "+tok); !fault.IsKind(err, fault.Unauthenticated) {
		t.Errorf("accepted as an upload credential: %v", err)
	}
}

func TestKeysUnreachableIsNeverARefusal(t *testing.T) {
	p := newIDP(t)
	p.down.Store(true)
	r := newRig(t, withProvider(p, nil))
	tok := jws(rsHeader, claims(nil), p.rs256)
	for range 20 {
		if _, err := r.Authenticate(t.Context(), "Bearer "+tok); !fault.IsKind(err, fault.Unavailable) {
			t.Fatalf("got %v", err)
		}
	}
	if n := p.fetches.Load(); n != 1 {
		t.Errorf("a provider that is down was asked %d times", n)
	}
	p.down.Store(false)
	r.now = r.now.Add(11 * time.Second)
	if _, err := r.Authenticate(t.Context(), "Bearer "+tok); err != nil {
		t.Errorf("not after recovery: %v", err)
	}
	p.down.Store(true) // the last good set serves on
	r.now = r.now.Add(20 * time.Minute)
	if _, err := r.Authenticate(t.Context(), "Bearer "+tok); err != nil {
		t.Errorf("the last good set was forgotten: %v", err)
	}
}

func TestAnUnknownKeyIsNoRefusalWhileKeysCannotBeFetched(t *testing.T) {
	p := newIDP(t)
	r := newRig(t, withProvider(p, nil))
	if _, err := r.Authenticate(t.Context(), "Bearer "+jws(rsHeader, claims(nil), p.rs256)); err != nil {
		t.Fatal(err)
	}
	p.down.Store(true) // the provider rotated, and then went away
	tok := jws(`{"alg":"RS256","kid":"fresh"}`, claims(nil), p.rs256)
	for range 3 {
		if _, err := r.Authenticate(t.Context(), "Bearer "+tok); !fault.IsKind(err, fault.Unavailable) {
			t.Errorf("nobody knows whether the key is good: %v", err)
		}
	}
	p.extra.Store("," + rsaJWK("fresh", "RS256", &p.rsa.PublicKey))
	p.down.Store(false)
	r.now = r.now.Add(11 * time.Second)
	if _, err := r.Authenticate(t.Context(), "Bearer "+tok); err != nil {
		t.Errorf("after recovery: %v", err)
	}
}

func TestOldKeysAreRefreshedBehindTheRequest(t *testing.T) {
	p := newIDP(t)
	r := newRig(t, withProvider(p, nil))
	good := "Bearer " + jws(rsHeader, claims(nil), p.rs256)
	if _, err := r.Authenticate(t.Context(), good); err != nil {
		t.Fatal(err)
	}
	hold := make(chan struct{})
	p.hold.Store(&hold)
	r.now = r.now.Add(6 * time.Minute)
	for range 5 { // each would wait for the provider's 5 s, if it waited
		if _, err := r.Authenticate(t.Context(), good); err != nil {
			t.Error(err)
		}
	}
	close(hold)
	r.keys.Close()
	if n := p.fetches.Load(); n > 2 {
		t.Errorf("%d fetches: the refresh is one, whoever asks", n)
	}
	if _, err := r.Authenticate(t.Context(), good); err != nil {
		t.Errorf("known keys must outlive Close: %v", err)
	}
}

func TestABundleThatCannotBeServedSafelyIsRefused(t *testing.T) {
	key, err := token.GenerateKey("k1", bundle.EdDSA, epoch, epoch, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	whole := bundle.Provider{Name: "a", Type: bundle.ProviderJWKS, Issuer: "i", Audience: []string{"x"}, JWKSURI: "https://i", UserID: "claims.sub"}
	for name, change := range map[string]func(k *bundle.SigningKey, p *bundle.Provider){
		"":                      func(*bundle.SigningKey, *bundle.Provider) {},
		"no issuer":             func(_ *bundle.SigningKey, p *bundle.Provider) { p.Issuer = "" },
		"no audience":           func(_ *bundle.SigningKey, p *bundle.Provider) { p.Audience = nil },
		"no jwks_uri":           func(_ *bundle.SigningKey, p *bundle.Provider) { p.JWKSURI = "" },
		"no user id":            func(_ *bundle.SigningKey, p *bundle.Provider) { p.UserID = "" },
		"two ways to a user id": func(_ *bundle.SigningKey, p *bundle.Provider) { p.Lookup = &bundle.Lookup{} },
		"kid with a quote":      func(k *bundle.SigningKey, _ *bundle.Provider) { k.ID = `k"1` },
		"kid with a control":    func(k *bundle.SigningKey, _ *bundle.Provider) { k.ID = "k\x01" },
		"no kid":                func(k *bundle.SigningKey, _ *bundle.Provider) { k.ID = "" },
		"not a key":             func(k *bundle.SigningKey, _ *bundle.Provider) { k.Private = redact.New("x") },
		"another algorithm":     func(k *bundle.SigningKey, _ *bundle.Provider) { k.Algorithm = bundle.RS256 },
	} {
		k, p := key, whole
		change(&k, &p)
		_, err := token.New(&bundle.Bundle{SigningKeys: []bundle.SigningKey{k}, Config: bundle.Config{Auth: bundle.Auth{Audiences: []string{"x"}, Providers: []bundle.Provider{p}}}}, token.Deps{})
		if (name == "") != (err == nil) {
			t.Errorf("%q: %v", name, err)
		}
	}
}

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

func TestAnUnknownKeyIsLookedForButNotForEver(t *testing.T) {
	p := newIDP(t)
	r := newRig(t, withProvider(p, nil))
	for i := range 200 {
		tok := jws(fmt.Sprintf(`{"alg":"RS256","kid":"random-%d"}`, i), claims(nil), p.rs256)
		if _, err := r.Authenticate(t.Context(), "Bearer "+tok); !fault.IsKind(err, fault.Unauthenticated) {
			t.Fatal(err)
		}
	}
	if n := p.fetches.Load(); n > 5 { // four at once, then one each ten seconds: ten in any minute
		t.Errorf("200 random kids made us fetch %d times", n)
	}
	r.now = r.now.Add(time.Minute)
	p.extra.Store("," + rsaJWK("fresh", "RS256", &p.rsa.PublicKey))
	if _, err := r.Authenticate(t.Context(), "Bearer "+jws(`{"alg":"RS256","kid":"fresh"}`, claims(nil), p.rs256)); err != nil {
		t.Errorf("a provider's rotation was not noticed: %v", err)
	}
}

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

func TestAPIKeys(t *testing.T) {
	const key = "tkk_0123456789abcdef"
	sum := sha256.Sum256([]byte(key))
	r := newRig(t, func(b *bundle.Bundle) {
		b.Config.Auth.Providers = []bundle.Provider{{Name: "server", Type: bundle.ProviderAPIKey}}
		b.APIKeys = []bundle.APIKey{{ID: "key_1", Hash: sum[:], ExpiresAt: epoch.Add(time.Hour)}}
	})
	ask := func(credential, user string, claims map[string]any) (*token.Answer, error) {
		return r.Exchange(t.Context(), token.Request{Authorization: "Bearer " + credential, UserID: user, Claims: claims})
	}
	a, err := ask(key, "u1", map[string]any{"role": "x", "sub": "admin", "exp": 1, "aud": "evil", "development": true, "parameters": "text"})
	if err != nil {
		t.Fatal(err)
	}
	got := payload(t, a.Token)
	if got["sub"] != "u1" || got["role"] != "x" || got["aud"] != "https://ps.example" || got["exp"] != float64(epoch.Add(5*time.Minute).Unix()) || got["development"] != nil || got["parameters"] != nil {
		t.Errorf("reserved claims were overridden: %v", got)
	}
	if _, err := r.Authenticate(t.Context(), "Bearer "+key); !fault.IsKind(err, fault.Unauthenticated) {
		t.Errorf("an API key is never an upload credential: %v", err)
	}
	for name, wrong := range map[string]string{"prefix": key[:len(key)-1], "longer": key + "0", "other": "tkk_x"} {
		if _, err := ask(wrong, "u1", nil); !fault.IsKind(err, fault.Unauthenticated) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := ask(key, "", nil); !fault.Is(err, "user_id_required") {
		t.Errorf("no user: %v", err)
	}
	for name, big := range map[string]map[string]any{
		"large": {"pad": strings.Repeat("x", 5000)},
		"deep":  {"a": map[string]any{"b": map[string]any{"c": map[string]any{"d": map[string]any{"e": map[string]any{"f": map[string]any{"g": 1}}}}}}},
	} {
		if _, err := ask(key, "u1", big); !fault.Is(err, "claims_too_large") {
			t.Errorf("%s claims: %v", name, err)
		}
	}
	r.now = r.now.Add(2 * time.Hour)
	if _, err := ask(key, "u1", nil); !fault.IsKind(err, fault.Unauthenticated) {
		t.Errorf("expired: %v", err)
	}
}

func TestAnonymousUsersAreWhoHoldsTheSecret(t *testing.T) {
	r := newRig(t, func(b *bundle.Bundle) {
		b.Config.Auth.Providers = []bundle.Provider{{Name: "guest", Type: bundle.ProviderAnonymous, UserIDPrefix: "guest|"}}
	})
	first, err := r.Exchange(t.Context(), token.Request{})
	if err != nil || !strings.HasPrefix(first.UserID, "guest|") || first.DeviceSecret == "" {
		t.Fatalf("%+v %v", first, err)
	}
	again, err := r.Exchange(t.Context(), token.Request{DeviceSecret: first.DeviceSecret})
	if err != nil || again.UserID != first.UserID {
		t.Errorf("the same secret is the same user: %+v %v", again, err)
	}
	other, err := r.Exchange(t.Context(), token.Request{})
	if err != nil || other.UserID == first.UserID {
		t.Errorf("two devices are one user: %v", err)
	}
	for _, bad := range []string{"x", "anon_", "anon_AAAA", first.DeviceSecret[:len(first.DeviceSecret)-1], first.DeviceSecret + "A", first.UserID} {
		if _, err := r.Exchange(t.Context(), token.Request{DeviceSecret: bad}); !fault.IsKind(err, fault.Unauthenticated) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	r.bundle.Instance.ID = "ins_2"
	r.build()
	if there, err := r.Exchange(t.Context(), token.Request{DeviceSecret: first.DeviceSecret}); err != nil || there.UserID == first.UserID {
		t.Errorf("another instance knows the user: %v", err)
	}
	if _, err := r.Authenticate(t.Context(), "Bearer "+first.DeviceSecret); err == nil {
		t.Error("a device secret is no upload credential")
	}
}

func TestDevelopmentTokens(t *testing.T) {
	r := newRig(t, func(b *bundle.Bundle) { b.Config.Auth.DevelopmentTokens = true })
	a, err := r.Exchange(t.Context(), token.Request{UserID: "u9"})
	if err != nil || !a.Development || a.Warning == "" || payload(t, a.Token)["development"] != true {
		t.Fatalf("token and answer must say so: %+v %v", a, err)
	}
	if _, err := r.Authenticate(t.Context(), "Bearer "+a.Token); err != nil {
		t.Error(err)
	}
	for name, change := range map[string]func(){
		"switched off": func() { r.bundle.Config.Auth.DevelopmentTokens = false },
		"production":   func() { r.bundle.Config.Auth.DevelopmentTokens, r.bundle.Instance.Kind = true, bundle.Production },
	} {
		change()
		r.build()
		if _, err := r.Exchange(t.Context(), token.Request{UserID: "u9"}); !fault.IsKind(err, fault.Unauthenticated) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := r.Authenticate(t.Context(), "Bearer "+a.Token); !fault.IsKind(err, fault.Unauthenticated) {
			t.Errorf("%s: the old development token still works: %v", name, err)
		}
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

func part(t *testing.T, tok string, i int, into any) {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(strings.Split(tok, ".")[i])
	if err != nil || json.Unmarshal(raw, into) != nil {
		t.Fatalf("part %d of %s: %v", i, tok, err)
	}
}

func payload(t *testing.T, tok string) map[string]any {
	t.Helper()
	var c map[string]any
	part(t, tok, 1, &c)
	return c
}

// verifiesByHand checks a token against the published JWKS with the standard library alone.
func verifiesByHand(t *testing.T, tok string, a *token.Authority) bool {
	t.Helper()
	var h struct{ Kid, Alg string }
	part(t, tok, 0, &h)
	body, _ := a.JWKS()
	var set struct {
		Keys []struct{ Kid, Kty, X, N, E string }
	}
	if err := json.Unmarshal(body, &set); err != nil {
		t.Fatal(err)
	}
	i := strings.LastIndex(tok, ".")
	sig, _ := base64.RawURLEncoding.DecodeString(tok[i+1:])
	un := func(s string) []byte { b, _ := base64.RawURLEncoding.DecodeString(s); return b }
	for _, k := range set.Keys {
		if k.Kid != h.Kid {
			continue
		}
		if k.Kty == "OKP" {
			return ed25519.Verify(un(k.X), []byte(tok[:i]), sig)
		}
		sum := sha256.Sum256([]byte(tok[:i]))
		pub := &rsa.PublicKey{N: new(big.Int).SetBytes(un(k.N)), E: int(new(big.Int).SetBytes(un(k.E)).Int64())}
		return rsa.VerifyPKCS1v15(pub, crypto.SHA256, sum[:], sig) == nil
	}
	return false
}

func BenchmarkExchange(b *testing.B) {
	key, _ := token.GenerateKey("k1", bundle.EdDSA, epoch.Add(-time.Hour), epoch.Add(-time.Hour), rand.Reader)
	a, err := token.New(&bundle.Bundle{
		Secrets: map[string]redact.Secret{"HS": redact.New(sharedSecret)}, SigningKeys: []bundle.SigningKey{key},
		Config: bundle.Config{Auth: bundle.Auth{Audiences: []string{"x"}, TokenTTL: time.Minute, Providers: []bundle.Provider{
			{Name: "hs", Type: bundle.ProviderSharedSecret, Secret: bundle.SecretRef{Secret: "HS"}, UserID: "claims.sub"}}}},
	}, token.Deps{Now: func() time.Time { return epoch }})
	if err != nil {
		b.Fatal(err)
	}
	q := token.Request{Authorization: "Bearer " + jws(`{"alg":"HS256"}`, claims(nil), hs256([]byte(sharedSecret)))}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := a.Exchange(b.Context(), q); err != nil {
			b.Fatal(err)
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
