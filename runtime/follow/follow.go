package follow

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"turnkey/internal/fault"
	"turnkey/internal/lifecycle"
	"turnkey/runtime/bundle"
	"turnkey/runtime/envelope"
	"turnkey/runtime/feed"
)

// Feed is a control plane as the follower sees it. *feed.Client is one, over HTTP.
type Feed interface {
	// List gives what was published since a cursor; 0 lists everything.
	List(ctx context.Context, since int64) (feed.Page, error)
	// Wait is a hint: it returns when something after the cursor may exist, or early.
	Wait(ctx context.Context, since int64) error
	// Fetch gives an instance's newest sealed bundle.
	Fetch(ctx context.Context, instance string) ([]byte, error)
	// Report sends a heartbeat with everything that is new.
	Report(ctx context.Context, r feed.Report) error
}

// Config of a follower.
type Config struct {
	Feed    Feed
	Opener  *envelope.Opener
	Dir     string // of the disk cache
	Runtime feed.Runtime
	// Accept looks at a new revision before it replaces the last good one; an error refuses it and is
	// reported. nil accepts all that can be opened. It is not called for what the disk held.
	Accept func(ctx context.Context, b *bundle.Bundle) error
	// Degraded gives what is wrong with instances that serve, for the reports; may be nil.
	Degraded func(ctx context.Context) []feed.Condition
	// Poll is how often the feed is listed without a hint; zero: 15 s.
	Poll time.Duration
	// Relist is how often the list starts from nothing; zero: 5 minutes.
	Relist time.Duration
	Now    func() time.Time
	Log    *slog.Logger
}

// Follower holds the newest good bundle of every instance. Safe for concurrent use.
type Follower struct {
	cfg    Config
	cache  cache
	poke   chan struct{} // list now
	told   chan struct{} // report now
	synced chan struct{} // closed after the first complete listing

	mu       sync.RWMutex
	byID     map[string]*entry
	byHost   map[string]*entry
	watchers map[int]func(feed.Change)
	watcher  int // last key of watchers
	acks     []feed.Ack
	brakes   []feed.Brake // not yet heard
	cacheErr *feed.Condition
	sandbox  *feed.Sandbox

	// The rest belongs to Run's listing goroutine alone, but cursor is read by the one that waits.
	cursor   int64
	wanted   map[string]int64 // announced, not yet settled
	listed   time.Time        // start of the last complete listing
	complete bool
}

// entry is one instance's last good revision: sealed bytes, nothing more.
type entry struct {
	header envelope.Header
	sealed []byte
}

// New reads the disk cache. It does not need the control plane.
func New(cfg Config) (*Follower, error) {
	if cfg.Poll == 0 {
		cfg.Poll = 15 * time.Second
	}
	if cfg.Relist == 0 {
		cfg.Relist = 5 * time.Minute
	}
	c, err := openCache(cfg.Dir)
	if err != nil {
		return nil, err
	}
	f := &Follower{
		cfg: cfg, cache: c, poke: make(chan struct{}, 1), told: make(chan struct{}, 1), synced: make(chan struct{}),
		byID: map[string]*entry{}, byHost: map[string]*entry{}, watchers: map[int]func(feed.Change){}, wanted: map[string]int64{},
	}
	return f, c.each(f.load)
}

// load takes one cached bundle; one that cannot be believed or opened is passed over.
func (f *Follower) load(instance string, sealed []byte, err error) {
	var h envelope.Header
	if err == nil {
		h, err = f.cfg.Opener.Header(sealed)
	}
	if err == nil {
		_, err = f.cfg.Opener.Open(sealed, instance)
	}
	if err != nil {
		f.cfg.Log.Warn("a cached bundle is passed over", "instance", instance, "error", err)
		return
	}
	e := &entry{h, sealed}
	f.byID[instance], f.byHost[h.Host] = e, e
	f.acks = append(f.acks, feed.Ack{Instance: instance, Revision: h.Revision})
}

// Run follows until the context ends, then says goodbye. Call it once.
func (f *Follower) Run(ctx context.Context) error {
	group := lifecycle.NewGroup(ctx, f.cfg.Log)
	defer group.Stop()
	group.Go("wait for hints", f.waitForHints)
	group.Go("report", f.report)
	tick := time.NewTicker(f.cfg.Poll)
	defer tick.Stop()
	for {
		if err := f.sync(ctx); err != nil && ctx.Err() == nil {
			f.cfg.Log.Warn("the feed could not be followed; serving what is here", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-f.poke:
		case <-tick.C:
		}
	}
}

// Synced is closed when everything that the control plane has published is here or refused.
func (f *Follower) Synced() <-chan struct{} { return f.synced }

// Len is the number of instances that can be served.
func (f *Follower) Len() int {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return len(f.byID)
}

// Refresh asks for a listing now.
func (f *Follower) Refresh() { signal(f.poke) }

// Revision gives the newest good revision of a host.
func (f *Follower) Revision(_ context.Context, host string) (int64, error) {
	e, err := f.find(host)
	if err != nil {
		return 0, err
	}
	return e.header.Revision, nil
}

// Bundle opens the newest good bundle of a host. The follower itself keeps only the sealed bytes.
func (f *Follower) Bundle(_ context.Context, host string) (*bundle.Bundle, error) {
	e, err := f.find(host)
	if err != nil {
		return nil, err
	}
	return f.cfg.Opener.Open(e.sealed, e.header.Instance)
}

// Host gives the host of an instance.
func (f *Follower) Host(instance string) (string, error) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	if e := f.byID[instance]; e != nil && !e.header.Deleted {
		return e.header.Host, nil
	}
	return "", noInstance()
}

func (f *Follower) find(host string) (*entry, error) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	if e := f.byHost[host]; e != nil && !e.header.Deleted {
		return e, nil
	}
	return nil, noInstance()
}

func noInstance() error {
	return fault.New(fault.NotFound, "no_such_instance", "There is no such instance.")
}

// Subscribe calls fn after each new revision, one at a time; fn must be quick. The function that it
// returns ends that.
func (f *Follower) Subscribe(fn func(feed.Change)) (cancel func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.watcher++
	key := f.watcher
	f.watchers[key] = fn
	return func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.watchers, key)
	}
}

// signal leaves one wake-up in a channel of capacity one.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
