package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"log/slog"
	"sync"
	"time"

	"turnkey/internal/clock"
	"turnkey/internal/lifecycle"
	"turnkey/runtime/bundle"
	"turnkey/runtime/command"
	"turnkey/runtime/gateway"
	"turnkey/runtime/source"
	"turnkey/runtime/upload"
)

// live fits an engine to commands.
type live struct {
	source.Inbox
	source.Archive
	engine *upload.Engine
}

// liveOf is an instance as commands see it.
func liveOf(u gateway.Uploader) command.Live {
	e := u.(uploader).Engine // newUploader makes no other
	return live{e.Inbox(), e.Archive(), e}
}

// Replay implements command.Live.
func (l live) Replay(ctx context.Context, o command.ReplayOrder, by string) ([]source.Outcome, error) {
	return l.engine.Replay(ctx, upload.Replay{ID: o.ID, Payload: o.Payload, WithoutRules: o.WithoutRules, By: by})
}

// Resolve implements command.Live.
func (l live) Resolve(ctx context.Context, o command.ResolveOrder, by string) (source.CaseOutcome, error) {
	order := upload.Resolve{ID: o.ID, Choice: upload.Choice(o.Choice), Overwrite: o.Overwrite, WithoutRules: o.WithoutRules, By: by}
	if len(o.Also) > 0 {
		order.Also = make(map[string]upload.Choice, len(o.Also))
	}
	for id, c := range o.Also {
		order.Also[id] = upload.Choice(c)
	}
	return l.engine.Resolve(ctx, order)
}

// Current implements command.Live.
func (l live) Current(ctx context.Context, c *source.ConflictRecord) (map[string]json.RawMessage, error) {
	return l.engine.Current(ctx, c)
}

// ReplayDeployment implements command.Live.
func (l live) ReplayDeployment(ctx context.Context, o command.DeploymentOrder, by string) (out command.DeploymentReplayed, err error) {
	out.Done, out.Next, out.More, err = l.engine.ReplayDeployment(ctx, o.Deployment, o.After, by)
	return out, err
}

// newRehearsal puts a candidate over a source, to be tried out.
func (p *runtimeParts) newRehearsal(b *bundle.Bundle, src source.Source) (command.Rehearser, error) {
	r, err := upload.NewRehearsal(b, src, upload.Deps{Now: clock.Now, NewID: func() string { return newID("rej") }, Pause: backOff, Hooks: hooks(p.workers), Seed: rand.Text})
	if err != nil {
		return nil, err
	}
	return r, nil
}

// brakes keeps one brake for each instance that this process has served.
type brakes struct {
	tell func(upload.Tripped)

	mu   sync.Mutex
	byID map[string]*upload.Brake
}

// newBrakes makes brakes that only log, until somebody else wants to hear of them.
func newBrakes(log *slog.Logger) *brakes {
	return &brakes{byID: map[string]*upload.Brake{}, tell: func(t upload.Tripped) {
		log.Error("the configuration refuses many writes; there is no earlier deployment to go back to",
			"instance", t.Instance, "deployment", t.Deployment, "code", t.Code, "table", t.Table, "refused", t.Refused, "of", t.Of)
	}}
}

func (b *brakes) of(instance string) *upload.Brake {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.byID[instance] == nil {
		b.byID[instance] = upload.NewBrake(instance, b.tell)
	}
	return b.byID[instance]
}

const (
	// sweepEvery is how often old records of live instances are looked for; the runtimes take turns.
	sweepEvery = 10 * time.Minute
	// sweepFirst is when a runtime that has just started does so first, which also brings our own tables to date.
	sweepFirst = 20 * time.Second
	// sweepAtMost bounds one instance's turn.
	sweepAtMost = 30 * time.Second
)

// sweepSources removes old records of ours from the databases of instances that are in use.
func sweepSources(group *lifecycle.Group, gw *gateway.Gateway, log *slog.Logger) {
	group.Go("sweep sources", func(ctx context.Context) error {
		tick := time.NewTimer(sweepFirst)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-tick.C:
				gw.EachLive(func(instance string, u gateway.Uploader) { sweepSource(ctx, log, instance, u.(uploader)) })
				tick.Reset(sweepEvery)
			}
		}
	})
}

func sweepSource(ctx context.Context, log *slog.Logger, instance string, u uploader) {
	ctx, cancel := context.WithTimeout(ctx, sweepAtMost)
	defer cancel()
	swept, err := u.Sweep(ctx)
	deliveries := 0
	if err == nil {
		deliveries, err = sweepDeliveries(ctx, clock.Now(), u)
	}
	switch {
	case err != nil:
		log.Warn("old records could not be removed; trying again later", "instance", instance, "error", err)
	case swept.Receipts+swept.Rejections+swept.Clients+swept.Conflicts+swept.Tombstones+deliveries > 0:
		log.Info("old records are removed", "instance", instance, "receipts", swept.Receipts, "rejections", swept.Rejections, "clients", swept.Clients,
			"conflicts", swept.Conflicts, "tombstones", swept.Tombstones, "deliveries", deliveries)
	}
}
