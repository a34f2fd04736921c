package config

import (
	"fmt"
	"net/url"
	"strings"
	"time"

	"turnkey/internal/fault"
	"turnkey/runtime/bundle"
	"turnkey/runtime/rule"
)

// auth reads who may ask for tokens and what the tokens carry.
func (r *reader) auth(n *node, path string) {
	a := &r.cfg.Auth
	a.Algorithm, a.TokenTTL, a.Claims = bundle.EdDSA, 5*time.Minute, map[string]string{}
	ok := r.object(n, path, members{
		"powersync_url":      func(n *node, path string) { a.PowerSyncURL = r.webURL(n, path) },
		"audiences":          func(n *node, path string) { a.Audiences = r.texts(n, path) },
		"algorithm":          func(n *node, path string) { a.Algorithm = bundle.Algorithm(r.choice(n, path, "EdDSA", "RS256")) },
		"token_ttl":          func(n *node, path string) { a.TokenTTL = r.duration(n, path, 30*time.Second, 24*time.Hour) },
		"development_tokens": r.developmentTokens,
		"claims":             r.claims,
		"providers": func(n *node, path string) {
			for i, e := range r.list(n, path) {
				r.provider(e, fmt.Sprintf("%s[%d]", path, i))
			}
			r.prefixes(path)
		},
	})
	if !ok {
		return
	}
	r.required(n, path, "powersync_url", "The URL of your PowerSync instance; /token returns it and it is the default audience.")
	if len(a.Audiences) == 0 {
		a.Audiences = []string{a.PowerSyncURL}
	}
	if len(a.Providers) == 0 && !a.DevelopmentTokens && !r.bad(join(path, "providers")) {
		r.warn(join(path, "providers"), "no_providers", "Nobody can get a token.", "Add a provider, or development_tokens: true on a development instance.")
	}
}

func (r *reader) developmentTokens(n *node, path string) {
	r.cfg.Auth.DevelopmentTokens = r.boolean(n, path)
	if r.cfg.Auth.DevelopmentTokens && r.options.Kind != bundle.Development {
		r.fail(path, "production", "Development tokens prove nothing and are never given on production instances.", "Remove the setting, or use a development instance.")
	}
}

// reservedClaims are written by us, last.
var reservedClaims = []string{"sub", "aud", "iat", "exp", "nbf", "iss", "jti", "kid"}

func (r *reader) claims(n *node, path string) {
	if !n.isMap {
		r.fail(path, "type", "This is "+n.kind()+"; it must be a mapping.", "Such as claims: {role: claims.role}.")
		return
	}
	for _, e := range n.entries {
		at := join(path, e.key)
		expr := r.expression(e.value, at)
		for _, name := range reservedClaims {
			if e.key == name {
				r.fail(at, "reserved", "The claim "+name+" is written by Turnkey.", "")
			}
		}
		r.claimExpression(expr, at)
		r.cfg.Auth.Claims[e.key] = expr
	}
}

func (r *reader) claimExpression(expr, path string) {
	if r.bad(path) {
		return
	}
	if _, err := rule.CompileClaim(expr); err != nil {
		r.fail(path, "expression", fault.Of(err).Message, "The expression is CEL over the variable claims.")
	}
}

// provider reads one entry of auth.providers.
func (r *reader) provider(n *node, path string) {
	var p bundle.Provider
	ok := r.object(n, path, members{
		"name": func(n *node, path string) { p.Name = r.text(n, path) },
		"type": func(n *node, path string) {
			p.Type = bundle.ProviderType(r.choice(n, path, "jwks", "public_key", "shared_secret", "api_key", "anonymous"))
		},
		"issuer":         func(n *node, path string) { p.Issuer = r.text(n, path) },
		"audience":       func(n *node, path string) { p.Audience = r.texts(n, path) },
		"jwks_uri":       func(n *node, path string) { p.JWKSURI = r.webURL(n, path) },
		"public_key":     func(n *node, path string) { p.PublicKey = r.text(n, path) },
		"secret":         func(n *node, path string) { p.Secret = r.secret(n, path) },
		"user_id":        func(n *node, path string) { r.userID(n, path, &p) },
		"user_id_prefix": func(n *node, path string) { p.UserIDPrefix = r.text(n, path) },
		"upload":         func(n *node, path string) { p.Upload = r.boolean(n, path) },
	})
	if !ok {
		return
	}
	r.required(n, path, "name", "Any short name; it tells providers apart in logs and rules.")
	r.required(n, path, "type", "jwks, public_key, shared_secret, api_key or anonymous")
	for i, other := range r.cfg.Auth.Providers {
		if other.Name == p.Name && p.Name != "" {
			r.fail(join(path, "name"), "twice", fmt.Sprintf("The provider %d has the same name.", i), "")
		}
	}
	r.providerNeeds(n, path, &p)
	r.cfg.Auth.Providers = append(r.cfg.Auth.Providers, p)
}

// providerNeeds holds each type to what it needs and what makes no sense for it.
func (r *reader) providerNeeds(n *node, path string, p *bundle.Provider) {
	needs := map[bundle.ProviderType][]string{
		bundle.ProviderJWKS: {"issuer", "audience", "jwks_uri", "user_id"}, bundle.ProviderPublicKey: {"public_key", "user_id"},
		bundle.ProviderSharedSecret: {"secret", "user_id"},
	}[p.Type]
	allowed := map[string]bool{"name": true, "type": true, "user_id_prefix": p.Type != bundle.ProviderAPIKey}
	for _, key := range needs {
		allowed[key] = true
		r.required(n, path, key, "Providers of type "+string(p.Type)+" need it.")
	}
	if len(needs) > 0 {
		allowed["issuer"], allowed["audience"], allowed["upload"] = true, true, true
	}
	for _, e := range n.entries {
		at := join(path, e.key)
		if p.Type != "" && !r.bad(at) && !r.bad(join(path, "type")) && !allowed[e.key] {
			r.fail(at, "wrong_provider", "This setting has no meaning for providers of type "+string(p.Type)+".", "")
		}
	}
	if len(needs) > 0 && p.Type != bundle.ProviderJWKS && len(p.Audience) == 0 {
		r.warn(join(path, "audience"), "no_audience", "Tokens that this issuer makes for other apps are accepted too.", "Set audience.")
	}
	if u, err := url.Parse(p.JWKSURI); p.JWKSURI != "" && err == nil && u.RawQuery != "" && strings.Contains(u.RawQuery, "{") {
		r.fail(join(path, "jwks_uri"), "url", "The address still has a placeholder.", "")
	}
}

// userID reads an expression, or {lookup: {...}}.
func (r *reader) userID(n *node, path string, p *bundle.Provider) {
	if !n.isMap {
		p.UserID = r.expression(n, path)
		r.claimExpression(p.UserID, path)
		return
	}
	r.object(n, path, members{"lookup": func(n *node, path string) {
		l := &bundle.Lookup{Match: map[string]string{}}
		p.Lookup = l
		ok := r.object(n, path, members{
			"collection": func(n *node, path string) { l.Collection = r.text(n, path) },
			"table":      func(n *node, path string) { l.Collection = r.text(n, path) },
			"take":       func(n *node, path string) { l.Take = r.text(n, path) },
			"match": func(n *node, path string) {
				if !n.isMap || len(n.entries) == 0 {
					r.fail(path, "type", "This must be a mapping of fields to expressions.", "Such as match: {email: claims.email}.")
					return
				}
				for _, e := range n.entries {
					at := join(path, e.key)
					if !identifier(e.key) && e.key != "_id" {
						r.fail(at, "identifier", "This is not the name of a field.", "")
					}
					l.Match[e.key] = r.expression(e.value, at)
					r.claimExpression(l.Match[e.key], at)
				}
			},
		})
		if !ok {
			return
		}
		if l.Collection == "" {
			r.required(n, path, "collection", "Name the collection or table that knows the users.")
		}
		r.required(n, path, "match", "Say which field equals which claim.")
		r.required(n, path, "take", "Name the field that holds the user's id.")
	}})
	r.required(n, path, "lookup", "Write an expression over claims, or {lookup: {...}}.")
}

// prefixes makes sure that users of two providers cannot be taken for each other. API keys do not
// count: they name final ids. Look-ups do not either: their ids come from the database.
func (r *reader) prefixes(path string) {
	var with []int
	for i, p := range r.cfg.Auth.Providers {
		if p.Type != bundle.ProviderAPIKey && p.Lookup == nil {
			with = append(with, i)
		}
	}
	if len(with) < 2 {
		return
	}
	for _, i := range with {
		p := r.cfg.Auth.Providers[i]
		at := fmt.Sprintf("%s[%d].user_id_prefix", path, i)
		if p.UserIDPrefix == "" {
			r.fail(at, "prefix_required", "With two or more providers each needs a prefix, or one could name the other's users.", "Such as user_id_prefix: \""+p.Name+"|\".")
			continue
		}
		for _, j := range with {
			if other := r.cfg.Auth.Providers[j].UserIDPrefix; j != i && other != "" && strings.HasPrefix(p.UserIDPrefix, other) {
				r.fail(at, "prefix_overlap", "This begins with the prefix of provider "+r.cfg.Auth.Providers[j].Name+", so ids could collide.", "End prefixes with a separator, such as |.")
			}
		}
	}
}
