package main

import (
	"context"
	"log/slog"
	"maps"
	"net/http"
	"strings"
	"time"

	"turnkey/internal/fault"
	"turnkey/internal/lifecycle"
	"turnkey/runtime/bundle"
	"turnkey/runtime/command"
	"turnkey/runtime/envelope"
	"turnkey/runtime/feed"
	"turnkey/runtime/follow"
	"turnkey/runtime/gateway"
	"turnkey/runtime/hook/worker"
	"turnkey/runtime/outbox"
	"turnkey/runtime/source"
	"turnkey/runtime/telemetry"
	"turnkey/runtime/upload"
)

// dataPlane is a runtime that follows a control plane: what `turnkey runtime` and `turnkey dev` share.
//
//	feed ──► follower ──► gateway ◄── apps
//	             │ ▲         │ conditions
//	       acks  ▼ └─────────┘
//	          reports          commands ◄── control plane, over the internal listener
type dataPlane struct {
	parts    *runtimeParts
	follower *follow.Follower
	gateway  *gateway.Gateway
	outbox   *outbox.Deliverer
	// delivering runs it. It ends after the last request, which may enqueue, and before everything else: its
	// last attempts are recorded.
	delivering *lifecycle.Group
	commands   *command.Handler
	recorder   *telemetry.Recorder
	shipper    *telemetry.Shipper
}

// dataPlaneConfig is what a dataPlane needs.
type dataPlaneConfig struct {
	id       string // of this process; unique, so that no command for one before it is taken
	feed     follow.Feed
	sink     telemetry.Sink // takes logs and counters
	opener   *envelope.Opener
	verify   *envelope.Verifier
	cacheDir string
	address  string // of the internal listener, as the control plane reaches it
	domain   string // of tenant hosts; "": the path form alone
	border   border
	workers  *worker.Pool // run hooks
}

// newDataPlane reads the disk cache and puts the parts together; nothing runs before start.
func newDataPlane(log *slog.Logger, c dataPlaneConfig) (*dataPlane, error) {
	p := &dataPlane{parts: newRuntimeParts(log, c.id, c.border, c.workers)}
	p.parts.brakes.tell = p.braked
	p.recorder, p.shipper = newTelemetry(log, c.sink)
	p.parts.observe = p.observe
	do := command.ForSources(p.parts.openSource)
	maps.Copy(do, command.ForLive(p.use, time.Now))
	maps.Copy(do, command.ForRehearsals(p.parts.openSource, p.parts.newRehearsal))
	maps.Copy(do, command.ForShadows(p.parts.shadows))
	maps.Copy(do, command.ForLatest(p.parts.latests.list))
	maps.Copy(do, command.ForTokens(p.parts.newDoctor))
	maps.Copy(do, command.ForDeliveries(p.useOutbox, p.parts.enqueued, time.Now))
	do[command.Reload] = func(context.Context, command.Command, *bundle.Bundle) (any, error) {
		p.follower.Refresh()
		return struct{}{}, nil
	}
	p.commands = command.NewHandler(command.Config{Runtime: c.id, Verify: c.verify, Opener: c.opener, Do: do, Now: time.Now, Log: log})
	var err error
	p.follower, err = follow.New(follow.Config{
		Feed: c.feed, Opener: c.opener, Dir: c.cacheDir, Accept: p.parts.accept, Degraded: p.conditions, Now: time.Now, Log: log,
		Runtime: feed.Runtime{
			ID: c.id, Address: c.address, Version: version, Format: bundle.Format, Capabilities: p.commands.Names(), StartedAt: time.Now(),
		},
	})
	if err == nil {
		p.gateway, err = p.parts.gateway(p.follower, c.domain)
	}
	if err != nil {
		p.parts.close()
		return nil, err
	}
	p.outbox = p.parts.newDeliverer(p.gateway, p.instances)
	p.delivering = lifecycle.NewGroup(context.Background(), log)
	return p, nil
}

// start begins to follow and to deliver. delivering must end before the group, and the group before close.
func (p *dataPlane) start(group *lifecycle.Group) {
	group.Go("follow", p.follower.Run)
	group.Go("ship telemetry", p.shipper.Run)
	p.delivering.Go("deliver", p.outbox.Run)
	if p.parts.workers != nil {
		group.Go("tell how hooks are isolated", p.isolation)
	}
	sweepIdle(group, p.gateway, p.parts.border.IdleAfter)
	sweepSources(group, p.gateway, p.parts.log)
}

// close ends every live instance; no request may be left.
func (p *dataPlane) close() {
	p.delivering.Stop()
	p.parts.shadows.close()
	p.gateway.Close()
	p.parts.close()
}

// use finds the instance that a command means.
func (p *dataPlane) use(ctx context.Context, instance string, do func(command.Live) error) error {
	host, err := p.follower.Host(instance)
	if err != nil {
		return err
	}
	return p.gateway.Use(ctx, host, func(u gateway.Uploader) error { return do(liveOf(u)) })
}

// useOutbox finds the outbox that a command means.
func (p *dataPlane) useOutbox(ctx context.Context, instance string, do func(source.Outbox) error) error {
	host, err := p.follower.Host(instance)
	if err != nil {
		return err
	}
	return p.gateway.Use(ctx, host, func(u gateway.Uploader) error { return do(u.(uploader).Outbox()) })
}

// instances lists those that may have something to deliver.
func (p *dataPlane) instances() []outbox.Instance {
	known := p.follower.List()
	out := make([]outbox.Instance, len(known))
	for i, k := range known {
		out[i] = outbox.Instance{ID: k.Instance, Host: k.Host, Revision: k.Revision}
	}
	return out
}

// observe records what happened, and tells the control plane soon when an instance is in trouble or well again.
func (p *dataPlane) observe(e telemetry.Entry) {
	p.recorder.Record(e)
	if e.Kind == telemetry.Instance {
		p.follower.ReportSoon()
	}
}

// braked asks the control plane to take a deployment back.
func (p *dataPlane) braked(t upload.Tripped) {
	p.parts.log.Error("a deployment refuses what the one before it took", "instance", t.Instance, "deployment", t.Deployment,
		"code", t.Code, "table", t.Table, "refused", t.Refused, "of", t.Of, "holding", t.Holding)
	if t.Holding {
		p.follower.Brake(feed.Brake{Instance: t.Instance, Deployment: t.Deployment, Code: t.Code, Table: t.Table, Refused: t.Refused, Of: t.Of, At: t.At})
	}
}

// conditions tells the control plane what is wrong with instances that serve here, and what is to be known.
func (p *dataPlane) conditions(ctx context.Context) []feed.Condition {
	found := p.gateway.Troubles(ctx)
	out := make([]feed.Condition, 0, len(found))
	for _, t := range found {
		c := feed.Condition{Instance: t.Instance, Since: t.Since}
		if cause, ok := t.Cause.(*upload.Cause); ok {
			c.Code, c.Message, c.Since = cause.Code, withHint(cause.Message, cause.Hint), cause.Since
		} else if t.Err != nil {
			c.Code, c.Message = t.Err.Code, withHint(t.Err.Message, t.Err.Hint)
		}
		out = append(out, c)
	}
	for _, n := range p.gateway.Notes() {
		weaker, ok := n.Repeats.(*upload.Repeats)
		if !ok {
			continue
		}
		c := feed.Condition{Instance: n.Instance, Code: feed.RepeatsWeak, Message: weaker.Message + " " + weaker.Hint, Since: weaker.Since}
		if weaker.Recognised == upload.Never {
			c.Code = feed.RepeatsUnknown
		}
		out = append(out, c)
	}
	return out
}

// withHint says what is wrong and what to do about it.
func withHint(message, hint string) string { return strings.TrimSpace(message + " " + hint) }

// accept compiles a new revision: rules, tables and keys. It opens no database, so a source that is
// down refuses nothing.
func (p *runtimeParts) accept(_ context.Context, b *bundle.Bundle) error {
	if _, err := p.newAuthority(b, nil); err != nil {
		return err
	}
	if b.Deployment == 0 {
		return nil
	}
	_, err := p.newUploader(b, nil, func(http.ResponseWriter, *http.Request, error) {})
	return err
}

// cacheUsable is how long a runtime waits for its control plane before it counts as ready with what
// its disk holds: revisions that it missed, a revoked key among them, usually arrive within that.
const cacheUsable = 3 * time.Second

// readiness reports whether there is something to serve: everything that the control plane has, or,
// while it does not answer, what the disk holds.
func (p *dataPlane) readiness() func() bool {
	started := time.Now()
	return func() bool {
		select {
		case <-p.follower.Synced():
			return true
		default:
			return p.follower.Len() > 0 && time.Since(started) >= cacheUsable
		}
	}
}

// errKeys names the setting beside what is wrong with the keys.
func errKeys(err error) error {
	f := fault.Of(err)
	return fault.Wrap(f, f.Kind, f.Code, "--keys-dir: "+f.Message).WithHint(f.Hint)
}
