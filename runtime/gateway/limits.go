package gateway

import (
	"runtime"
	"time"

	"turnkey/runtime/admission"
)

// Limits of a gateway. A zero takes the default; a rate of zero allows everything. Rates are per
// second.
type Limits struct {
	AddressRate  float64 // requests from one address; beyond it 503
	InstanceRate float64 // uploads to one instance; beyond it they are held
	UserRate     float64 // uploads of one user of an instance; beyond it they are held

	// Token requests from one address, to one instance and for one user of it; beyond them 429.
	TokenAddressRate, TokenInstanceRate, TokenUserRate float64

	Uploads admission.Limits
	Tokens  admission.Limits
	// BodyBytes bounds what upload bodies take all together, their decoded form included; at least
	// 128 MB, so that the largest body fits.
	BodyBytes int64

	// MaxLive bounds the live instances: beyond it the one that was asked for least lately is closed.
	MaxLive int
	// IdleAfter closes live instances that nobody asked for; zero: five minutes.
	IdleAfter time.Duration
	// SourceCall bounds one call to a source.
	SourceCall time.Duration
}

// DefaultUploads are the limits of uploads for so many slots; 0: four for each processor.
func DefaultUploads(slots int) admission.Limits {
	if slots <= 0 {
		slots = 4 * runtime.GOMAXPROCS(0)
	}
	return admission.Limits{
		// A source has 8 connections: 16 keep them busy while others decode and answer.
		Slots: slots, PerInstance: 16, PerUser: 8,
		Waiting: 1024, InstanceWaiting: 128,
		// An upload has 20 s from its turn and the stock client gives up after 30.
		MaxWait: 3 * time.Second, ShortWait: 250 * time.Millisecond, Standing: time.Second,
	}
}

// defaultTokens lets an instance whose provider's keys cannot be fetched keep a quarter of the slots
// waiting, and no more.
func defaultTokens() admission.Limits {
	slots := max(16, 4*runtime.GOMAXPROCS(0))
	return admission.Limits{
		Slots: slots, PerInstance: slots / 4, PerUser: slots / 4,
		Waiting: 1024, InstanceWaiting: 256,
		MaxWait: 3 * time.Second, ShortWait: 250 * time.Millisecond, Standing: time.Second,
	}
}

func (l Limits) filled() Limits {
	if l.Uploads == (admission.Limits{}) {
		l.Uploads = DefaultUploads(0)
	}
	if l.Tokens == (admission.Limits{}) {
		l.Tokens = defaultTokens()
	}
	l.BodyBytes = max(l.BodyBytes, 2*maxBody)
	if l.MaxLive == 0 {
		l.MaxLive = 500
	}
	if l.IdleAfter == 0 {
		l.IdleAfter = 5 * time.Minute
	}
	if l.SourceCall == 0 {
		l.SourceCall = 15 * time.Second
	}
	return l
}

// rates are the limits that only count.
type rates struct {
	address, instance, user, tokenAddress, tokenInstance, tokenUser *limiter
}

func newRates(l Limits, now func() time.Time) rates {
	return rates{
		address: newLimiter(l.AddressRate, now), instance: newLimiter(l.InstanceRate, now), user: newLimiter(l.UserRate, now),
		tokenAddress: newLimiter(l.TokenAddressRate, now), tokenInstance: newLimiter(l.TokenInstanceRate, now), tokenUser: newLimiter(l.TokenUserRate, now),
	}
}
