package controlplane

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"strings"

	"turnkey/internal/redact"
)

// The prefixes of strings that prove something; they let scanners find leaked ones.
const (
	tokenPrefix      = "tk_"
	invitationPrefix = "ti_"
	sessionPrefix    = "ts_"
	verifyPrefix     = "tv_"
	resetPrefix      = "tr_"
	emailPrefix      = "te_"
	challengePrefix  = "tc_"
)

const (
	secretBytes = 32
	sumBytes    = 4
)

// newSecret makes prefix, 256 random bits and a CRC-32 of both. The sum lets scanners and us drop
// mistyped and cut strings without asking the database; it protects nothing.
func (k *core) newSecret(prefix string) (redact.Secret, error) {
	body := make([]byte, secretBytes, secretBytes+sumBytes)
	if _, err := io.ReadFull(k.random, body); err != nil {
		return redact.Secret{}, fmt.Errorf("read randomness for a secret: %w", err)
	}
	body = binary.BigEndian.AppendUint32(body, secretSum(prefix, body))
	return redact.New(prefix + crockford.EncodeToString(body)), nil
}

// wellFormed reports whether text was made by newSecret, as a whole.
func wellFormed(prefix, text string) bool {
	encoded, ok := strings.CutPrefix(text, prefix)
	if !ok {
		return false
	}
	body, err := crockford.DecodeString(encoded)
	if err != nil || len(body) != secretBytes+sumBytes || crockford.EncodeToString(body) != encoded {
		return false
	}
	return binary.BigEndian.Uint32(body[secretBytes:]) == secretSum(prefix, body[:secretBytes])
}

func secretSum(prefix string, body []byte) uint32 {
	return crc32.Update(crc32.ChecksumIEEE([]byte(prefix)), crc32.IEEETable, body)
}

// digest is what the store keeps of a secret. The secrets are 256 random bits, so a plain hash is
// enough, and looking one up by its hash leaks nothing through timing.
func digest(text string) []byte {
	sum := sha256.Sum256([]byte(text))
	return sum[:]
}
