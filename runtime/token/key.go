package token

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"strings"
	"time"

	"turnkey/internal/fault"
	"turnkey/internal/redact"
	"turnkey/runtime/bundle"
)

const rsaBits = 2048

// GenerateKey makes a signing key. It is published at publish and signs from signFrom. random is
// crypto/rand.Reader outside tests.
func GenerateKey(id string, alg bundle.Algorithm, publish, signFrom time.Time, random io.Reader) (bundle.SigningKey, error) {
	var private any
	var err error
	switch alg {
	case bundle.EdDSA:
		_, private, err = ed25519.GenerateKey(random)
	case bundle.RS256:
		private, err = rsa.GenerateKey(random, rsaBits)
	default:
		return bundle.SigningKey{}, fault.Newf(fault.Invalid, "unknown_algorithm", "%q is not an algorithm for signing keys.", alg).
			WithHint("Set auth.algorithm to EdDSA or RS256.")
	}
	if err != nil {
		return bundle.SigningKey{}, fmt.Errorf("generating a %s key: %w", alg, err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return bundle.SigningKey{}, fmt.Errorf("writing a %s key: %w", alg, err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	return bundle.SigningKey{ID: id, Algorithm: alg, Private: redact.New(string(text)), PublishAt: publish, SignFrom: signFrom}, nil
}

// signer is a parsed signing key.
type signer struct {
	bundle.SigningKey
	private crypto.Signer
	jwk     []byte // the public key as a JWK
}

func parseSigner(k bundle.SigningKey) (signer, error) {
	bad := func(why string) (signer, error) {
		return signer{}, fault.Newf(fault.Invalid, "bundle_key", "The signing key %s cannot be used: %s.", k.ID, why)
	}
	if !plainID(k.ID) { // one malformed key makes PowerSync's service refuse the whole set
		return bad("its id must be 1 to 128 letters, digits, dots, dashes or underscores")
	}
	block, _ := pem.Decode([]byte(k.Private.Reveal()))
	if block == nil {
		return bad("it is not PEM")
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return bad("it is not PKCS #8")
	}
	b64 := base64.RawURLEncoding.EncodeToString
	switch private := parsed.(type) {
	case ed25519.PrivateKey:
		if k.Algorithm != bundle.EdDSA {
			return bad("its algorithm is not EdDSA")
		}
		jwk := fmt.Sprintf(`{"kty":"OKP","crv":"Ed25519","use":"sig","alg":"EdDSA","kid":%q,"x":%q}`, k.ID, b64(private.Public().(ed25519.PublicKey)))
		return signer{k, private, []byte(jwk)}, nil
	case *rsa.PrivateKey:
		if k.Algorithm != bundle.RS256 {
			return bad("its algorithm is not RS256")
		}
		if bits := private.N.BitLen(); bits < leastRSA || bits > mostRSA {
			return bad("it is not an RSA key of 2048 to 8192 bits")
		}
		jwk := fmt.Sprintf(`{"kty":"RSA","use":"sig","alg":"RS256","kid":%q,"n":%q,"e":%q}`, k.ID, b64(private.N.Bytes()), b64(big.NewInt(int64(private.E)).Bytes()))
		return signer{k, private, []byte(jwk)}, nil
	}
	return bad("its type is unknown")
}

func plainID(id string) bool {
	for _, c := range id {
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune("._-", c)) {
			return false
		}
	}
	return id != "" && len(id) <= maxKeyID
}

// published reports whether the key is in the JWKS, and so may verify.
func (s *signer) published(now time.Time) bool {
	return !s.Revoked && !now.Before(s.PublishAt) && (s.RetireAt.IsZero() || now.Before(s.RetireAt))
}

// signing picks the key that signs now: the youngest that may. Age alone decides, because the
// older one is due to retire; only between keys of one age does the configured algorithm count.
func signing(keys []signer, alg bundle.Algorithm, now time.Time) (*signer, error) {
	var best *signer
	for i := range keys {
		k := &keys[i]
		if !k.published(now) || now.Before(k.SignFrom) {
			continue
		}
		if best == nil || k.SignFrom.After(best.SignFrom) || k.SignFrom.Equal(best.SignFrom) && k.Algorithm == alg && best.Algorithm != alg {
			best = k
		}
	}
	if best == nil {
		return nil, fault.New(fault.Unavailable, "no_signing_key", "This instance has no key to sign tokens with.").
			WithHint("Rotate the signing keys: POST /api/v1/instances/{instance}/signing-keys/rotate.")
	}
	return best, nil
}
