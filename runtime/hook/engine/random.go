package engine

import (
	"crypto/sha256"
	"encoding/hex"
	"math/rand/v2"
)

// random is everything random that a call sees: the same seed gives the same values in the same order.
// ChaCha8 is as hard to foresee as the seed is.
type random struct {
	seed   string
	source *rand.ChaCha8 // made when it is first asked: few calls ask
}

func newRandom(seed string) random { return random{seed: seed} }

func (r *random) made() *rand.ChaCha8 {
	if r.source == nil {
		r.source = rand.NewChaCha8(sha256.Sum256([]byte("turnkey hook\x00" + r.seed)))
	}
	return r.source
}

// float is in [0, 1).
func (r *random) float() float64 { return float64(r.made().Uint64()>>11) / (1 << 53) }

func (r *random) bytes(n int) []byte {
	b := make([]byte, n)
	_, _ = r.made().Read(b) // a ChaCha8 always fills the slice
	return b
}

// uuid is a random UUID (version 4).
func (r *random) uuid() string {
	b := r.bytes(16)
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	h := hex.EncodeToString(b)
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}
