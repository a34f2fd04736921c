package follow

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"turnkey/internal/fault"
	"turnkey/runtime/bundle"
	"turnkey/runtime/envelope"
	"turnkey/runtime/feed"
)

// fetches is how many bundles are fetched at a time.
const fetches = 8

// sync lists the feed from the cursor and fetches what is newer. What could not be fetched stays
// wanted and is tried again by the next sync.
func (f *Follower) sync(ctx context.Context) error {
	if f.cfg.Now().Sub(f.listed) >= f.cfg.Relist {
		f.setCursor(0)
		f.complete = false
	}
	for {
		since := f.getCursor()
		started := f.cfg.Now()
		page, err := f.cfg.Feed.List(ctx, since)
		if err != nil {
			return fmt.Errorf("listing the feed: %w", err)
		}
		if since == 0 {
			f.listed = started
		}
		for _, c := range page.Changes {
			f.wanted[c.Instance] = max(f.wanted[c.Instance], c.Revision)
		}
		f.setCursor(page.Cursor)
		if !page.More {
			break
		}
	}
	err := f.fetchWanted(ctx)
	if err == nil && !f.complete {
		f.complete = true
		f.closeSynced()
	}
	return err
}

func (f *Follower) closeSynced() {
	select {
	case <-f.synced:
	default:
		close(f.synced)
	}
}

func (f *Follower) fetchWanted(ctx context.Context) error {
	var group errgroup.Group
	group.SetLimit(fetches)
	for instance, revision := range f.wanted {
		if f.has(instance, revision) {
			delete(f.wanted, instance)
		}
	}
	var mu sync.Mutex // guards settled and failed
	var settled []string
	var failed error
	for instance := range f.wanted {
		group.Go(func() error {
			err := f.fetch(ctx, instance)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				failed = errors.Join(failed, err)
			} else {
				settled = append(settled, instance)
			}
			return nil
		})
		if ctx.Err() != nil {
			break
		}
	}
	_ = group.Wait() // the tasks keep their errors in failed: one must not hide another's
	for _, instance := range settled {
		delete(f.wanted, instance)
	}
	return failed
}

// has reports whether a revision needs no fetching. A lower one than ours is reported: it means that
// the control plane lost its memory.
func (f *Follower) has(instance string, revision int64) bool {
	f.mu.RLock()
	e := f.byID[instance]
	f.mu.RUnlock()
	if e == nil || revision > e.header.Revision {
		return false
	}
	if revision < e.header.Revision {
		f.refuse(instance, revision, lower(e.header.Revision))
	}
	return true
}

func lower(have int64) error {
	return fault.Newf(fault.Conflict, "revision_lower", "This runtime already serves revision %d; revisions only go up.", have).
		WithHint("The control plane was restored from an older backup: publish the instance again.")
}

// fetch brings one instance's newest bundle. An error means that it should be tried again; a bundle
// that is refused is settled, because the same bytes would be refused again.
func (f *Follower) fetch(ctx context.Context, instance string) error {
	if !isID(instance) {
		f.cfg.Log.Error("the feed named an impossible instance", "instance", instance)
		return nil
	}
	sealed, err := f.cfg.Feed.Fetch(ctx, instance)
	if fault.IsKind(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("fetching the bundle of %s: %w", instance, err)
	}
	h, b, err := f.examine(ctx, instance, sealed)
	if err != nil {
		f.refuse(instance, f.announced(instance, h), err)
		return nil
	}
	return f.take(&entry{h, sealed}, b)
}

// announced is the revision that a refusal is about.
func (f *Follower) announced(instance string, h envelope.Header) int64 {
	if h.Revision > 0 {
		return h.Revision
	}
	return f.wanted[instance] // read only while fetches run: sync writes it before and after
}

// examine does everything that can refuse a bundle.
func (f *Follower) examine(ctx context.Context, instance string, sealed []byte) (envelope.Header, *bundle.Bundle, error) {
	h, err := f.cfg.Opener.Header(sealed)
	if err != nil {
		return h, nil, err
	}
	b, err := f.cfg.Opener.Open(sealed, instance)
	if err != nil {
		return h, nil, err
	}
	f.mu.RLock()
	old, other := f.byID[instance], f.byHost[h.Host]
	f.mu.RUnlock()
	switch {
	case h.Revision < 1:
		return h, nil, fault.New(fault.Invalid, "revision_zero", "The bundle is a candidate, not a revision.")
	case old != nil && h.Revision < old.header.Revision:
		return h, nil, lower(old.header.Revision)
	case other != nil && other.header.Instance != instance, old != nil && old.header.Host != h.Host:
		return h, nil, fault.New(fault.Conflict, "host_taken", "The bundle's host belongs to another instance, or its host changed.")
	}
	if f.cfg.Accept != nil && !h.Deleted {
		if err := f.cfg.Accept(ctx, b); err != nil {
			return h, nil, err
		}
	}
	return h, b, nil
}

// take makes a revision the one that serves, then tells everybody. Serving comes first: a full disk
// must not keep a revoked key alive. What could not be written is reported and written again with
// the next revision.
func (f *Follower) take(e *entry, b *bundle.Bundle) error {
	change := feed.Change{Instance: e.header.Instance, Revision: e.header.Revision}
	f.mu.Lock()
	if old := f.byID[change.Instance]; old != nil && old.header.Revision >= change.Revision {
		f.mu.Unlock()
		return nil
	}
	f.byID[change.Instance], f.byHost[e.header.Host] = e, e
	f.mu.Unlock()

	err := f.cache.put(change.Instance, e.sealed)
	f.mu.Lock()
	f.cacheErr = nil
	if err != nil {
		f.cfg.Log.Error("a bundle is served but could not be cached", "instance", change.Instance, "error", err)
		f.cacheErr = &feed.Condition{Code: "cache_unwritable", Message: "The runtime's bundle cache cannot be written; a restart without control plane would serve older revisions.", Since: f.cfg.Now()}
	}
	f.acks = append(f.acks, feed.Ack{Instance: change.Instance, Revision: change.Revision})
	watchers := make([]func(feed.Change), 0, len(f.watchers))
	for _, w := range f.watchers {
		watchers = append(watchers, w)
	}
	f.mu.Unlock()
	signal(f.told)
	f.cfg.Log.Info("bundle taken", "instance", change.Instance, "revision", change.Revision, "deployment", b.Deployment, "age", f.cfg.Now().Sub(b.IssuedAt).Round(time.Millisecond).String())
	for _, w := range watchers {
		w(change)
	}
	return nil
}

// refuse keeps the last good revision and reports why.
func (f *Follower) refuse(instance string, revision int64, err error) {
	f.cfg.Log.Error("a bundle is refused; the last good one stays", "instance", instance, "revision", revision, "error", err)
	reason := fault.Of(err)
	f.mu.Lock()
	f.acks = append(f.acks, feed.Ack{Instance: instance, Revision: revision, Code: reason.Code, Message: reason.Message})
	f.mu.Unlock()
	signal(f.told)
}

func (f *Follower) getCursor() int64 {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return f.cursor
}

func (f *Follower) setCursor(c int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.cursor = c
}
