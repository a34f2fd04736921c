// Package token decides who a request is and mints what PowerSync and /upload accept. It verifies
// identities of a customer's providers, maps them to user ids in one way for both routes, signs
// tokens with the instance's keys and publishes the keys. It must not know HTTP routing, rows or
// rules, nor where bundles come from.
//
//	provider's JWT, API key,        ┌────────────┐  user id, claims   ┌──────┐
//	device secret, dev user id ───► │  identify  │ ─────────────────► │ mint │ ──► PowerSync JWT
//	                                └────────────┘                    └──────┘
//	our JWT, or a provider's JWT          │
//	where upload: true       ─────────────┴──► Authenticate ──► rule.User
//
// # Who the user is
//
// One decision for both routes: the provider's expression or look-up, then, where the deployment has
// hooks/_auth.ts, its resolveUser (Deps.Resolve), which is told what the configuration makes of the token and has
// the last word on id and claims; reserved claims stay ours. It is asked for tokens of providers only. An API
// key's server names final ids, a device secret is its user, and development tokens prove nothing: these are not asked
// about. That an e-mail address is unverified is refused before, where the configuration goes by it. /token asks each time.
// /upload, which takes a provider's token only where upload: true, remembers what was said of that very token for as
// long as a token minted then would live (token_ttl, or the token's end), a refusal for 10 s, failures not at all;
// signature and expiry are checked each time. A new bundle forgets everything.
//
// # Which key signs
//
// Time alone decides: the youngest key whose SignFrom has passed. A key is published when it is made
// and signs ten minutes later, because PowerSync's service refreshes its copy of the JWKS every five;
// it stays published until the last token that it signed has expired. A revoked key leaves at once.
//
// # What a token is held to
//
// RFC 8725 throughout: algorithms are pinned by the key, never by the token; HMAC only with a
// provider's shared secret; no key from the token's own header; issuer and audience where they are
// configured, and for jwks they must be; an expiry, always; 60 s of clock skew. A provider whose keys
// cannot be fetched makes requests fail with Unavailable, never Unauthenticated: clients throw away
// good tokens on a 401.
package token
