package controlplane

import (
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"io"
	"sync"
	"time"
)

// The prefixes of ids; a prefix never changes its meaning.
const (
	prefixOrganization = "org"
	prefixUser         = "usr"
	prefixSession      = "ses"
	prefixToken        = "tok"
	prefixInvitation   = "inv"
	prefixEvent        = "evt"
	prefixProject      = "prj"
	prefixInstance     = "ins"
	prefixDeployment   = "dep"
	prefixKey          = "key"
	prefixAPIKey       = "ak"
	prefixMail         = "mail"
	prefixPasskey      = "pk"
	prefixIdentity     = "idn"
	prefixChannel      = "ach"
	prefixAlert        = "alr"
	prefixAlertMessage = "alm"
	prefixExport       = "exp"
)

// crockford is Douglas Crockford's base32, in lower case: it sorts like the bytes do and has no letters
// that read like digits.
var crockford = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// IDs makes ids: a prefix and a UUIDv7 in 26 characters. Ids of one process sort by the order of their
// making, also within a millisecond: the 12 bits after the time count (RFC 9562, 6.2, method 1).
type IDs struct {
	now    func() time.Time
	random io.Reader

	mu     sync.Mutex
	millis int64
	count  uint16
}

// NewIDs makes a source of ids.
func NewIDs(now func() time.Time, random io.Reader) *IDs { return &IDs{now: now, random: random} }

// New makes one id. It fails only when there is no randomness.
func (g *IDs) New(prefix string) (string, error) {
	var u [16]byte
	if _, err := io.ReadFull(g.random, u[8:]); err != nil {
		return "", fmt.Errorf("read randomness for an id: %w", err)
	}
	g.mu.Lock()
	if millis := g.now().UnixMilli(); millis > g.millis {
		g.millis, g.count = millis, 0
	} else if g.count++; g.count > 0xfff { // also when the clock stepped back
		g.millis, g.count = g.millis+1, 0
	}
	binary.BigEndian.PutUint64(u[:8], uint64(g.millis)<<16|0x7000|uint64(g.count))
	g.mu.Unlock()
	u[8] = u[8]&0x3f | 0x80
	return prefix + "_" + crockford.EncodeToString(u[:]), nil
}
