package token

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"slices"

	"github.com/MicahParks/jwkset"

	"turnkey/internal/fault"
)

const (
	maxKeyID   = 128
	leastRSA   = 2048
	mostRSA    = 8192
	leastHS256 = 32 // bytes
)

// publicKey verifies, with the algorithms that it is pinned to and no other.
type publicKey struct {
	key  any
	algs []string
}

// pin gives the algorithms for a key by its type, or only the one that it declares; ok is false for
// keys that we do not verify with.
func pin(key any, declared string) (publicKey, bool) {
	var algs []string
	switch k := key.(type) {
	case *rsa.PublicKey:
		if bits := k.N.BitLen(); bits < leastRSA || bits > mostRSA || k.E < 3 || k.E&1 == 0 {
			return publicKey{}, false
		}
		algs = []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}
	case *ecdsa.PublicKey:
		switch k.Curve {
		case elliptic.P256():
			algs = []string{"ES256"}
		case elliptic.P384():
			algs = []string{"ES384"}
		case elliptic.P521():
			algs = []string{"ES512"}
		}
	case ed25519.PublicKey:
		algs = []string{"EdDSA"}
	}
	if declared != "" {
		if !slices.Contains(algs, declared) {
			return publicKey{}, false
		}
		algs = []string{declared}
	}
	return publicKey{key, algs}, len(algs) > 0
}

// parseJWK reads a public JWK that is meant for signatures.
func parseJWK(m jwkset.JWKMarshal) (publicKey, bool) {
	if m.KTY == jwkset.KtyOct || m.USE != "" && m.USE != jwkset.UseSig {
		return publicKey{}, false
	}
	if len(m.KEYOPS) > 0 && !slices.Contains(m.KEYOPS, jwkset.KeyOpsVerify) {
		return publicKey{}, false
	}
	m.X5U, m.X5C = "", nil // the key itself is what we trust, not what it points to
	// Validation of metadata would refuse keys for harmless extras; type, size and algorithm are
	// checked by pin.
	jwk, err := jwkset.NewJWKFromMarshal(m, jwkset.JWKMarshalOptions{}, jwkset.JWKValidateOptions{SkipAll: true})
	if err != nil {
		return publicKey{}, false
	}
	return pin(jwk.Key(), string(m.ALG))
}

// parsePublicKey reads a provider's configured key: PEM, or one JWK.
func parsePublicKey(text string) (publicKey, error) {
	bad := fault.New(fault.Invalid, "provider_key", "The provider's public_key is neither a PEM public key nor a JWK that can verify signatures.").
		WithHint("Set auth.providers.public_key to an RSA (2048 bits or more), EC or Ed25519 public key.")
	if raw := bytes.TrimSpace([]byte(text)); len(raw) > 0 && raw[0] == '{' {
		var m jwkset.JWKMarshal
		if err := json.Unmarshal(raw, &m); err != nil {
			return publicKey{}, bad
		}
		if k, ok := parseJWK(m); ok {
			return k, nil
		}
		return publicKey{}, bad
	}
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return publicKey{}, bad
	}
	var key any
	var err error
	switch block.Type {
	case "PUBLIC KEY":
		key, err = x509.ParsePKIXPublicKey(block.Bytes)
	case "RSA PUBLIC KEY":
		key, err = x509.ParsePKCS1PublicKey(block.Bytes)
	case "CERTIFICATE":
		var cert *x509.Certificate
		if cert, err = x509.ParseCertificate(block.Bytes); err == nil {
			key = cert.PublicKey
		}
	default:
		return publicKey{}, bad
	}
	if err != nil {
		return publicKey{}, bad
	}
	if k, ok := pin(key, ""); ok {
		return k, nil
	}
	return publicKey{}, bad
}
