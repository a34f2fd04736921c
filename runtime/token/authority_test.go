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
	"encoding/base64"
	"encoding/json"
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

	resolve token.Resolve
}

func newRig(t *testing.T, change func(b *bundle.Bundle)) *rig {
	t.Helper()
	r := &rig{t: t, now: epoch, users: map[string]string{"a@example.com": "old-7"}}
	r.keys = token.NewKeySets(dial.New(dial.Options{AllowPrivate: true}).HTTPClient(dial.HTTPOptions{Timeout: time.Minute, MaxBody: 256 << 10, AllowHTTP: true}), r.clock)
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
		Keys: r.keys, Now: r.clock, Resolve: r.resolve,
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
