package follow

import (
	"context"
	"time"

	"turnkey/runtime/feed"
)

const (
	// reportPause lets acks of one burst travel together.
	reportPause = 20 * time.Millisecond
	// mostAcks of one report; the rest follow with the next.
	mostAcks = 2000
	// goodbye bounds the last report.
	goodbye = 2 * time.Second
)

// waitForHints turns the feed's hints into listings. A feed that cannot wait is asked less and less
// often: the poll is there anyway.
func (f *Follower) waitForHints(ctx context.Context) error {
	pause := time.Duration(0)
	for {
		if err := f.cfg.Feed.Wait(ctx, f.getCursor()); err != nil {
			pause = min(max(2*pause, 100*time.Millisecond), f.cfg.Poll)
		} else {
			pause = reportPause // a hint may come before its listing is done: never spin on it
			signal(f.poke)
		}
		if err := sleep(ctx, pause); err != nil {
			return err
		}
	}
}

// report sends heartbeats, sooner when there is news or the last one did not arrive: until then the
// control plane does not know us. Acks that did not arrive are sent again.
func (f *Follower) report(ctx context.Context) error {
	tick := time.NewTicker(feed.HeartbeatEvery)
	defer tick.Stop()
	pause := time.Duration(0)
	for {
		more, err := f.reportOnce(ctx, false)
		if more {
			signal(f.told)
		}
		if err == nil {
			pause = 0
			tick.Reset(feed.HeartbeatEvery)
		} else {
			pause = min(max(2*pause, 100*time.Millisecond), feed.HeartbeatEvery)
			tick.Reset(pause)
		}
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), goodbye)
			defer cancel()
			_, _ = f.reportOnce(last, true) // it has logged why; we leave anyway
			return ctx.Err()
		case <-tick.C:
		case <-f.told:
			if err := sleep(ctx, reportPause); err != nil {
				continue
			}
		}
	}
}

// reportOnce reports whether there is more to send at once.
func (f *Follower) reportOnce(ctx context.Context, leaving bool) (more bool, err error) {
	r := feed.Report{Runtime: f.cfg.Runtime, Leaving: leaving}
	if f.cfg.Degraded != nil {
		r.Degraded = f.cfg.Degraded(ctx)
	}
	f.mu.Lock()
	r.Runtime.Sandbox = f.sandbox
	n := min(len(f.acks), mostAcks)
	r.Acks = f.acks[:n:n]
	brakes := len(f.brakes)
	r.Brakes = f.brakes[:brakes:brakes]
	if f.cacheErr != nil {
		r.Degraded = append(r.Degraded, *f.cacheErr)
	}
	f.mu.Unlock()
	if err := f.cfg.Feed.Report(ctx, r); err != nil {
		if ctx.Err() == nil {
			f.cfg.Log.Warn("the control plane did not take the report; it is sent again", "error", err)
		}
		return false, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.acks, f.brakes = f.acks[n:], f.brakes[brakes:]
	return len(f.acks) > 0, nil
}

// Brake tells the control plane soon that a deployment must be taken back, and again until it hears it.
func (f *Follower) Brake(b feed.Brake) {
	f.mu.Lock()
	f.brakes = append(f.brakes, b)
	f.mu.Unlock()
	f.ReportSoon()
}

// Isolated tells the control plane soon, and with every report, how this runtime isolates users' code.
func (f *Follower) Isolated(s feed.Sandbox) {
	f.mu.Lock()
	f.sandbox = &s
	f.mu.Unlock()
	f.ReportSoon()
}

// ReportSoon sends the next report without waiting for its time: what is wrong with an instance has changed.
func (f *Follower) ReportSoon() { signal(f.told) }

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
