package outbox

import (
	"math"
	"net/http"
	"strconv"
	"time"
)

// after is how long to wait after the n-th attempt, from 1: a fifth more or less, and not less than the
// receiver asked for.
func (p Policy) after(n int, asked time.Duration, random float64) time.Duration {
	usual := float64(p.First) * math.Pow(p.Factor, float64(max(n, 1)-1))
	usual = min(usual, float64(p.Most)) * (0.8 + 0.4*random)
	return min(max(time.Duration(usual), asked), p.Most)
}

// retryAfter reads the header: seconds, or a time. 0: the receiver asked for nothing.
func retryAfter(h http.Header, now time.Time) time.Duration {
	text := h.Get("Retry-After")
	if seconds, err := strconv.ParseUint(text, 10, 32); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(0, at.Sub(now))
	}
	return 0
}
