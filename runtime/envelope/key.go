package envelope

import (
	"bytes"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"fmt"

	"github.com/tink-crypto/tink-go/v2/hybrid"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"

	"turnkey/internal/fault"
	"turnkey/internal/redact"
)

// Keys are one pool's keys in their text forms. The control plane needs Sign and PoolPublic, a
// runtime Verify and PoolPrivate: neither half can do the other's work.
type Keys struct {
	Sign        redact.Secret // Ed25519, PKCS #8, PEM
	Verify      []byte        // Ed25519, PKIX, PEM; may hold several blocks
	PoolPrivate redact.Secret // tink keyset, JSON
	PoolPublic  []byte        // tink keyset, JSON
}

// GenerateKeys makes all four.
func GenerateKeys() (Keys, error) {
	var k Keys
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		return k, fmt.Errorf("making a signing key: %w", err)
	}
	if k.Sign, err = signPEM(private); err != nil {
		return k, err
	}
	if k.Verify, err = verifyPEM(public); err != nil {
		return k, err
	}
	handle, err := keyset.NewHandle(hybrid.DHKEM_X25519_HKDF_SHA256_HKDF_SHA256_AES_256_GCM_Key_Template())
	if err != nil {
		return k, fmt.Errorf("making a pool keyset: %w", err)
	}
	var text bytes.Buffer
	if err := insecurecleartextkeyset.Write(handle, keyset.NewJSONWriter(&text)); err != nil {
		return k, fmt.Errorf("writing a pool keyset: %w", err)
	}
	k.PoolPrivate = redact.New(text.String())
	k.PoolPublic, err = PublicKeyset(k.PoolPrivate)
	return k, err
}

// PublicKeyset derives the public half of a pool's private keyset.
func PublicKeyset(private redact.Secret) ([]byte, error) {
	handle, err := readPrivate(private)
	if err != nil {
		return nil, err
	}
	public, err := handle.Public()
	if err != nil {
		return nil, badKey("pool keyset")
	}
	var text bytes.Buffer
	if err := public.WriteWithNoSecrets(keyset.NewJSONWriter(&text)); err != nil {
		return nil, fmt.Errorf("writing a public keyset: %w", err)
	}
	return text.Bytes(), nil
}

func readPrivate(private redact.Secret) (*keyset.Handle, error) {
	handle, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader([]byte(private.Reveal()))))
	if err != nil {
		return nil, badKey("pool keyset")
	}
	return handle, nil
}

func signPEM(key ed25519.PrivateKey) (redact.Secret, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return redact.Secret{}, fmt.Errorf("writing a signing key: %w", err)
	}
	return redact.New(string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))), nil
}

func verifyPEM(key ed25519.PublicKey) ([]byte, error) {
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return nil, fmt.Errorf("writing a verify key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), nil
}

// Signer signs for a named purpose; a signature made for one purpose holds for no other.
type Signer struct{ key ed25519.PrivateKey }

// NewSigner reads a private key in PKCS #8, PEM.
func NewSigner(text redact.Secret) (*Signer, error) {
	block, _ := pem.Decode([]byte(text.Reveal()))
	if block == nil {
		return nil, badKey("signing key")
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, badKey("signing key")
	}
	private, ok := key.(ed25519.PrivateKey)
	if !ok {
		return nil, badKey("signing key")
	}
	return &Signer{private}, nil
}

// Public is the verify key that belongs to the signer, in PEM.
func (s *Signer) Public() ([]byte, error) { return verifyPEM(s.key.Public().(ed25519.PublicKey)) }

// Sign returns the 64 bytes of a signature.
func (s *Signer) Sign(purpose string, message []byte) []byte {
	return ed25519.Sign(s.key, forPurpose(purpose, message))
}

// Verifier holds the pinned keys. Its zero value believes nobody.
type Verifier struct{ keys []ed25519.PublicKey }

// NewVerifier reads one or more public keys in PEM.
func NewVerifier(text []byte) (*Verifier, error) {
	v := &Verifier{}
	for {
		block, rest := pem.Decode(text)
		if block == nil {
			break
		}
		text = rest
		key, err := x509.ParsePKIXPublicKey(block.Bytes)
		if err != nil {
			return nil, badKey("verify key")
		}
		public, ok := key.(ed25519.PublicKey)
		if !ok {
			return nil, badKey("verify key")
		}
		v.keys = append(v.keys, public)
	}
	if len(v.keys) == 0 {
		return nil, badKey("verify key")
	}
	return v, nil
}

// Verify reports whether any pinned key signed the message for that purpose.
func (v *Verifier) Verify(purpose string, message, signature []byte) bool {
	message = forPurpose(purpose, message)
	for _, key := range v.keys {
		if ed25519.Verify(key, message, signature) {
			return true
		}
	}
	return false
}

func forPurpose(purpose string, message []byte) []byte {
	return append(append([]byte(purpose), '\n'), message...)
}

// badKey leaves the parser's error out: it may quote the key.
func badKey(what string) error {
	return fault.Newf(fault.Invalid, "bad_key", "The %s cannot be read.", what).
		WithHint("Verify and signing keys are Ed25519 in PEM, keysets are tink's JSON; `turnkey keys generate` makes a set of them.")
}
