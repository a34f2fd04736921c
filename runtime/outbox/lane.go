package outbox

import (
	"sync"
	"time"
)

const (
	// tripAfter failures in a row open a lane's breaker, for openFirst, then twice as long each time.
	tripAfter = 5
	openFirst = 10 * time.Second
	openMost  = 5 * time.Minute
	// restMost bounds how long a receiver has its whole lane left alone by Retry-After. The delivery
	// itself waits as long as it was told to.
	restMost = time.Hour
)

// lanes of one instance under one revision, by name. Only the instance's round uses the map, and rounds
// of one instance never overlap.
type lanes map[string]*lane

func (l lanes) of(name string) *lane {
	if l[name] == nil {
		l[name] = &lane{}
	}
	return l[name]
}

// lane is a receiver's breaker.
type lane struct {
	mu       sync.Mutex
	failures int           // in a row
	span     time.Duration // how long it was open the last time
	until    time.Time     // closed for claims before
}

// room is how many deliveries may be attempted at once from now; 0: none before until. After a break one
// goes first.
func (l *lane) room(now time.Time, most int) (n int, until time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case now.Before(l.until):
		return 0, l.until
	case l.failures >= tripAfter:
		return 1, time.Time{}
	}
	return most, time.Time{}
}

// took notes that the receiver is there, whatever it answered.
func (l *lane) took() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.failures, l.span = 0, 0
}

// failed notes that it is not, or wants to be left alone for a while.
func (l *lane) failed(now time.Time, rest time.Duration, random float64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.failures++
	pause := min(rest, restMost)
	if l.failures >= tripAfter && !now.Before(l.until) { // attempts that were under way when it opened do not count
		l.span = min(max(2*l.span, openFirst), openMost)
		pause = max(pause, time.Duration(float64(l.span)*(0.75+random/2)))
	}
	if until := now.Add(pause); until.After(l.until) {
		l.until = until
	}
}
