// Package seal encrypts what the control plane keeps for its customers (secrets, private keys) with a
// key-encryption keyset that is not in the database. It must not know rows, SQL or what a value means:
// the caller gives a label that names the row, and a value opens only under the label that it was
// sealed with. Moving a sealed value to another row, instance or version makes it unreadable.
//
// # Rotation
//
// A keyset holds several keys, one of them primary. A sealed value starts with the id of its key, so
// values of old and new keys live side by side:
//
//	rotate    add a key, make it primary: new values use it, old ones still open
//	rewrap    seal every row anew (controlplane.Keyring does it, row by row, restartable)
//	prune     drop every key but the primary, once a verification finds no value of another
//
// # Loss
//
// The database without the keyset is unreadable for good: back up both, apart from each other.
// controlplane.Keyring.Verify opens every value, which proves that a restored backup and a keyset
// belong together.
package seal

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"

	"turnkey/internal/fault"
	"turnkey/internal/redact"
)

// Keyset seals and opens. Safe for concurrent use; Rotate and Prune return new ones.
type Keyset struct {
	handle *keyset.Handle
	aead   tink.AEAD
}

// Generate makes a keyset with one AES-256-GCM key.
func Generate() (*Keyset, error) {
	h, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return nil, fmt.Errorf("making a key-encryption key: %w", err)
	}
	return of(h)
}

// Parse reads a keyset in tink's JSON.
func Parse(text redact.Secret) (*Keyset, error) {
	h, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader([]byte(text.Reveal()))))
	if err != nil {
		return nil, unreadable() // the parser's error may quote the key
	}
	return of(h)
}

func of(h *keyset.Handle) (*Keyset, error) {
	a, err := aead.New(h)
	if err != nil {
		return nil, unreadable()
	}
	return &Keyset{h, a}, nil
}

func unreadable() error {
	return fault.New(fault.Invalid, "bad_kek", "The key-encryption keyset cannot be read.").
		WithHint("Set TURNKEY_KEK_FILE to a file made by `turnkey keys generate`.")
}

// Text is the keyset in tink's JSON.
func (k *Keyset) Text() (redact.Secret, error) {
	var out bytes.Buffer
	if err := insecurecleartextkeyset.Write(k.handle, keyset.NewJSONWriter(&out)); err != nil {
		return redact.Secret{}, fmt.Errorf("writing the key-encryption keyset: %w", err)
	}
	return redact.New(out.String()), nil
}

// Seal encrypts a value for the row that label names, such as "secret/ins_1/SOURCE_URI/3".
func (k *Keyset) Seal(plain []byte, label string) ([]byte, error) {
	out, err := k.aead.Encrypt(plain, []byte(label))
	if err != nil {
		return nil, fmt.Errorf("sealing %s: %w", label, err)
	}
	return out, nil
}

// Open decrypts a value of the row that label names.
func (k *Keyset) Open(sealed []byte, label string) ([]byte, error) {
	plain, err := k.aead.Decrypt(sealed, []byte(label))
	if err != nil {
		return nil, fault.New(fault.Internal, "unsealable", "The sealed value "+label+" does not open.").
			WithHint("The key-encryption keyset is not the one that this database was sealed with, or the row was altered.")
	}
	return plain, nil
}

// Current reports whether a value was sealed with the primary key.
func (k *Keyset) Current(sealed []byte) bool {
	return keyID(sealed) == k.handle.KeysetInfo().GetPrimaryKeyId()
}

// keyID reads tink's prefix: one byte of version, four of key id.
func keyID(sealed []byte) uint32 {
	if len(sealed) < 5 {
		return 0
	}
	return binary.BigEndian.Uint32(sealed[1:5])
}

// Rotate returns the keyset with a new primary key. Store it before using it.
func (k *Keyset) Rotate() (*Keyset, error) {
	m := keyset.NewManagerFromHandle(k.handle)
	id, err := m.Add(aead.AES256GCMKeyTemplate())
	if err == nil {
		err = m.SetPrimary(id)
	}
	return managed(m, err)
}

// Prune returns the keyset with nothing but its primary key.
func (k *Keyset) Prune() (*Keyset, error) {
	m := keyset.NewManagerFromHandle(k.handle)
	info := k.handle.KeysetInfo()
	for _, key := range info.GetKeyInfo() {
		if key.GetKeyId() == info.GetPrimaryKeyId() {
			continue
		}
		if err := m.Delete(key.GetKeyId()); err != nil {
			return nil, fmt.Errorf("dropping an old key-encryption key: %w", err)
		}
	}
	return managed(m, nil)
}

func managed(m *keyset.Manager, err error) (*Keyset, error) {
	if err != nil {
		return nil, fmt.Errorf("changing the key-encryption keyset: %w", err)
	}
	h, err := m.Handle()
	if err != nil {
		return nil, fmt.Errorf("changing the key-encryption keyset: %w", err)
	}
	return of(h)
}

// Keys is how many keys the keyset holds.
func (k *Keyset) Keys() int { return k.handle.Len() }

// ReadFile reads a keyset from a file.
func ReadFile(path string) (*Keyset, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "kek_unreadable", "The key-encryption keyset "+path+" cannot be read.").
			WithHint("Set TURNKEY_KEK_FILE to a readable file; `turnkey keys generate` makes one.")
	}
	return Parse(redact.New(string(raw)))
}

// EnsureFile reads a keyset and makes it when the file is absent; for development. The database is
// unreadable without the file, so one that exists is never replaced.
func EnsureFile(path string) (*Keyset, error) {
	if _, err := os.Stat(path); err == nil || !errors.Is(err, os.ErrNotExist) {
		return ReadFile(path)
	}
	k, err := Generate()
	if err != nil {
		return nil, err
	}
	return k, k.WriteFile(path)
}

// WriteFile stores the keyset, readable by its owner only; a crash leaves the old file or the new one.
func (k *Keyset) WriteFile(path string) error {
	text, err := k.Text()
	if err != nil {
		return err
	}
	fail := func(err error) error {
		return fault.Wrap(err, fault.Invalid, "kek_unwritable", "The key-encryption keyset cannot be written to "+path+".")
	}
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fail(err)
	}
	f, err := os.CreateTemp(dir, filepath.Base(path)+".*.tmp") // mode 0600
	if err != nil {
		return fail(err)
	}
	_, err = f.WriteString(text.Reveal())
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return fail(errors.Join(err, os.Remove(f.Name())))
	}
	d, err := os.Open(dir)
	if err == nil {
		err = errors.Join(d.Sync(), d.Close())
	}
	if err != nil {
		return fail(err)
	}
	return nil
}
