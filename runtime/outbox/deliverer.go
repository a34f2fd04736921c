package outbox

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"turnkey/runtime/bundle"
	"turnkey/runtime/source"
	"turnkey/runtime/telemetry"
)

// Instance is one that this process may serve.
type Instance struct {
	ID, Host string
	Revision int64
}

// Place is an instance's outbox during a visit.
type Place struct {
	Bundle *bundle.Bundle
	Source source.Source
	Live   bool // it serves requests here, too
}

// Call is one delivery to a hook.
type Call struct {
	Bundle   *bundle.Bundle
	Source   source.Source
	Delivery *source.Delivery // with its payload
}

// Runner runs afterCommit hooks.
type Runner interface {
	// Handles reports whether a bundle has such hooks.
	Handles(b *bundle.Bundle) bool
	// Run calls the hook; the context has the time limit. log is what it logged, or its beginning. Code and
	// message of an error's fault are kept with the delivery, which is tried again unless GaveUp made the
	// error. An error of kind Unavailable says that hooks cannot run now at all: then it was no attempt.
	Run(ctx context.Context, c Call) (log string, err error)
}

// Policy says how often and when a delivery is attempted.
type Policy struct {
	First    time.Duration // until the second attempt
	Factor   float64       // each further wait against the one before
	Most     time.Duration // the longest wait
	Attempts int           // until it is dead
	Timeout  time.Duration // of one attempt
}

// DefaultPolicy tries for about four and a half days.
var DefaultPolicy = Policy{First: 5 * time.Second, Factor: 3, Most: 24 * time.Hour, Attempts: 14, Timeout: 15 * time.Second}

// Limits of a deliverer. A zero takes the default.
type Limits struct {
	Rounds   int           // instances at once; 16
	Attempts int           // at once, of all instances; 32
	Lane     int           // attempts at once of one lane; 8
	Hooks    int           // the same of an instance's afterCommit hooks, each of which keeps a worker; 2
	Bytes    int64         // of payloads at once; 16 MB, at least source.MaxDelivery
	Round    time.Duration // how long an instance's turn lasts; 20 s
	Poll     time.Duration // looks at an instance that is live; a minute
	IdlePoll time.Duration // looks at one that is not; an hour
	Drain    time.Duration // how long attempts may go on when Run ends; 5 s
}

func (l Limits) filled() Limits {
	for _, d := range []struct {
		at      *time.Duration
		usually time.Duration
	}{{&l.Round, 20 * time.Second}, {&l.Poll, time.Minute}, {&l.IdlePoll, time.Hour}, {&l.Drain, 5 * time.Second}} {
		if *d.at <= 0 {
			*d.at = d.usually
		}
	}
	for _, n := range []struct {
		at      *int
		usually int
	}{{&l.Rounds, 16}, {&l.Attempts, 32}, {&l.Lane, 8}, {&l.Hooks, 2}} {
		if *n.at <= 0 {
			*n.at = n.usually
		}
	}
	if l.Bytes <= 0 {
		l.Bytes = 16 << 20
	}
	l.Bytes = max(l.Bytes, source.MaxDelivery)
	return l
}

// Config of a deliverer. All functions are called concurrently.
type Config struct {
	// Instances lists what may be served; it is asked every few seconds.
	Instances func() []Instance
	// Visit gives do an instance's outbox, if want says of its bundle that it is wanted, without making
	// the instance live.
	Visit func(ctx context.Context, host string, want func(*bundle.Bundle) bool, do func(Place) error) error
	// Client sends webhooks: it dials through the guard, follows no redirect and bounds answers.
	Client *http.Client
	Runner Runner // nil: there are no hooks
	Policy Policy
	Limits Limits
	// Observe is told of attempts that have ended; nil: nobody is. It must not wait.
	Observe func(telemetry.Entry)
	Now     func() time.Time
	Random  func() float64 // in [0, 1)
	NewID   func() string  // for leases: unique among all runtimes
	Log     *slog.Logger
}

// Deliverer delivers for every instance of a runtime. Safe for concurrent use.
type Deliverer struct {
	cfg    Config
	sends  *semaphore.Weighted
	memory *semaphore.Weighted
	wake   chan struct{} // the schedule has changed
	rounds sync.WaitGroup

	mu      sync.Mutex
	byID    map[string]*turn
	early   map[string]bool // enqueued before they were listed
	running int
}

// New makes a deliverer; nothing happens before Run.
func New(cfg Config) *Deliverer {
	cfg.Limits = cfg.Limits.filled()
	return &Deliverer{
		cfg: cfg, sends: semaphore.NewWeighted(int64(cfg.Limits.Attempts)), memory: semaphore.NewWeighted(cfg.Limits.Bytes),
		wake: make(chan struct{}, 1), byID: map[string]*turn{}, early: map[string]bool{},
	}
}

// wants reports whether a bundle can have anything to deliver now.
func (d *Deliverer) wants(b *bundle.Bundle) bool {
	return b.Deployment > 0 && b.Instance.State == bundle.Active && (len(b.Config.Outbox) > 0 || d.hooks(b))
}

func (d *Deliverer) hooks(b *bundle.Bundle) bool {
	return d.cfg.Runner != nil && d.cfg.Runner.Handles(b)
}
