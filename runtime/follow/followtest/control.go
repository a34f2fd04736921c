// Package followtest is a FAKE control plane: an in-memory feed with keys of its own, so that the
// runtime can be tested alone. It stores nothing, checks nothing and is no model of how the real one
// publishes. It must not be used outside tests.
package followtest

import (
	"context"
	"sync"

	"turnkey/internal/fault"
	"turnkey/runtime/bundle"
	"turnkey/runtime/envelope"
	"turnkey/runtime/feed"
)

// Control is the fake; its zero value is ready to use. Safe for concurrent use.
type Control struct {
	mu      sync.Mutex
	keys    *envelope.Keys
	log     []feed.Change
	sealed  map[string][]byte
	down    bool
	silent  bool
	changed chan struct{}
	fetched int
	reports []feed.Report
}

// Keys are made at the first call.
func (c *Control) Keys() envelope.Keys {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.lockedKeys()
}

// UseKeys makes two fakes one control plane in the eyes of runtimes.
func (c *Control) UseKeys(k envelope.Keys) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.keys = &k
}

// Forget loses all that was published, as a control plane does that is restored from nothing.
func (c *Control) Forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.log, c.sealed = nil, nil
}

func (c *Control) lockedKeys() envelope.Keys {
	if c.keys == nil {
		k, err := envelope.GenerateKeys()
		if err != nil {
			panic(err) // no randomness
		}
		c.keys = &k
	}
	return *c.keys
}

// Opener is what a runtime of this control plane opens bundles with.
func (c *Control) Opener() *envelope.Opener {
	k := c.Keys()
	verify, err := envelope.NewVerifier(k.Verify)
	if err != nil {
		panic(err)
	}
	o, err := envelope.NewOpener(verify, k.PoolPrivate)
	if err != nil {
		panic(err)
	}
	return o
}

// Seal seals without publishing.
func (c *Control) Seal(b *bundle.Bundle) []byte {
	k := c.Keys()
	sign, err := envelope.NewSigner(k.Sign)
	if err != nil {
		panic(err)
	}
	s, err := envelope.NewSealer(sign, k.PoolPublic)
	if err != nil {
		panic(err)
	}
	out, err := s.Seal(b)
	if err != nil {
		panic(err)
	}
	return out
}

// Publish seals a bundle and announces it.
func (c *Control) Publish(b *bundle.Bundle) {
	c.Announce(b.Instance.ID, b.Revision, c.Seal(b))
}

// Announce puts any bytes under any name into the feed.
func (c *Control) Announce(instance string, revision int64, sealed []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.sealed == nil {
		c.sealed = map[string][]byte{}
	}
	c.sealed[instance] = sealed
	c.log = append(c.log, feed.Change{Instance: instance, Revision: revision})
	if !c.silent {
		c.wake()
	}
}

// Down makes every call fail, or ends that.
func (c *Control) Down(down bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.down = down
	c.wake()
}

// Silent loses every hint, so that only polling finds changes.
func (c *Control) Silent() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.silent = true
}

func (c *Control) wake() {
	if c.changed != nil {
		close(c.changed)
	}
	c.changed = nil
}

// Reports are all that arrived.
func (c *Control) Reports() []feed.Report {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]feed.Report(nil), c.reports...)
}

// Acks are those of all reports, in order.
func (c *Control) Acks() (out []feed.Ack) {
	for _, r := range c.Reports() {
		out = append(out, r.Acks...)
	}
	return out
}

// Fetched counts the bundles handed out.
func (c *Control) Fetched() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.fetched
}

func (c *Control) reachable() error {
	if c.down {
		return fault.New(fault.Unavailable, "control_plane_unreachable", "The fake control plane is down.")
	}
	return nil
}

// List implements follow.Feed, in pages of two so that paging is always exercised.
func (c *Control) List(_ context.Context, since int64) (feed.Page, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	end := min(len(c.log), int(since)+2)
	return feed.Page{Changes: append([]feed.Change(nil), c.log[min(int(since), end):end]...), Cursor: int64(end), More: end < len(c.log)}, c.reachable()
}

// Wait implements follow.Feed.
func (c *Control) Wait(ctx context.Context, since int64) error {
	c.mu.Lock()
	if c.changed == nil {
		c.changed = make(chan struct{})
	}
	changed, err := c.changed, c.reachable()
	newer := int(since) < len(c.log) && !c.silent
	c.mu.Unlock()
	if err != nil || newer {
		return err
	}
	select {
	case <-changed:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Fetch implements follow.Feed.
func (c *Control) Fetch(_ context.Context, instance string) ([]byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fetched++
	if sealed, ok := c.sealed[instance]; ok {
		return sealed, c.reachable()
	}
	return nil, fault.New(fault.NotFound, "no_bundle", "The fake control plane has no such bundle.")
}

// Report implements follow.Feed.
func (c *Control) Report(_ context.Context, r feed.Report) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.reachable(); err != nil {
		return err
	}
	r.Acks = append([]feed.Ack(nil), r.Acks...)
	c.reports = append(c.reports, r)
	return nil
}
