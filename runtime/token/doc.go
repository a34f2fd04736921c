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
