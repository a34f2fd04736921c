package gateway

import (
	"context"
	"net/http"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"turnkey/internal/fault"
	"turnkey/runtime/admission"
	"turnkey/runtime/bundle"
	"turnkey/runtime/source"
	"turnkey/runtime/source/guard"
)

// live is one revision of one instance, ready to serve. It is closed when nobody uses it any more
// and it is no longer the current one.
type live struct {
	bundle    *bundle.Bundle
	cors      cors
	authority Authority
	uploader  Uploader     // nil: nothing deployed yet
	guard     *guard.Guard // of the source; nil: nothing deployed yet
	log       func(err error)

	mu      sync.Mutex
	users   int
	retired bool
	used    time.Time
}

func (l *live) acquire(now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.enter() {
		return false
	}
	l.used = now
	return true
}

// borrow is acquire without counting as use: an instance that is only borrowed is idle.
func (l *live) borrow() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.enter()
}

// enter counts one more user, unless it is retired. The caller holds mu.
func (l *live) enter() bool {
	if l.retired {
		return false
	}
	l.users++
	return true
}

// release ends one use; the last use of a retired revision closes it.
func (l *live) release() {
	l.mu.Lock()
	l.users--
	last := l.retired && l.users == 0
	l.mu.Unlock()
	if last {
		l.close()
	}
}

// retire lets no new request in.
func (l *live) retire() {
	l.mu.Lock()
	was := l.retired
	l.retired = true
	last := !was && l.users == 0
	l.mu.Unlock()
	if last {
		l.close()
	}
}

// idle tells whether nobody uses it, and since when.
func (l *live) idle() (since time.Time, idle bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.used, l.users == 0
}

func (l *live) close() {
	if l.guard == nil {
		return
	}
	if err := l.guard.Close(); err != nil {
		l.log(err)
	}
}

// registry holds the live instances by host.
type registry struct {
	cfg     *Config
	problem func(http.ResponseWriter, *http.Request, error)
	builds  singleflight.Group
	turns   chan struct{} // one place for each build at once: compiling rules is work for the CPU
	ending  context.Context
	abort   context.CancelFunc // ends every call to a source, also those of retired revisions

	mu     sync.Mutex
	byHost map[string]*live
	failed map[string]failure // by host: a revision that could not be built
}

// failure keeps a broken revision from being built again for each request. It is tried again after
// retryBuild: what broke it may have been the machine, not the bundle.
type failure struct {
	instance string
	revision int64
	err      error
	at       time.Time
}

const retryBuild = 10 * time.Second

func (f failure) covers(revision int64, now time.Time) bool {
	return f.err != nil && f.revision >= revision && now.Sub(f.at) < retryBuild
}

func newRegistry(cfg *Config) *registry {
	g := &registry{cfg: cfg, byHost: map[string]*live{}, failed: map[string]failure{}, turns: make(chan struct{}, runtime.GOMAXPROCS(0))}
	g.ending, g.abort = context.WithCancel(context.Background())
	return g
}

// acquire gives the live instance of a host, building it when its revision is new. The caller
// releases it.
func (g *registry) acquire(ctx context.Context, host string) (*live, error) {
	revision, err := g.cfg.Instances.Revision(ctx, host)
	if err != nil {
		return nil, err
	}
	tried := false // one build per request: what cannot be built now is not hammered
	for {
		g.mu.Lock()
		current, broken := g.byHost[host], g.failed[host]
		g.mu.Unlock()
		knownBroken := broken.covers(revision, g.cfg.Now())
		if current == nil && knownBroken {
			return nil, unusable(broken.err)
		}
		if current != nil && (current.bundle.Revision >= revision || knownBroken || tried) {
			if !current.acquire(g.cfg.Now()) {
				continue // retired between the two looks
			}
			if current.bundle.Instance.State == bundle.Deleted {
				current.release()
				return nil, fault.New(fault.NotFound, "no_such_instance", "There is no such instance.")
			}
			return current, nil
		}
		built, err, _ := g.builds.Do(host, func() (any, error) { return g.build(context.WithoutCancel(ctx), host) })
		switch {
		case err == nil:
			revision = min(revision, built.(int64)) // the feed may have announced more than it has
		case current == nil:
			return nil, unusable(err)
		}
		tried = err != nil
	}
}

// unusable turns why a bundle cannot serve into what its users are told: their request was not
// wrong, and may well succeed later. An instance that does not exist stays that.
func unusable(err error) error {
	if fault.IsKind(err, fault.NotFound) || fault.IsKind(err, fault.Unavailable) {
		return err
	}
	return fault.Wrap(err, fault.Unavailable, "instance_unusable", "This instance's configuration cannot be served at the moment.").
		WithHint("Its newest deployment is at fault, or this runtime is; activate an earlier deployment.")
}

// build makes the newest revision live and retires the one before it. A revision that cannot be
// built leaves the one before it in place. It returns the revision that serves now.
func (g *registry) build(ctx context.Context, host string) (int64, error) {
	b, err := g.cfg.Instances.Bundle(ctx, host)
	if err != nil {
		return 0, err
	}
	g.mu.Lock()
	current := g.byHost[host]
	g.mu.Unlock()
	if current != nil && current.bundle.Revision >= b.Revision {
		return current.bundle.Revision, nil // a request before us has done it
	}
	next, err := g.make(ctx, b)
	g.mu.Lock()
	if err != nil {
		g.failed[host] = failure{b.Instance.ID, b.Revision, err, g.cfg.Now()}
		g.mu.Unlock()
		g.cfg.observeBuild(b, err)
		g.cfg.Log.Error("a bundle could not be brought to life", "instance", b.Instance.ID, "revision", b.Revision, "error", err)
		return 0, err
	}
	delete(g.failed, host)
	g.byHost[host] = next
	surplus := g.surplus(next)
	g.mu.Unlock()
	g.cfg.observeBuild(b, nil)
	if current != nil {
		current.retire()
	}
	for _, l := range surplus {
		l.retire()
	}
	return b.Revision, nil
}

// surplus takes away the instances above MaxLive that were asked for least lately. Those in use stay
// in any case, so there can be more for a moment; so does one that sweep would keep.
func (g *registry) surplus(but *live) []*live {
	var out []*live
	for len(g.byHost) > g.cfg.Limits.MaxLive {
		var oldest *live
		var at string
		var since time.Time
		for host, l := range g.byHost {
			if used, idle := l.idle(); idle && l != but && !g.lastGood(host, l) && (oldest == nil || used.Before(since)) {
				oldest, at, since = l, host, used
			}
		}
		if oldest == nil {
			break
		}
		delete(g.byHost, at)
		out = append(out, oldest)
	}
	return out
}

// lastGood reports an instance whose newest revision cannot be built: nothing else has this one.
func (g *registry) lastGood(host string, l *live) bool {
	return g.failed[host].revision > l.bundle.Revision
}

func (g *registry) make(ctx context.Context, b *bundle.Bundle) (_ *live, err error) {
	g.turns <- struct{}{}
	defer func() { <-g.turns }()
	next := &live{bundle: b, cors: newCORS(b.Config.CORS), used: g.cfg.Now()}
	next.log = func(err error) { g.cfg.Log.Warn("closing a source", "instance", b.Instance.ID, "error", err) }
	defer func() {
		if err != nil {
			next.close()
		}
	}()
	var src source.Source
	if b.Deployment > 0 {
		if src, err = g.cfg.OpenSource(ctx, b); err != nil {
			return nil, err
		}
		next.guard = g.guarded(src, b)
		src = next.guard.Pipeline()
		if next.uploader, err = g.cfg.NewUploader(b, src, g.problem); err != nil {
			return nil, err
		}
	}
	next.authority, err = g.cfg.NewAuthority(b, src)
	return next, err
}

// guarded puts a guard before an instance's source.
func (g *registry) guarded(src source.Source, b *bundle.Bundle) *guard.Guard {
	o := guard.Options{Call: g.cfg.Limits.SourceCall, Stop: g.ending, Wait: admission.Wait, Now: g.cfg.Now, Random: g.cfg.Random}
	if g.cfg.Enqueued != nil {
		o.Enqueued = func() { g.cfg.Enqueued(b.Instance.ID) }
	}
	return guard.New(src, o)
}

// sweep closes instances that nobody has asked for.
func (g *registry) sweep(now time.Time) {
	g.mu.Lock()
	var idle []*live
	for host, l := range g.byHost {
		if used, unused := l.idle(); unused && now.Sub(used) >= g.cfg.Limits.IdleAfter && !g.lastGood(host, l) {
			idle = append(idle, l)
			delete(g.byHost, host)
		}
	}
	g.mu.Unlock()
	for _, l := range idle {
		l.retire()
	}
}

func (g *registry) close() {
	defer g.abort()
	g.mu.Lock()
	all := g.byHost
	g.byHost = map[string]*live{}
	g.mu.Unlock()
	for _, l := range all {
		l.retire()
	}
}

// broken gives why the newest revision of a host is not the one that serves.
func (g *registry) broken(host string) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.failed[host].err
}
