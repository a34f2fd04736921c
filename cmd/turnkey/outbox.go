package main

import (
	"context"
	mathrand "math/rand/v2"
	"time"

	"turnkey/internal/clock"
	"turnkey/internal/dial"
	"turnkey/runtime/bundle"
	"turnkey/runtime/gateway"
	"turnkey/runtime/outbox"
	"turnkey/runtime/source"
)

// delivery are the settings of the outbox, shared by every form of the runtime.
type delivery struct {
	OutboxPoll     time.Duration `default:"1m" help:"How often the outbox of an instance in use is looked at, besides after each commit."`
	OutboxIdlePoll time.Duration `default:"1h" help:"How often the outbox of an instance that nobody uses is looked at, for what a runtime that is gone left behind."`
	OutboxAttempts int           `default:"32" help:"Webhooks and afterCommit hooks that are attempted at once."`
}

const (
	// keepSettled is how long deliveries are kept after they were delivered, given up or discarded; keepMade
	// is how long one may be pending whose outbox no deployment has.
	keepSettled = 30 * 24 * time.Hour
	keepMade    = 90 * 24 * time.Hour
)

// newDeliverer makes what delivers for the instances of a gateway. Whoever runs it waits for it before the
// gateway is closed.
func (p *runtimeParts) newDeliverer(gw *gateway.Gateway, instances func() []outbox.Instance) *outbox.Deliverer {
	policy := outbox.DefaultPolicy
	p.webhooks = p.guard.HTTPClient(dial.HTTPOptions{Timeout: policy.Timeout, MaxBody: 64 << 10, AllowHTTP: p.border.AllowPrivateNetworks, IdlePerHost: 8})
	d := outbox.New(outbox.Config{
		Instances: instances, Client: p.webhooks, Runner: p.runner, Policy: policy, Observe: p.observe,
		Visit: func(ctx context.Context, host string, want func(*bundle.Bundle) bool, do func(outbox.Place) error) error {
			return gw.Visit(ctx, host, want, func(b *bundle.Bundle, src source.Source, live bool) error {
				return do(outbox.Place{Bundle: b, Source: src, Live: live})
			})
		},
		Limits: outbox.Limits{Attempts: p.border.OutboxAttempts, Poll: p.border.OutboxPoll, IdlePoll: p.border.OutboxIdlePoll},
		Now:    clock.Now, Random: mathrand.Float64, NewID: func() string { return newID("lease") }, Log: p.log,
	})
	p.deliverer.Store(d)
	return d
}

// enqueued is told of commits that put something into an outbox.
func (p *runtimeParts) enqueued(instance string) {
	if d := p.deliverer.Load(); d != nil {
		d.Enqueued(instance)
	}
}

// sweepDeliveries removes what was settled long ago from the outbox of an instance that is in use.
func sweepDeliveries(ctx context.Context, now time.Time, u uploader) (int, error) {
	n, err := u.Outbox().SweepDeliveries(ctx, now.Add(-keepSettled), now.Add(-keepMade))
	if f := source.FailureOf(err); f != nil && f.Code == "SOURCE_NOT_PREPARED" {
		return 0, nil // prepared before there were outboxes
	}
	return n, err
}
