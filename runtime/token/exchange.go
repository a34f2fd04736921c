package token

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"turnkey/internal/fault"
	"turnkey/runtime/bundle"
	"turnkey/runtime/rule"
)

// Request is what a client sent to /token.
type Request struct {
	Authorization string         // the header; "" when absent
	UserID        string         // development tokens, and servers with an API key
	Claims        map[string]any // servers with an API key
	DeviceSecret  string         // anonymous users that come back
}

// Answer is what /token says.
type Answer struct {
	Token        string    `json:"token"`
	PowerSyncURL string    `json:"powersync_url"`
	ExpiresAt    time.Time `json:"expires_at"`
	UserID       string    `json:"user_id"`
	// DeviceSecret is answered to anonymous users: whoever sends it again is the same user.
	DeviceSecret string `json:"device_secret,omitempty"`
	// Development says that nobody proved who they are.
	Development bool   `json:"development,omitempty"`
	Warning     string `json:"warning,omitempty"`
}

// Subject is whom the token is for.
func (a *Answer) Subject() string { return a.UserID }

// ForNobody reports that nobody proved to be the subject.
func (a *Answer) ForNobody() bool { return a.Development }

// Exchange answers a token for a proven identity. Never one for a bare user id, except on
// development instances that allow it, where token and answer say so.
func (a *Authority) Exchange(ctx context.Context, q Request) (*Answer, error) {
	switch {
	case q.Authorization != "":
		return a.exchangeCredential(ctx, q)
	case q.UserID != "":
		return a.exchangeDevelopment(q)
	}
	return a.exchangeAnonymous(q)
}

func (a *Authority) exchangeCredential(ctx context.Context, q Request) (*Answer, error) {
	credential, err := bearer(q.Authorization)
	if err != nil {
		return nil, err
	}
	if strings.Count(credential, ".") != 2 {
		return a.exchangeAPIKey(credential, q)
	}
	h, issuer, err := peek(credential)
	if err != nil {
		return nil, err
	}
	p, claims, err := a.fromProvider(ctx, credential, h, issuer, func(*provider) bool { return true })
	if err != nil {
		return nil, err
	}
	user, err := a.identify(ctx, p, claims) // asked anew: a token that lives long is a new chance to refuse
	a.decided(credential, claims, user, err)
	if err != nil {
		return nil, err
	}
	return a.answer(user, false)
}

// exchangeAPIKey lets a customer's own server say who its user is. Such ids are final: no prefix.
func (a *Authority) exchangeAPIKey(credential string, q Request) (*Answer, error) {
	p := a.byType(bundle.ProviderAPIKey)
	if p == nil || !a.knownAPIKey(credential) {
		return nil, refused("token_refused", "The credential is neither a token of a configured provider nor a valid API key.")
	}
	if !usableID(q.UserID) {
		return nil, fault.New(fault.Invalid, "user_id_required", "An API key asks for a user's token: user_id is missing, longer than 512 bytes or not printable.").
			WithHint("POST {\"user_id\": \"...\"} with the API key.")
	}
	return a.answer(rule.User{ID: q.UserID, Claims: q.Claims, Provider: p.Name}, false)
}

// knownAPIKey compares digests, every one in constant time.
func (a *Authority) knownAPIKey(credential string) bool {
	sum := sha256.Sum256([]byte(credential))
	now, known := a.deps.Now(), false
	for _, k := range a.apiKeys {
		if subtle.ConstantTimeCompare(sum[:], k.Hash) == 1 && (k.ExpiresAt.IsZero() || now.Before(k.ExpiresAt)) {
			known = true
		}
	}
	return known
}

func (a *Authority) exchangeDevelopment(q Request) (*Answer, error) {
	if !a.development() {
		return nil, notConfigured("A user id alone proves nothing here.",
			"Send your provider's token as \"Authorization: Bearer\"; on development instances auth.development_tokens: true allows bare user ids.")
	}
	if !usableID(q.UserID) {
		return nil, fault.New(fault.Invalid, "user_id_unusable", "The user id is longer than 512 bytes or not printable.")
	}
	out, err := a.answer(rule.User{ID: q.UserID}, true)
	if err == nil {
		out.Development, out.Warning = true, "Development token: nobody proved to be this user. Never available on production instances."
	}
	return out, err
}

// Device secrets are ours to make, so that they cannot be weak: a prefix, 256 random bits, and four
// bytes of digest against typing errors.
const deviceSecretPrefix = "anon_"

func (a *Authority) exchangeAnonymous(q Request) (*Answer, error) {
	p := a.byType(bundle.ProviderAnonymous)
	if p == nil {
		return nil, notConfigured("The request says nothing about who the user is.", "Send your provider's token as \"Authorization: Bearer\".")
	}
	secret := q.DeviceSecret
	if secret == "" {
		random := a.deps.NewSecret()
		secret = deviceSecretPrefix + base64.RawURLEncoding.EncodeToString(append(random[:], digest(random[:])...))
	} else if !wellFormed(secret) {
		return nil, refused("device_secret_refused", "The device secret is not one that was made here.")
	}
	// The id must not lead back to the secret, nor be the same in two instances.
	sum := sha256.Sum256([]byte("turnkey anonymous user\x00" + a.instance.ID + "\x00" + secret))
	out, err := a.answer(rule.User{ID: p.UserIDPrefix + hex.EncodeToString(sum[:16]), Provider: p.Name}, false)
	if err == nil {
		out.DeviceSecret = secret
	}
	return out, err
}

func digest(b []byte) []byte {
	sum := sha256.Sum256(b)
	return sum[:4]
}

func wellFormed(secret string) bool {
	text, ok := strings.CutPrefix(secret, deviceSecretPrefix)
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	return ok && err == nil && len(raw) == 36 && subtle.ConstantTimeCompare(digest(raw[:32]), raw[32:]) == 1
}

func (a *Authority) byType(t bundle.ProviderType) *provider {
	for _, p := range a.providers {
		if p.Type == t {
			return p
		}
	}
	return nil
}

func (a *Authority) answer(user rule.User, development bool) (*Answer, error) {
	token, expires, err := a.mint(user, development)
	if err != nil {
		return nil, err
	}
	return &Answer{
		Token: token, PowerSyncURL: strings.TrimRight(a.config.PowerSyncURL, "/"), ExpiresAt: expires.UTC(), UserID: user.ID,
	}, nil
}

// number reads a numeric claim.
func number(v any) (int64, error) {
	switch v := v.(type) {
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n, nil
		}
		f, err := v.Float64()
		return int64(f), err
	case float64:
		return int64(v), nil
	case int64:
		return v, nil
	}
	return 0, errors.New("not a number")
}
