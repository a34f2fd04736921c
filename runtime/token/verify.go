package token

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"turnkey/internal/fault"
)

const (
	// maxToken is the largest token that is looked at, in bytes.
	maxToken = 16 << 10
	skew     = 60 * time.Second
)

// header is what of a token's header counts before anything is verified.
type header struct {
	Alg string `json:"alg"`
	Kid string `json:"kid"`
	Typ string `json:"typ"`
}

// forbidden header members make a token point to its own key, or ask for processing that we do not
// do. RFC 8725, 3.10 and RFC 7515, 4.1.11.
var forbidden = []string{"jku", "jwk", "x5u", "x5c", "crit", "b64", "zip", "enc"}

// peek reads the header and, unverified, the issuer, to find the key that has to verify the token.
func peek(token string) (h header, issuer string, err error) {
	if len(token) > maxToken {
		return h, "", refused("token_malformed", "The token is larger than 16 KB.")
	}
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return h, "", refused("token_malformed", "The token is not a signed JWT.")
	}
	var members map[string]json.RawMessage
	if decodePart(parts[0], &members) != nil || decodePart(parts[0], &h) != nil {
		return h, "", refused("token_malformed", "The token's header cannot be read.")
	}
	for name := range members {
		if slices.Contains(forbidden, strings.ToLower(name)) {
			return h, "", refused("token_malformed", "The token's header has "+name+", which is not accepted.")
		}
	}
	if len(h.Kid) > maxKeyID {
		return h, "", refused("token_malformed", "The token's key id is too long.")
	}
	if typ := strings.ToLower(h.Typ); typ != "" && typ != "jwt" && typ != "at+jwt" && typ != "application/at+jwt" {
		return h, "", refused("token_malformed", "The token is of a type that is not accepted.")
	}
	var claims struct {
		Issuer any `json:"iss"`
	}
	if decodePart(parts[1], &claims) != nil {
		return h, "", refused("token_malformed", "The token's claims cannot be read.")
	}
	issuer, _ = claims.Issuer.(string)
	return h, issuer, nil
}

func decodePart(part string, into any) error {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(part)
	if err != nil {
		return err
	}
	return json.Unmarshal(raw, into)
}

// expectations of one verification.
type expectations struct {
	issuer    string   // "": any
	audiences []string // nil: any
}

// verify checks signature and claims. Its error is a fault of kind Unauthenticated that names the
// claim to look at.
func (a *Authority) verify(token string, key publicKey, want expectations) (map[string]any, error) {
	options := []jwt.ParserOption{
		jwt.WithValidMethods(key.algs), jwt.WithExpirationRequired(), jwt.WithIssuedAt(), jwt.WithLeeway(skew),
		jwt.WithTimeFunc(a.deps.Now), jwt.WithJSONNumber(), jwt.WithStrictDecoding(),
	}
	if want.issuer != "" {
		options = append(options, jwt.WithIssuer(want.issuer))
	}
	if len(want.audiences) > 0 {
		options = append(options, jwt.WithAudience(want.audiences...))
	}
	claims := jwt.MapClaims{}
	if _, err := jwt.NewParser(options...).ParseWithClaims(token, claims, func(*jwt.Token) (any, error) { return key.key, nil }); err != nil {
		return nil, explain(err)
	}
	return claims, nil
}

func explain(err error) error {
	switch {
	case errors.Is(err, jwt.ErrTokenSignatureInvalid), errors.Is(err, jwt.ErrTokenUnverifiable):
		return refused("token_signature", "The token's signature does not verify.")
	case errors.Is(err, jwt.ErrTokenMalformed):
		return refused("token_malformed", "The token cannot be read.")
	case errors.Is(err, jwt.ErrTokenExpired):
		return refused("token_expired", "The token has expired.")
	case errors.Is(err, jwt.ErrTokenInvalidAudience):
		return refused("token_audience", "The token is meant for another audience.")
	case errors.Is(err, jwt.ErrTokenInvalidIssuer):
		return refused("token_issuer", "The token is from another issuer.")
	case errors.Is(err, jwt.ErrTokenNotValidYet), errors.Is(err, jwt.ErrTokenUsedBeforeIssued):
		return refused("token_not_yet_valid", "The token is not valid yet.")
	case errors.Is(err, jwt.ErrTokenRequiredClaimMissing):
		return refused("token_claims", "The token lacks a required claim: exp, and iss or aud where they are configured.")
	}
	return refused("token_refused", "The token was refused.")
}

func refused(code, message string) error { return fault.New(fault.Unauthenticated, code, message) }

// bearer takes the token out of an Authorization header. PowerSync's SDK says Token, connectors say
// Bearer.
func bearer(authorization string) (string, error) {
	scheme, token, ok := strings.Cut(authorization, " ")
	token = strings.TrimSpace(token)
	if authorization == "" {
		return "", refused("no_token", "The request has no Authorization header.")
	}
	if !ok || token == "" || !strings.EqualFold(scheme, "bearer") && !strings.EqualFold(scheme, "token") {
		return "", refused("token_malformed", "The Authorization header is not of the form \"Bearer <token>\".")
	}
	return token, nil
}
