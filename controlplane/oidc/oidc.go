// Package oidc signs people in at identity providers (OpenID Connect, authorization code with PKCE): this
// is how an installation shares an existing login system. Providers come by configuration.
//
//	Start ─► the browser goes to the provider with state, nonce and challenge; the caller keeps the Flow
//	   provider asks who it is, sends the browser back with a code
//	Finish(Flow, what came back) ─► code for ID token, signature, issuer, audience, time, nonce ─► Identity
//
// It must not know accounts, sessions or cookies: whose account an Identity opens, and whether it may sign
// up, the domain decides. The caller binds a Flow to the browser that began it, or a stranger could make
// somebody sign in as them.
package oidc

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"turnkey/controlplane"
	"turnkey/internal/fault"
)

// FlowLife is how long somebody may take at the provider.
const FlowLife = 10 * time.Minute

// discoveryLife is how long a provider's discovery document is believed. Its keys are fetched as they are needed.
const discoveryLife = 24 * time.Hour

// Providers are those of an installation. Safe for concurrent use.
type Providers struct {
	list   []*provider
	client *http.Client
	now    func() time.Time
}

// provider is one of them, with what discovery found.
type provider struct {
	Settings
	redirect string

	mu    sync.Mutex
	found *oidc.Provider
	until time.Time
}

// New makes the providers. base is where browsers reach us: the address to register with each provider is
// base + Callback(name). client should be guarded (internal/dial).
func New(settings []Settings, base string, client *http.Client, now func() time.Time) *Providers {
	p := &Providers{client: client, now: now}
	for _, s := range settings {
		p.list = append(p.list, &provider{Settings: s, redirect: base + Callback(s.Name)})
	}
	return p
}

// Callback is the path that a provider sends browsers back to.
func Callback(name string) string { return "/api/v1/auth/oidc/" + name + "/callback" }

// List gives the providers in the order of the configuration.
func (p *Providers) List() []Settings {
	if p == nil {
		return nil
	}
	out := make([]Settings, len(p.list))
	for i, one := range p.list {
		out[i] = one.Settings
	}
	return out
}

func (p *Providers) find(name string) (*provider, error) {
	if p != nil {
		if i := slices.IndexFunc(p.list, func(one *provider) bool { return one.Name == name }); i >= 0 {
			return p.list[i], nil
		}
	}
	return nil, fault.New(fault.NotFound, "no_such_provider", "There is no such identity provider here.")
}

// Flow is a sign-in that is under way. It goes to the browser that began it, sealed, and comes back from it.
type Flow struct {
	Provider, State, Nonce, Verifier string
	Until                            time.Time
}

// Start gives the address to send a browser to, and what it needs to come back.
func (p *Providers) Start(ctx context.Context, name string) (location string, f Flow, err error) {
	one, err := p.find(name)
	if err != nil {
		return "", f, err
	}
	config, _, err := p.discover(ctx, one)
	if err != nil {
		return "", f, err
	}
	f = Flow{Provider: name, State: rand.Text(), Nonce: rand.Text(), Verifier: oauth2.GenerateVerifier(), Until: p.now().Add(FlowLife)}
	return config.AuthCodeURL(f.State, oidc.Nonce(f.Nonce), oauth2.S256ChallengeOption(f.Verifier)), f, nil
}

// discover reads what the provider says about itself, once a day.
func (p *Providers) discover(ctx context.Context, one *provider) (*oauth2.Config, *oidc.Provider, error) {
	one.mu.Lock()
	defer one.mu.Unlock()
	if one.found == nil || !p.now().Before(one.until) {
		found, err := oidc.NewProvider(oidc.ClientContext(ctx, p.client), one.Issuer)
		switch {
		case err == nil:
			one.found, one.until = found, p.now().Add(discoveryLife)
		case one.found == nil:
			return nil, nil, unreachable(err)
		} // else what was found yesterday will do
	}
	config := &oauth2.Config{
		ClientID: one.ClientID, ClientSecret: one.ClientSecret.Reveal(), Endpoint: one.found.Endpoint(), RedirectURL: one.redirect,
		Scopes: append([]string{oidc.ScopeOpenID}, one.Scopes...),
	}
	return config, one.found, nil
}

func unreachable(err error) error {
	return fault.Wrap(err, fault.Unavailable, "provider_unreachable", "The identity provider does not answer as it should.").
		WithHint("If it is in a private network, the operator sets TURNKEY_OIDC_ALLOW_PRIVATE_NETWORKS.")
}

// Return is what a browser brings back from the provider.
type Return struct {
	State, Code string
	// Error is the provider's own word for why there is no code.
	Error string
	// Issuer is iss (RFC 9207), where the provider sends it.
	Issuer string
}

// Finish turns what came back into who it is.
func (p *Providers) Finish(ctx context.Context, f Flow, r Return) (i controlplane.Identity, err error) {
	one, err := p.find(f.Provider)
	switch {
	case err != nil:
		return i, err
	case f.State == "" || subtle.ConstantTimeCompare([]byte(f.State), []byte(r.State)) != 1 || !p.now().Before(f.Until) || r.Issuer != "" && r.Issuer != one.Issuer:
		return i, fault.New(fault.Invalid, "signin_expired", "This sign-in took too long, or began in another browser.").WithHint("Begin again.")
	case r.Error != "" || r.Code == "":
		return i, fault.New(fault.Forbidden, "provider_refused", "The identity provider did not sign you in.")
	}
	config, found, err := p.discover(ctx, one)
	if err != nil {
		return i, err
	}
	ctx = oidc.ClientContext(ctx, p.client)
	token, err := config.Exchange(ctx, r.Code, oauth2.VerifierOption(f.Verifier))
	if err != nil {
		return i, exchange(err)
	}
	raw, _ := token.Extra("id_token").(string)
	id, err := found.VerifierContext(ctx, &oidc.Config{ClientID: one.ClientID, Now: p.now}).Verify(ctx, raw)
	if err != nil || subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(f.Nonce)) != 1 {
		return i, fault.Wrap(err, fault.Forbidden, "provider_untrusted", "What the identity provider says cannot be verified.")
	}
	var c claims
	if err := id.Claims(&c); err != nil {
		return i, unreachable(err)
	}
	if c.Email == "" && found.UserInfoEndpoint() != "" {
		if err := c.ask(ctx, found, token, id.Subject); err != nil {
			return i, err
		}
	}
	return controlplane.Identity{
		Provider: one.Name, Issuer: id.Issuer, Subject: id.Subject, Email: c.Email, EmailVerified: bool(c.EmailVerified) || one.TrustEmail, Name: c.Name,
	}, nil
}

// exchange tells a code that the provider refuses from a provider that is in trouble.
func exchange(err error) error {
	var refused *oauth2.RetrieveError
	if errors.As(err, &refused) && refused.ErrorCode == "invalid_grant" {
		return fault.Wrap(err, fault.Invalid, "signin_expired", "This sign-in took too long, or is finished.").WithHint("Begin again.")
	}
	return unreachable(err)
}

// claims are what we read of an ID token.
type claims struct {
	Email         string  `json:"email"`
	EmailVerified lenient `json:"email_verified"`
	Name          string  `json:"name"`
}

// ask reads the claims where the ID token has none. What is answered must be about the same subject.
func (c *claims) ask(ctx context.Context, found *oidc.Provider, token *oauth2.Token, subject string) error {
	info, err := found.UserInfo(ctx, oauth2.StaticTokenSource(token))
	if err != nil {
		return unreachable(err)
	}
	if info.Subject != subject {
		return fault.New(fault.Forbidden, "provider_untrusted", "What the identity provider says cannot be verified.")
	}
	return info.Claims(c)
}

// lenient reads true and "true"; some providers write the latter.
type lenient bool

// UnmarshalJSON implements json.Unmarshaler.
func (l *lenient) UnmarshalJSON(b []byte) error {
	var text string
	if json.Unmarshal(b, &text) == nil {
		*l = text == "true"
		return nil
	}
	return json.Unmarshal(b, (*bool)(l))
}

// ReturnPath gives a path on our own site to go to after signing in; anything else becomes "/".
func ReturnPath(text string) string {
	u, err := url.Parse(text)
	if err != nil || u.IsAbs() || u.Host != "" || u.Opaque != "" || len(u.Path) == 0 || u.Path[0] != '/' || len(u.Path) > 1 && (u.Path[1] == '/' || u.Path[1] == '\\') {
		return "/"
	}
	return (&url.URL{Path: u.Path, RawQuery: u.Query().Encode()}).String()
}
