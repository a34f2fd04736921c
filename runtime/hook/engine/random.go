package engine

import (
	"crypto/sha256"
	"encoding/hex"
	"math/rand/v2"
)

// random is everything random that a call sees: the same seed gives the same values in the same order.
// ChaCha8 is as hard to foresee as the seed is.
type random struct{ source *rand.ChaCha8 }

func newRandom(seed string) random {
	return random{rand.NewChaCha8(sha256.Sum256([]byte("turnkey hook\x00" + seed)))}
}

// float is in [0, 1).
func (r random) float() float64 { return float64(r.source.Uint64()>>11) / (1 << 53) }

func (r random) bytes(n int) []byte {
	b := make([]byte, n)
	_, _ = r.source.Read(b) // a ChaCha8 always fills the slice
	return b
}

// uuid is a random UUID (version 4).
func (r random) uuid() string {
	b := r.bytes(16)
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	h := hex.EncodeToString(b)
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}
