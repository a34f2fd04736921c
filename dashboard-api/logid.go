package dashboardapi

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strings"

	"turnkey/internal/redact"
)

// logIDs hides the places of log entries: the plain numbers count every tenant's entries and would tell
// how much others write. An id is one block of AES over the instance and the place, so the same entry
// always has the same id, and what is no id of the instance does not open.
type logIDs struct{ block cipher.Block }

const logIDPrefix = "log_"

func newLogIDs(key redact.Secret) (logIDs, error) {
	derived, err := hkdf.Key(sha256.New, []byte(key.Reveal()), nil, "turnkey dashboard-api log ids v1", 32)
	if err != nil {
		return logIDs{}, fmt.Errorf("derive the key of log ids: %w", err)
	}
	block, err := aes.NewCipher(derived)
	return logIDs{block}, err
}

// id gives the id of an instance's entry.
func (l logIDs) id(instance string, seq int64) string {
	var b [aes.BlockSize]byte
	sum := sha256.Sum256([]byte(instance))
	copy(b[:8], sum[:8])
	binary.BigEndian.PutUint64(b[8:], uint64(seq))
	l.block.Encrypt(b[:], b[:])
	return logIDPrefix + base64.RawURLEncoding.EncodeToString(b[:])
}

// seq reads an id of that instance.
func (l logIDs) seq(instance, id string) (int64, bool) {
	text, ok := strings.CutPrefix(id, logIDPrefix)
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if !ok || err != nil || len(b) != aes.BlockSize {
		return 0, false
	}
	l.block.Decrypt(b, b)
	sum := sha256.Sum256([]byte(instance))
	seq := int64(binary.BigEndian.Uint64(b[8:]))
	return seq, string(b[:8]) == string(sum[:8]) && seq > 0
}
