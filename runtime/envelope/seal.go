package envelope

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/tink-crypto/tink-go/v2/hybrid"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"

	"turnkey/internal/fault"
	"turnkey/internal/redact"
	"turnkey/runtime/bundle"
)

const (
	magic     = "TKB1"
	purpose   = "turnkey bundle v1"
	lengthLen = 4
	signLen   = 64
	// maxHeader and maxSealed bound what an opener looks at; maxBundle bounds what it inflates.
	maxHeader = 4 << 10
	maxSealed = 8 << 20
	maxBundle = 32 << 20
)

// Header is the signed, readable part: what a runtime needs to file the bytes without opening them.
type Header struct {
	Format   int       `json:"format"`
	Instance string    `json:"instance"`
	Host     string    `json:"host"`
	Revision int64     `json:"revision"` // 0: a candidate that no runtime may follow
	Deleted  bool      `json:"deleted,omitempty"`
	IssuedAt time.Time `json:"issued_at"`
}

// Sealer makes sealed bundles. Safe for concurrent use.
type Sealer struct {
	sign *Signer
	pool tink.HybridEncrypt
}

// NewSealer takes the control plane's halves of the keys.
func NewSealer(sign *Signer, poolPublic []byte) (*Sealer, error) {
	handle, err := keyset.ReadWithNoSecrets(keyset.NewJSONReader(bytes.NewReader(poolPublic)))
	if err != nil {
		return nil, badKey("pool's public keyset")
	}
	pool, err := hybrid.NewHybridEncrypt(handle)
	if err != nil {
		return nil, badKey("pool's public keyset")
	}
	return &Sealer{sign, pool}, nil
}

// Seal encrypts a bundle to the pool and signs it.
func (s *Sealer) Seal(b *bundle.Bundle) ([]byte, error) {
	header, err := json.Marshal(Header{
		Format: b.Format, Instance: b.Instance.ID, Host: b.Instance.Host, Revision: b.Revision,
		Deleted: b.Instance.State == bundle.Deleted, IssuedAt: b.IssuedAt,
	})
	if err != nil {
		return nil, fmt.Errorf("writing a bundle's header: %w", err)
	}
	plain, err := bundle.Encode(b)
	if err != nil {
		return nil, err
	}
	if len(header) > maxHeader || len(plain) > maxBundle {
		return nil, tooLarge()
	}
	small, err := deflate(plain)
	if err != nil {
		return nil, err
	}
	cipher, err := s.pool.Encrypt(small, header)
	if err != nil {
		return nil, fmt.Errorf("encrypting a bundle: %w", err)
	}
	out := binary.BigEndian.AppendUint32([]byte(magic), uint32(len(header)))
	out = append(out, header...)
	signature := s.sign.Sign(purpose, signed(out, cipher))
	out = append(append(out, signature...), cipher...)
	if len(out) > maxSealed {
		return nil, tooLarge()
	}
	return out, nil
}

func tooLarge() error {
	return fault.New(fault.TooLarge, "bundle_too_large", "The instance's configuration is too large for a bundle.").
		WithHint("A sealed bundle holds at most 8 MiB; remove tables or split the instance.")
}

// signed is what the signature covers: everything but itself.
func signed(head, cipher []byte) []byte {
	return append(append(make([]byte, 0, len(head)+len(cipher)), head...), cipher...)
}

// Opener reads sealed bundles. Safe for concurrent use.
type Opener struct {
	verify *Verifier
	pool   tink.HybridDecrypt
}

// NewOpener takes a runtime's halves of the keys.
func NewOpener(verify *Verifier, poolPrivate redact.Secret) (*Opener, error) {
	handle, err := readPrivate(poolPrivate)
	if err != nil {
		return nil, err
	}
	pool, err := hybrid.NewHybridDecrypt(handle)
	if err != nil {
		return nil, badKey("pool keyset")
	}
	return &Opener{verify, pool}, nil
}

// Header checks the signature and returns what was signed, without opening the bundle. A format that
// this runtime does not read is no error here.
func (o *Opener) Header(sealed []byte) (Header, error) {
	header, _, _, err := o.split(sealed)
	return header, err
}

// Open verifies and decrypts the bundle of one instance. Faults: bundle_forged when the signature, the
// keys or the instance are not as expected, bundle_too_new (see bundle.Decode), bundle_malformed.
func (o *Opener) Open(sealed []byte, instance string) (*bundle.Bundle, error) {
	header, raw, cipher, err := o.split(sealed)
	if err != nil {
		return nil, err
	}
	if header.Instance != instance {
		return nil, forged("it is another instance's")
	}
	if err := bundle.CheckFormat(header.Format); err != nil {
		return nil, err
	}
	small, err := o.pool.Decrypt(cipher, raw)
	if err != nil {
		return nil, forged("the pool's keyset does not open it")
	}
	plain, err := inflate(small)
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "bundle_malformed", "The bundle cannot be read.")
	}
	b, err := bundle.Decode(plain)
	if err != nil {
		return nil, err
	}
	if b.Instance.ID != header.Instance || b.Revision != header.Revision || b.Instance.Host != header.Host {
		return nil, forged("what it holds is not what its header says")
	}
	return b, nil
}

// split takes sealed bytes apart and checks the signature before it believes any of them.
func (o *Opener) split(sealed []byte) (h Header, raw, cipher []byte, err error) {
	if len(sealed) > maxSealed || len(sealed) < len(magic)+lengthLen || string(sealed[:len(magic)]) != magic {
		return h, nil, nil, forged("it has another form")
	}
	size := int(binary.BigEndian.Uint32(sealed[len(magic):]))
	start := len(magic) + lengthLen
	if size > maxHeader || len(sealed)-start < size+signLen {
		return h, nil, nil, forged("it is cut off")
	}
	head, signature, cipher := sealed[:start+size], sealed[start+size:start+size+signLen], sealed[start+size+signLen:]
	if !o.verify.Verify(purpose, signed(head, cipher), signature) {
		return h, nil, nil, forged("no pinned key signed it")
	}
	raw = head[start:]
	if err := json.Unmarshal(raw, &h); err != nil {
		return h, nil, nil, fault.Wrap(err, fault.Invalid, "bundle_malformed", "The bundle's header cannot be read.")
	}
	return h, raw, cipher, nil
}

func forged(why string) error {
	return fault.Newf(fault.Invalid, "bundle_forged", "The sealed bundle is not believed: %s.", why).
		WithHint("Check that the runtime's verify keys and pool keyset belong to this control plane.")
}

func deflate(plain []byte) ([]byte, error) {
	var out bytes.Buffer
	w, err := flate.NewWriter(&out, flate.BestCompression)
	if err == nil {
		_, err = w.Write(plain)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("compressing a bundle: %w", err)
	}
	return out.Bytes(), nil
}

func inflate(small []byte) ([]byte, error) {
	r := flate.NewReader(bytes.NewReader(small))
	defer r.Close()
	plain, err := io.ReadAll(io.LimitReader(r, maxBundle+1))
	if err != nil {
		return nil, fmt.Errorf("inflating a bundle: %w", err)
	}
	if len(plain) > maxBundle {
		return nil, tooLarge()
	}
	return plain, nil
}
