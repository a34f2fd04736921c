package gateway

import (
	"context"

	"turnkey/runtime/bundle"
	"turnkey/runtime/source"
)

// Visit gives do an instance's source for work beside its requests, if want says of its newest bundle that
// it is wanted. It never makes an instance live: the source of one that is live in its newest revision is
// borrowed, which does not count as use; otherwise one is opened for the visit alone.
func (g *Gateway) Visit(ctx context.Context, host string, want func(*bundle.Bundle) bool, do func(b *bundle.Bundle, src source.Source, live bool) error) error {
	revision, err := g.cfg.Instances.Revision(ctx, host)
	if err != nil {
		return err
	}
	if l := g.live.borrow(host, revision); l != nil {
		defer l.release()
		if !want(l.bundle) {
			return nil
		}
		return do(l.bundle, l.guard, true)
	}
	b, err := g.cfg.Instances.Bundle(ctx, host)
	if err != nil {
		return err
	}
	if b.Deployment == 0 || !want(b) {
		return nil
	}
	src, err := g.cfg.OpenSource(ctx, b)
	if err != nil {
		return err
	}
	guarded := g.live.guarded(src, b)
	defer func() {
		if err := guarded.Close(); err != nil {
			g.cfg.Log.Warn("closing a source after a visit", "instance", b.Instance.ID, "error", err)
		}
	}()
	return do(b, guarded, false)
}

// borrow gives the live instance of a host in that revision, with a source; nil when there is none. The
// caller releases it.
func (g *registry) borrow(host string, revision int64) *live {
	g.mu.Lock()
	l := g.byHost[host]
	g.mu.Unlock()
	if l == nil || l.bundle.Revision < revision || l.guard == nil || !l.borrow() {
		return nil
	}
	return l
}
