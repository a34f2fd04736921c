package dashboardapi

import (
	"cmp"
	"context"
	"math"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Limits bounds requests, per minute; zero fields take the values beside them. They hold per replica.
type Limits struct {
	PerAddress      int // 1200: all requests of one client address (an IPv6 /64)
	PerActor        int // 600: all requests of one API token or person
	LoginPerAddress int // 20: attempts to sign in or up from one address
	LoginPerAccount int // 10: attempts to sign in to one account, from anywhere
}

// maxTracked bounds each map; an entry is about 150 bytes.
const maxTracked = 50_000

type limiters struct{ address, actor, loginAddress, loginAccount *limiter }

func newLimiters(l Limits) *limiters {
	return &limiters{
		address: newLimiter(cmp.Or(l.PerAddress, 1200)), actor: newLimiter(cmp.Or(l.PerActor, 600)),
		loginAddress: newLimiter(cmp.Or(l.LoginPerAddress, 20)), loginAccount: newLimiter(cmp.Or(l.LoginPerAccount, 10)),
	}
}

// limiter has one bucket per key. A minute's worth may come at once.
type limiter struct {
	perMinute int

	mu      sync.Mutex
	buckets map[string]*rate.Limiter
}

func newLimiter(perMinute int) *limiter {
	return &limiter{perMinute: perMinute, buckets: map[string]*rate.Limiter{}}
}

// take counts one request, or says when to come again.
func (l *limiter) take(ctx context.Context, key string, now time.Time) error {
	b := l.bucket(key, now)
	if b.AllowN(now, 1) {
		return nil
	}
	p := statusProblem(ctx, http.StatusTooManyRequests, "rate_limited", "Too many requests.")
	p.retryAfter = int(math.Ceil((1 - b.TokensAt(now)) / float64(b.Limit())))
	return p
}

func (l *limiter) bucket(key string, now time.Time) *rate.Limiter {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.buckets[key]
	if b == nil {
		if len(l.buckets) >= maxTracked {
			l.forget(now)
		}
		b = rate.NewLimiter(rate.Limit(float64(l.perMinute)/60), l.perMinute)
		l.buckets[key] = b
	}
	return b
}

// forget drops what has nothing to remember (a full bucket equals a new one). When everybody is busy
// it drops a tenth at random: better a few forgotten counts than a map without end.
func (l *limiter) forget(now time.Time) {
	for key, b := range l.buckets {
		if b.TokensAt(now) >= float64(l.perMinute) {
			delete(l.buckets, key)
		}
	}
	for key := range l.buckets {
		if len(l.buckets) < maxTracked*9/10 {
			return
		}
		delete(l.buckets, key)
	}
}

// addressKey counts an IPv6 customer's whole network as one.
func addressKey(ip string) string {
	address, err := netip.ParseAddr(ip)
	if err != nil || address.Is4() {
		return ip
	}
	network, err := address.Prefix(64)
	if err != nil {
		return ip
	}
	return network.String()
}
