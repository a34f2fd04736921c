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
	// needsEmail: the user is known by e-mail address, which counts only when verified.
	needsEmail bool
}

func compileProvider(p bundle.Provider, b *bundle.Bundle) (*provider, error) {
	out := &provider{Provider: p}
	var err error
	switch p.Type {
	case bundle.ProviderJWKS: // whoever has an account anywhere at a provider has a token of its keys
		if p.Issuer == "" || len(p.Audience) == 0 || p.JWKSURI == "" {
			return nil, fault.Newf(fault.Invalid, "provider_incomplete", "The provider %s lacks issuer, audience or jwks_uri.", p.Name).
				WithHint("Set all three under auth.providers.")
		}
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
	if out.signed() && (p.UserID == "") == (p.Lookup == nil) {
		return nil, fault.Newf(fault.Invalid, "provider_incomplete", "The provider %s needs either a user_id expression or a look-up.", p.Name)
	}
	if p.UserID != "" {
		if out.userID, err = rule.CompileClaim(p.UserID); err != nil {
			return nil, err
		}
		// An expression that looks at email_verified itself is taken at its word.
		out.needsEmail = mentionsMail(p.UserID) && !strings.Contains(p.UserID, "email_verified")
	}
	if p.Lookup != nil {
		out.match = make(map[string]*rule.Claim, len(p.Lookup.Match))
		for field, expr := range p.Lookup.Match {
			if out.match[field], err = rule.CompileClaim(expr); err != nil {
				return nil, err
			}
			out.needsEmail = out.needsEmail || mentionsMail(expr) || mentionsMail(field)
		}
	}
	return out, nil
}

func mentionsMail(text string) bool { return strings.Contains(strings.ToLower(text), "mail") }

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
