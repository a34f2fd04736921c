package token

import (
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"turnkey/internal/fault"
	"turnkey/runtime/bundle"
	"turnkey/runtime/rule"
)

const (
	// maxMinted is the largest token that we sign, in bytes: it travels in a header of every request.
	maxMinted = 4 << 10
	// maxClaimDepth of a mapped claim.
	maxClaimDepth = 5
)

// Claims of ours inside a minted token, besides the registered ones.
const (
	claimProvider    = "turnkey_provider"
	claimDevelopment = "development"
)

// reserved claims are written last, whatever a mapping or an API key's caller asks for.
var reserved = map[string]bool{
	"sub": true, "aud": true, "iat": true, "exp": true, "nbf": true, "iss": true, "jti": true, "kid": true,
	claimProvider: true, claimDevelopment: true,
}

// mint signs a PowerSync token for a user.
func (a *Authority) mint(user rule.User, development bool) (token string, expires time.Time, err error) {
	at := a.deps.Now()
	key, err := signing(a.keys, a.config.Algorithm, at)
	if err != nil {
		return "", time.Time{}, err
	}
	now := at.Truncate(time.Second)
	expires = now.Add(a.config.TokenTTL)
	claims := jwt.MapClaims{}
	for name, v := range user.Claims {
		if !reserved[name] {
			claims[name] = v
		}
	}
	if parameters, ok := claims["parameters"]; ok { // PowerSync's service refuses another type
		if _, isObject := parameters.(map[string]any); !isObject {
			delete(claims, "parameters")
		}
	}
	if depth(map[string]any(claims)) > maxClaimDepth+1 {
		return "", time.Time{}, tooMuch("nested more than 5 levels deep")
	}
	claims["sub"], claims["aud"] = user.ID, a.audience()
	claims["iat"], claims["exp"] = now.Unix(), expires.Unix()
	if user.Provider != "" {
		claims[claimProvider] = user.Provider
	}
	if development {
		claims[claimDevelopment] = true
	}
	token, err = sign(key, claims)
	if err != nil {
		return "", time.Time{}, err
	}
	if len(token) > maxMinted {
		return "", time.Time{}, tooMuch("larger than 4 KB")
	}
	return token, expires, nil
}

func tooMuch(what string) error {
	return fault.New(fault.Invalid, "claims_too_large", "The token would be "+what+".").
		WithHint("Map fewer or smaller claims under auth.claims.")
}

// audience is a string for one, which every verifier understands, else a list.
func (a *Authority) audience() any {
	if len(a.config.Audiences) == 1 {
		return a.config.Audiences[0]
	}
	return a.config.Audiences
}

func sign(key *signer, claims jwt.MapClaims) (string, error) {
	var method jwt.SigningMethod = jwt.SigningMethodEdDSA
	if key.Algorithm == bundle.RS256 {
		method = jwt.SigningMethodRS256
	}
	t := jwt.NewWithClaims(method, claims)
	t.Header["kid"] = key.ID
	out, err := t.SignedString(key.private)
	if err != nil {
		return "", fmt.Errorf("signing a token with key %s: %w", key.ID, err)
	}
	return out, nil
}

// verifier is the key's public half, pinned to its algorithm.
func (s *signer) verifier() publicKey {
	switch public := s.private.Public().(type) {
	case ed25519.PublicKey:
		return publicKey{public, []string{"EdDSA"}}
	case *rsa.PublicKey:
		return publicKey{public, []string{"RS256"}}
	}
	return publicKey{}
}

func depth(v any) int {
	most := 0
	switch v := v.(type) {
	case map[string]any:
		for _, e := range v {
			most = max(most, depth(e))
		}
	case []any:
		for _, e := range v {
			most = max(most, depth(e))
		}
	case json.RawMessage:
		return maxClaimDepth + 2 // never produced by us; refuse rather than look inside
	default:
		return 0
	}
	return most + 1
}
