package token

import (
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	"github.com/golang-jwt/jwt/v5"

	"turnkey/internal/fault"
	"turnkey/runtime/bundle"
)

// diagnoseProvider looks at a token that is not ours: a sign-in's, or nobody's that we know.
func (a *Authority) diagnoseProvider(ctx context.Context, d *Diagnosis, text string, h header, claims map[string]any) {
	if strings.EqualFold(h.Alg, "none") {
		d.Kind = StrangeKind
		d.find(Symptom{Code: "alg_none", Claim: "alg", Message: "The token is not signed (alg none), so it proves nothing.", Fix: "Let the sign-in sign its tokens; nobody accepts this one.", PowerSync: psMalformed})
		return
	}
	p := a.whose(ctx, d, text, h)
	if p == nil {
		d.Kind = StrangeKind
		a.stranger(d, h)
		return
	}
	d.Kind, d.Provider = ProviderKind, p.Name
	setting := "auth.providers." + p.Name
	key, known := a.keyOf(ctx, d, p, h)
	if known {
		a.checkSignature(d, p, text, key)
	}
	if len(p.Audience) > 0 && !slices.ContainsFunc(d.Audience, func(have string) bool { return slices.Contains(p.Audience, have) }) {
		d.find(Symptom{Code: "provider_audience", Claim: "aud", Message: fmt.Sprintf("The token is meant for %s; the provider %s takes tokens for %s.", orNothing(d.Audience), p.Name, strings.Join(p.Audience, ", ")),
			Fix: "Set " + setting + ".audience to the token's, if your app's tokens have it.", Setting: setting + ".audience"})
	}
	a.checkTimes(d, claims, false)
	if known && !d.wrong() {
		a.checkUser(ctx, d, p, claims)
	}
	good := known && !d.wrong()
	d.Exchange, d.Upload = reception(good), reception(good && p.Upload)
	if !known && !slices.ContainsFunc(d.Findings, func(f Symptom) bool { return !f.Advice && f.Code != keysUnreachable }) {
		d.Exchange, d.Upload = NotKnown, NotKnown
	}
	d.PowerSync = Refused
	d.find(Symptom{Code: "provider_token", Claim: "kid", Message: "This is a token of the sign-in " + p.Name + ". PowerSync knows this instance's keys only, and refuses it.",
		Fix: "Let the app send it to /token and give PowerSync what is answered: that is what the connector's fetchCredentials does.", PowerSync: psMalformed, Advice: good})
}

// whose finds the provider that a token belongs to, as far as its text tells: by issuer, else the one whose keys verify it.
func (a *Authority) whose(ctx context.Context, d *Diagnosis, text string, h header) *provider {
	for _, p := range a.providers {
		if p.signed() && p.Issuer != "" && p.Issuer == d.Issuer {
			return p
		}
	}
	for _, p := range a.providers {
		if !p.signed() || p.Issuer != "" && p.Issuer != d.Issuer {
			continue
		}
		if key, ok := a.quietKey(ctx, p, h); ok && signedBy(text, key) {
			return p
		}
	}
	for _, p := range a.providers { // its keys, under another issuer
		if key, ok := a.quietKey(ctx, p, h); ok && signedBy(text, key) {
			otherIssuer(d, p)
			return p
		}
	}
	for _, p := range a.providers { // the same issuer, but for a slash
		if p.signed() && p.Issuer != "" && strings.TrimRight(p.Issuer, "/") == strings.TrimRight(d.Issuer, "/") {
			otherIssuer(d, p)
			return p
		}
	}
	return nil
}

// otherIssuer says that a provider's token names another issuer than the configuration.
func otherIssuer(d *Diagnosis, p *provider) {
	setting := "auth.providers." + p.Name + ".issuer"
	d.find(Symptom{Code: "provider_issuer", Claim: "iss", Message: fmt.Sprintf("The token's issuer is %q; the provider %s has %q.", d.Issuer, p.Name, p.Issuer),
		Fix: "Set " + setting + " to the token's iss, to the letter: a slash at the end counts.", Setting: setting})
}

// quietKey is the key that a provider would verify with, if it can be had.
func (a *Authority) quietKey(ctx context.Context, p *provider, h header) (publicKey, bool) {
	switch p.Type {
	case bundle.ProviderJWKS:
		if h.Kid == "" || a.deps.Keys == nil {
			return publicKey{}, false
		}
		k, found, err := a.deps.Keys.find(ctx, p.JWKSURI, h.Kid)
		return k, found && err == nil
	case bundle.ProviderPublicKey, bundle.ProviderSharedSecret:
		return p.key, true
	}
	return publicKey{}, false
}

// keysUnreachable is the one finding that leaves open whether a token is good.
const keysUnreachable = "keys_unreachable"

// keyOf is the same, and says why there is none.
func (a *Authority) keyOf(ctx context.Context, d *Diagnosis, p *provider, h header) (key publicKey, ok bool) {
	if p.Type != bundle.ProviderJWKS {
		return p.key, true
	}
	setting := "auth.providers." + p.Name + ".jwks_uri"
	if h.Kid == "" {
		d.find(Symptom{Code: "no_kid", Claim: "kid", Message: "The token names no key (kid).", Fix: "Let the sign-in name the key, or use a provider of type public_key.", Setting: "auth.providers." + p.Name + ".type"})
		return key, true // it is known to be refused
	}
	if a.deps.Keys == nil {
		return key, false
	}
	key, found, err := a.deps.Keys.find(ctx, p.JWKSURI, h.Kid)
	switch {
	case err != nil:
		d.find(Symptom{Code: keysUnreachable, Claim: "kid", Message: "The keys at " + p.JWKSURI + " cannot be fetched at the moment, so the signature cannot be checked.",
			Fix: "Check the address: it must answer {\"keys\": [...]} from the public internet, over https.", Setting: setting})
		return key, false
	case !found:
		d.find(Symptom{Code: "kid_unknown", Claim: "kid", Message: fmt.Sprintf("No key at %s has the id %q.", p.JWKSURI, h.Kid),
			Fix: "Correct jwks_uri if it belongs to another tenant or project of the sign-in. After a rotation, wait a minute and try again.", Setting: setting})
		return publicKey{}, true
	}
	return key, true
}

func (a *Authority) checkSignature(d *Diagnosis, p *provider, text string, key publicKey) {
	if key.key == nil || signedBy(text, key) {
		return
	}
	setting := "auth.providers." + p.Name
	switch {
	case p.Type == bundle.ProviderSharedSecret && strings.HasPrefix(d.Alg, "HS"):
		if decoded, ok := otherForm(key.key.([]byte)); ok && signedBy(text, publicKey{decoded, key.algs}) {
			d.find(Symptom{Code: "secret_base64", Claim: "alg", Message: "The stored secret is in base64, but the tokens are signed with its decoded bytes.", Fix: "Store the secret " + p.Secret.Secret + " decoded, as its bytes.", Setting: setting + ".secret"})
			return
		}
		message := "The secret " + p.Secret.Secret + " did not sign this token."
		if d.Alg != "HS256" {
			message = "The token is signed with " + d.Alg + "; a shared secret is used with HS256 only."
		}
		d.find(Symptom{Code: "secret", Claim: "alg", Message: message, Fix: "Store the secret that the sign-in signs with. In Supabase: Settings, JWT Keys, legacy secret.", Setting: setting + ".secret"})
	case strings.HasPrefix(d.Alg, "HS"):
		d.find(Symptom{Code: "symmetric", Claim: "alg", Message: fmt.Sprintf("The token is signed with a shared secret (%s); the provider %s has public keys.", d.Alg, p.Name), Fix: "Make it a provider of type shared_secret, or let the sign-in use asymmetric keys.", Setting: setting + ".type"})
	case !slices.Contains(key.algs, d.Alg):
		d.find(Symptom{Code: "algorithm", Claim: "alg", Message: fmt.Sprintf("The token says %s; its key is for %s.", d.Alg, strings.Join(key.algs, ", ")), Fix: "Let the sign-in use its key's own algorithm.", Setting: setting})
	default:
		d.find(Symptom{Code: "signature", Claim: "alg", Message: "The key that the token names did not sign it.", Fix: "Paste the whole token. If it is whole, somebody changed it, or the provider's key is of another environment.", Setting: setting})
	}
}

// otherForm is a secret's bytes where the secret reads as base64.
func otherForm(secret []byte) ([]byte, bool) {
	for _, e := range []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding, base64.RawURLEncoding} {
		if raw, err := e.DecodeString(string(secret)); err == nil && len(raw) > 0 {
			return raw, true
		}
	}
	return nil, false
}

func signedBy(text string, key publicKey) bool {
	_, err := jwt.NewParser(jwt.WithValidMethods(key.algs), jwt.WithoutClaimsValidation()).Parse(text, func(*jwt.Token) (any, error) { return key.key, nil })
	return err == nil
}

// checkUser asks who the token is for, as /token would.
func (a *Authority) checkUser(ctx context.Context, d *Diagnosis, p *provider, claims map[string]any) {
	if p.match != nil && a.deps.Lookup == nil {
		d.find(Symptom{Code: "lookup", Message: "Who the user is, is looked up in the source; that is not tried here.", Fix: "Try it: POST /token with this token.", Setting: "auth.providers." + p.Name + ".user_id", Advice: true})
		return
	}
	if _, err := a.configured(ctx, p, claims); err != nil && a.deps.Resolve == nil {
		f := fault.Of(err)
		d.find(Symptom{Code: "user_id", Claim: "sub", Message: f.Message, Fix: f.Hint, Setting: "auth.providers." + p.Name + ".user_id"})
	}
}

// strange says by which of its names a token is not known.
func strange(issuer, kid string) string {
	text := "The token names no issuer (iss), and no provider's key signed it"
	if issuer != "" {
		text = fmt.Sprintf("No provider of the configuration issues tokens as %q", issuer)
	}
	if kid != "" {
		text += fmt.Sprintf(", and no key of this instance has the id %q", kid)
	}
	return text + "."
}

// stranger is a token that nobody whom we know has made.
func (a *Authority) stranger(d *Diagnosis, h header) {
	var issuers []string
	for _, p := range a.providers {
		if p.signed() && p.Issuer != "" {
			issuers = append(issuers, p.Issuer+" ("+p.Name+")")
		}
	}
	f := Symptom{Code: "issuer_unknown", Claim: "iss", Message: strange(d.Issuer, h.Kid),
		Fix: "Add the sign-in under auth.providers with this issuer.", Setting: "auth.providers", PowerSync: psMalformed}
	if len(issuers) > 0 {
		f.Message += " Configured: " + strings.Join(issuers, ", ") + "."
	}
	if strings.Contains(strings.ToLower(d.Issuer+h.Kid), "powersync") {
		f.Code, f.Fix, f.Advice = "powersync_development", "It is for trying out reads. For writes, get a token from this instance: POST /token.", false
		f.Message = "This looks like a development token of PowerSync's dashboard: PowerSync takes it while development tokens are on there, this instance never does."
		d.PowerSync = NotKnown
	}
	d.find(f)
}

func orNothing(list []string) string {
	if len(list) == 0 {
		return "nobody (it has no aud)"
	}
	return strings.Join(list, ", ")
}
