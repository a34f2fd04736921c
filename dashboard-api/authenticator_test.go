package dashboardapi

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"testing"

	"github.com/fxamacker/cbor/v2"
)

// authenticator is a device with one passkey, as a browser at an origin would use it.
type authenticator struct {
	*testing.T
	origin, site string
	id, handle   []byte
	key          *ecdsa.PrivateKey
	counter      uint32
	// careless devices do not ask for their owner's finger or PIN.
	careless bool
}

func newAuthenticator(t *testing.T) *authenticator {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return &authenticator{T: t, origin: "https://dashboard.example", site: "dashboard.example", id: []byte(rand.Text()), key: key}
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// client is what the browser adds to what is signed.
func (a *authenticator) client(kind, challenge string) []byte {
	text, err := json.Marshal(map[string]any{"type": kind, "challenge": challenge, "origin": a.origin, "crossOrigin": false})
	if err != nil {
		a.Fatal(err)
	}
	return text
}

// data is the authenticator's part; made says that it carries the new key.
func (a *authenticator) data(made bool) []byte {
	sum := sha256.Sum256([]byte(a.site))
	const present, verified, attested = 1, 4, 64
	flags := byte(present)
	if !a.careless {
		flags |= verified
	}
	if made {
		flags |= attested
	}
	a.counter++
	out := binary.BigEndian.AppendUint32(append(sum[:], flags), a.counter)
	if !made {
		return out
	}
	public, err := a.key.PublicKey.Bytes() // 4, x, y
	if err != nil {
		a.Fatal(err)
	}
	cose, err := cbor.Marshal(map[int]any{1: 2, 3: -7, -1: 1, -2: public[1:33], -3: public[33:]})
	if err != nil {
		a.Fatal(err)
	}
	out = append(out, make([]byte, 16)...) // of no make
	out = binary.BigEndian.AppendUint16(out, uint16(len(a.id)))
	return append(append(out, a.id...), cose...)
}

// create answers a registration.
func (a *authenticator) create(ceremony reply) map[string]any {
	a.Helper()
	options := ceremony.json["options"].(map[string]any)
	handle, err := base64.RawURLEncoding.DecodeString(options["user"].(map[string]any)["id"].(string))
	if err != nil {
		a.Fatal(err)
	}
	a.handle = handle
	object, err := cbor.Marshal(map[string]any{"fmt": "none", "attStmt": map[string]any{}, "authData": a.data(true)})
	if err != nil {
		a.Fatal(err)
	}
	return a.credential(map[string]any{"clientDataJSON": b64(a.client("webauthn.create", options["challenge"].(string))), "attestationObject": b64(object), "transports": []string{"internal"}})
}

// get answers a sign-in.
func (a *authenticator) get(ceremony reply) map[string]any {
	a.Helper()
	client := a.client("webauthn.get", ceremony.json["options"].(map[string]any)["challenge"].(string))
	data := a.data(false)
	sum := sha256.Sum256(client)
	signed := sha256.Sum256(append(append([]byte{}, data...), sum[:]...))
	signature, err := ecdsa.SignASN1(rand.Reader, a.key, signed[:])
	if err != nil {
		a.Fatal(err)
	}
	return a.credential(map[string]any{"clientDataJSON": b64(client), "authenticatorData": b64(data), "signature": b64(signature), "userHandle": b64(a.handle)})
}

func (a *authenticator) credential(response map[string]any) map[string]any {
	return map[string]any{"id": b64(a.id), "rawId": b64(a.id), "type": "public-key", "response": response, "clientExtensionResults": map[string]any{}, "authenticatorAttachment": "platform"}
}
