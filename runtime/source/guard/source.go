package guard

import (
	"context"

	"turnkey/runtime/bundle"
	"turnkey/runtime/source"
	"turnkey/runtime/value"
)

// Mode is the source's; it never waits for a contact under way.
func (g *Guard) Mode() source.Mode {
	g.mu.Lock()
	mode, under := g.mode, g.contact != nil
	g.mu.Unlock()
	if under {
		return mode
	}
	return g.Source.Mode()
}

// Begin implements source.Source. It may be lazy, and what it returns may live on its context: so it
// has no time limit of its own.
func (g *Guard) Begin(ctx context.Context, as source.Session) (source.Tx, error) {
	if g.opt.Stop.Err() != nil {
		return nil, ending()
	}
	if _, wait := g.breaker.status(); wait > 0 {
		return nil, suspended()
	}
	defer g.opt.Wait(ctx)()
	t, err := g.Source.Begin(ctx, as)
	if err != nil {
		v, code := g.judge(ctx, err, nothing)
		g.breaker.settle(false, v, code)
		return nil, err
	}
	return &tx{Tx: t, guard: g}, nil
}

// Rejections implements source.Inbox.
func (g *Guard) Rejections(ctx context.Context, f source.RejectionFilter) (list []source.Rejection, err error) {
	err = g.call(ctx, func(ctx context.Context) error {
		list, err = g.Source.Rejections(ctx, f)
		return err
	})
	return list, err
}

// Rejection implements source.Inbox.
func (g *Guard) Rejection(ctx context.Context, id string) (r *source.Rejection, err error) {
	err = g.call(ctx, func(ctx context.Context) error {
		r, err = g.Source.Rejection(ctx, id)
		return err
	})
	return r, err
}

// Settle implements source.Inbox.
func (g *Guard) Settle(ctx context.Context, list []source.Settlement) error {
	return g.call(ctx, func(ctx context.Context) error { return g.Source.Settle(ctx, list) })
}

// Erase implements source.Inbox.
func (g *Guard) Erase(ctx context.Context, userID string) (n int, err error) {
	err = g.call(ctx, func(ctx context.Context) error {
		n, err = g.Source.Erase(ctx, userID)
		return err
	})
	return n, err
}

// Columns implements source.Source.
func (g *Guard) Columns(ctx context.Context, table *source.Table) (c map[string]bundle.Type, err error) {
	err = g.run(ctx, nothing, func(ctx context.Context) error {
		c, err = g.Source.Columns(ctx, table)
		return err
	})
	return c, err
}

// Alone implements source.Source.
func (g *Guard) Alone(ctx context.Context, table *source.Table) (alone bool, err error) {
	err = g.run(ctx, nothing, func(ctx context.Context) error {
		alone, err = g.Source.Alone(ctx, table)
		return err
	})
	return alone, err
}

// Lookup implements source.Source.
func (g *Guard) Lookup(ctx context.Context, collection string, match map[string]value.Value, take string) (v value.Value, found bool, err error) {
	err = g.call(ctx, func(ctx context.Context) error {
		v, found, err = g.Source.Lookup(ctx, collection, match, take)
		return err
	})
	return v, found, err
}

// Pipeline is the guard as a source for the write pipeline: a source.Direct if what it guards is one.
func (g *Guard) Pipeline() source.Source {
	if inner, ok := g.Source.(source.Direct); ok {
		return &direct{g, inner}
	}
	return g
}

// direct is a guarded source with the shortcut for rows that need no reading.
type direct struct {
	*Guard
	inner source.Direct
}

// Write implements source.Direct.
func (d *direct) Write(ctx context.Context, as source.Session, changes []source.Change, receipts []source.Receipt, numbered bool) (done bool, err error) {
	err = d.call(ctx, func(ctx context.Context) error {
		done, err = d.inner.Write(ctx, as, changes, receipts, numbered)
		return err
	})
	return done, err
}
