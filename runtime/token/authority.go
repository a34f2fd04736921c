package token

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"sync"
	"time"

	"turnkey/internal/fault"
	"turnkey/runtime/bundle"
	"turnkey/runtime/rule"
	"turnkey/runtime/value"
)

// Deps are what an authority needs besides its bundle.
type Deps struct {
	Keys *KeySets
	// Lookup finds a user's id in the source; see source.Source.
	Lookup func(ctx context.Context, collection string, match map[string]value.Value, take string) (value.Value, bool, error)
	// Resolve asks the instance's own code who a provider's token is for; nil: there is none.
	Resolve Resolve
	Now     func() time.Time
	// NewSecret makes a device secret's random part: 32 bytes.
	NewSecret func() [32]byte
}

// Authority is one instance's tokens under one bundle. Safe for concurrent use.
type Authority struct {
	instance  bundle.Instance
	config    bundle.Auth
	keys      []signer
	providers []*provider
	mapped    map[string]*rule.Claim
	apiKeys   []bundle.APIKey
	deps      Deps

	mu        sync.Mutex
	verified  map[[sha256.Size]byte]verified
	decisions map[[sha256.Size]byte]decision // by Resolve, of providers' tokens
}

// verified remembers a token that Authenticate has accepted, until it expires or the bundle changes.
type verified struct {
	user    rule.User
	expires time.Time
	key     int // index of our key
}

// mostVerified bounds that memory, and that of decisions; when one is full it starts over.
const mostVerified = 4096

// New compiles a bundle's keys, providers and expressions.
func New(b *bundle.Bundle, deps Deps) (*Authority, error) {
	a := &Authority{instance: b.Instance, config: b.Config.Auth, apiKeys: b.APIKeys, deps: deps, verified: map[[sha256.Size]byte]verified{}, decisions: map[[sha256.Size]byte]decision{}}
	for _, k := range b.SigningKeys {
		s, err := parseSigner(k)
		if err != nil {
			return nil, err
		}
		a.keys = append(a.keys, s)
	}
	for _, p := range b.Config.Auth.Providers {
		compiled, err := compileProvider(p, b)
		if err != nil {
			return nil, err
		}
		a.providers = append(a.providers, compiled)
	}
	a.mapped = make(map[string]*rule.Claim, len(b.Config.Auth.Claims))
	for name, expr := range b.Config.Auth.Claims {
		compiled, err := rule.CompileClaim(expr)
		if err != nil {
			return nil, err
		}
		a.mapped[name] = compiled
	}
	return a, nil
}

// JWKS is the key set document and its entity tag.
func (a *Authority) JWKS() (body []byte, etag string) {
	now := a.deps.Now()
	var keys [][]byte
	for i := range a.keys {
		if a.keys[i].published(now) {
			keys = append(keys, a.keys[i].jwk)
		}
	}
	body = append(append([]byte(`{"keys":[`), bytes.Join(keys, []byte(","))...), `]}`...)
	sum := sha256.Sum256(body)
	return body, `"` + hex.EncodeToString(sum[:8]) + `"`
}

// Authenticate verifies an upload's credential: a token minted here, or a provider's own where it is
// configured for uploads. API keys and device secrets never are. Errors are faults: Unauthenticated,
// or Unavailable when keys or the source cannot be asked.
func (a *Authority) Authenticate(ctx context.Context, authorization string) (rule.User, error) {
	token, err := bearer(authorization)
	if err != nil {
		return rule.User{}, err
	}
	sum := sha256.Sum256([]byte(token))
	if user, ok := a.remembered(sum); ok {
		return user, nil
	}
	h, issuer, err := peek(token)
	if err != nil {
		return rule.User{}, err
	}
	if i := a.own(h.Kid); i >= 0 {
		return a.authenticateOwn(token, sum, i)
	}
	p, claims, err := a.fromProvider(ctx, token, h, issuer, func(p *provider) bool { return p.Upload })
	if err != nil {
		return rule.User{}, err
	}
	return a.identifyAgain(ctx, token, p, claims)
}

func (a *Authority) authenticateOwn(token string, sum [sha256.Size]byte, i int) (rule.User, error) {
	claims, err := a.verify(token, a.keys[i].verifier(), expectations{audiences: a.config.Audiences})
	if err != nil {
		return rule.User{}, err
	}
	sub, _ := claims["sub"].(string)
	if sub == "" {
		return rule.User{}, refused("token_claims", "The token has no subject.")
	}
	if development, _ := claims[claimDevelopment].(bool); development && !a.development() {
		return rule.User{}, refused("token_refused", "Development tokens are switched off.")
	}
	name, _ := claims[claimProvider].(string)
	user := rule.User{ID: sub, Claims: claims, Provider: name}
	if at, err := number(claims["exp"]); err == nil {
		a.remember(sum, verified{user, time.Unix(at, 0), i})
	}
	return user, nil
}

// own finds the published key of ours with that id; -1: none.
func (a *Authority) own(kid string) int {
	now := a.deps.Now()
	for i := range a.keys {
		if a.keys[i].ID == kid && a.keys[i].published(now) {
			return i
		}
	}
	return -1
}

func (a *Authority) remembered(sum [sha256.Size]byte) (rule.User, bool) {
	now := a.deps.Now()
	a.mu.Lock()
	defer a.mu.Unlock()
	v, ok := a.verified[sum]
	if !ok || !now.Before(v.expires) || !a.keys[v.key].published(now) {
		return rule.User{}, false
	}
	return v.user, true
}

func (a *Authority) remember(sum [sha256.Size]byte, v verified) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.verified) >= mostVerified {
		clear(a.verified)
	}
	a.verified[sum] = v
}

// development reports whether development tokens are minted and accepted.
func (a *Authority) development() bool {
	return a.config.DevelopmentTokens && a.instance.Kind == bundle.Development
}

func notConfigured(what, hint string) error {
	return fault.New(fault.Unauthenticated, "not_configured", what).WithHint(hint)
}
