package controlplane

import (
	"context"
	"time"
)

// sweepEvery is how often what nobody can use any more is removed.
const sweepEvery = 10 * time.Minute

// Maintain removes dead sessions, old answers, mails and telemetry until ctx ends. Every replica may run it: the removals
// are the same whoever makes them. A failure is logged and tried again at the next turn.
func (p *Plane) Maintain(ctx context.Context) error {
	turns := time.NewTicker(sweepEvery)
	defer turns.Stop()
	for {
		p.sweep(ctx)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-turns.C:
		}
	}
}

func (p *Plane) sweep(ctx context.Context) {
	log := p.Accounts.log
	if n, err := p.Accounts.Sweep(ctx); err != nil {
		log.WarnContext(ctx, "cannot remove dead sessions", "error", err)
	} else if n > 0 {
		log.InfoContext(ctx, "removed dead sessions", "count", n)
	}
	if n, err := p.Answers.Sweep(ctx); err != nil {
		log.WarnContext(ctx, "cannot remove old answers", "error", err)
	} else if n > 0 {
		log.InfoContext(ctx, "removed old answers", "count", n)
	}
	if n, err := p.Mails.Sweep(ctx); err != nil {
		log.WarnContext(ctx, "cannot remove old mails", "error", err)
	} else if n > 0 {
		log.InfoContext(ctx, "removed old mails", "count", n)
	}
	if err := p.Alerts.Sweep(ctx); err != nil {
		log.WarnContext(ctx, "cannot remove old alerts", "error", err)
	}
	if days, entries, err := p.Telemetry.Sweep(ctx); err != nil {
		log.WarnContext(ctx, "cannot remove old telemetry", "error", err)
	} else if days > 0 || entries > 0 {
		log.InfoContext(ctx, "removed old telemetry", "partitions", days, "entries", entries)
	}
}
