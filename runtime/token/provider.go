package token

import (
	"context"
	"strings"

	"turnkey/internal/fault"
	"turnkey/runtime/bundle"
	"turnkey/runtime/rule"
)

// provider is one configured provider, its key parsed and its expressions compiled.
type provider struct {
	bundle.Provider
	key    publicKey // public_key and shared_secret
	userID *rule.Claim
	match  map[string]*rule.Claim
	// needsEmail: the look-up goes by e-mail address, which counts only when verified.
	needsEmail bool
}

func compileProvider(p bundle.Provider, b *bundle.Bundle) (*provider, error) {
	out := &provider{Provider: p}
	var err error
	switch p.Type {
	case bundle.ProviderPublicKey:
		if out.key, err = parsePublicKey(p.PublicKey); err != nil {
			return nil, err
		}
	case bundle.ProviderSharedSecret:
		secret := b.Secrets[p.Secret.Secret].Reveal()
		if len(secret) < leastHS256 {
			return nil, fault.Newf(fault.Invalid, "provider_secret", "The shared secret %s of provider %s is shorter than 32 bytes.", p.Secret.Secret, p.Name).
				WithHint("Store a longer random secret under that name; HS256 is only as strong as its key.")
		}
		out.key = publicKey{[]byte(secret), []string{"HS256"}}
	}
	if p.UserID != "" {
		if out.userID, err = rule.CompileClaim(p.UserID); err != nil {
			return nil, err
		}
	}
	if p.Lookup != nil {
		out.match = make(map[string]*rule.Claim, len(p.Lookup.Match))
		for field, expr := range p.Lookup.Match {
			if out.match[field], err = rule.CompileClaim(expr); err != nil {
				return nil, err
			}
			out.needsEmail = out.needsEmail || strings.Contains(strings.ToLower(expr), "email")
		}
	}
	return out, nil
}

// signed reports whether the provider proves identities by JWT.
func (p *provider) signed() bool {
	return p.Type == bundle.ProviderJWKS || p.Type == bundle.ProviderPublicKey || p.Type == bundle.ProviderSharedSecret
}

// claims verifies a provider's token.
func (a *Authority) claims(ctx context.Context, p *provider, token string, h header) (map[string]any, error) {
	key := p.key
	if p.Type == bundle.ProviderJWKS {
		if h.Kid == "" {
			return nil, refused("token_key", "The token names no key.")
		}
		k, found, err := a.deps.Keys.find(ctx, p.JWKSURI, h.Kid)
		if err != nil {
			return nil, err
		}
		if !found {
			return nil, refused("token_key", "The token was signed by a key that its issuer does not publish.")
		}
		key = k
	}
	return a.verify(token, key, expectations{p.Issuer, p.Audience})
}

// fromProvider finds the provider whose issuer the token names, and verifies. Providers without an
// issuer are tried in their order.
func (a *Authority) fromProvider(ctx context.Context, token string, h header, issuer string, may func(*provider) bool) (*provider, map[string]any, error) {
	err := refused("token_issuer", "No configured provider issues this token.")
	for _, p := range a.providers {
		if !p.signed() || !may(p) || p.Issuer != "" && p.Issuer != issuer {
			continue
		}
		claims, failure := a.claims(ctx, p, token, h)
		if failure == nil {
			return p, claims, nil
		}
		err = failure
		if fault.IsKind(failure, fault.Unavailable) {
			break // not knowing is not a refusal, and no other provider may answer for this one
		}
	}
	return nil, nil, err
}
