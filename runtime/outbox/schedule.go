package outbox

import (
	"context"
	"time"

	"turnkey/internal/fault"
)

const (
	// refreshEvery is how often the list of instances is read.
	refreshEvery = 10 * time.Second
	// spreadEach and spreadMost spread first looks out: a runtime that starts should not open every
	// source at once.
	spreadEach = 100 * time.Millisecond
	spreadMost = time.Minute
	// troubleFirst and troubleMost bound the pause after a round that failed.
	troubleFirst = 5 * time.Second
	troubleMost  = 5 * time.Minute
)

// turn is what is known of one instance between its rounds.
type turn struct {
	Instance
	due      time.Time // of the next round; zero: none
	running  bool
	again    chan struct{} // somebody enqueued while it ran
	failures int           // rounds in a row
	lanes    lanes
}

// Run delivers until the context ends; then it claims nothing more, lets attempts under way end for a
// while, and returns when all have ended and are reported. Call it once.
func (d *Deliverer) Run(ctx context.Context) error {
	attempts, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	timer := time.NewTimer(0)
	defer timer.Stop()
	var listed time.Time
	for ctx.Err() == nil {
		if now := d.cfg.Now(); listed.IsZero() || now.Sub(listed) >= refreshEvery || d.isEarly() {
			d.refresh(now)
			listed = now
		}
		timer.Reset(d.start(ctx, attempts))
		select {
		case <-ctx.Done():
		case <-d.wake:
		case <-timer.C:
		}
	}
	late := time.AfterFunc(d.cfg.Limits.Drain, cut)
	defer late.Stop()
	d.rounds.Wait()
	return nil
}

// Enqueued says that an instance has something to deliver now. It does not wait.
func (d *Deliverer) Enqueued(instance string) {
	d.mu.Lock()
	t := d.byID[instance]
	switch {
	case t == nil:
		d.early[instance] = true
	case t.running:
		signal(t.again)
	default:
		t.due = d.cfg.Now()
	}
	d.mu.Unlock()
	signal(d.wake)
}

// isEarly tells that the list is older than some instance.
func (d *Deliverer) isEarly() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.early) > 0
}

// signal leaves one wake-up in a channel of capacity one.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// refresh takes in which instances there are. A new one, or a new revision, is looked at soon.
func (d *Deliverer) refresh(now time.Time) {
	d.mu.Lock()
	early := d.early // of whoever enqueued before now, the list knows
	d.early = map[string]bool{}
	d.mu.Unlock()
	list := d.cfg.Instances()
	spread := min(time.Duration(len(list))*spreadEach, spreadMost)
	d.mu.Lock()
	defer d.mu.Unlock()
	there := make(map[string]bool, len(list))
	for _, in := range list {
		there[in.ID] = true
		t := d.byID[in.ID]
		if t != nil && t.Revision == in.Revision {
			continue
		}
		if t == nil {
			t = &turn{again: make(chan struct{}, 1)}
			d.byID[in.ID] = t
		}
		t.Instance, t.lanes = in, nil // another revision may have another receiver
		soon := now.Add(time.Duration(d.cfg.Random() * float64(spread)))
		if early[in.ID] {
			soon = now
		}
		if t.due.IsZero() || t.due.After(soon) {
			t.due = soon
		}
	}
	for id := range d.byID {
		if !there[id] {
			delete(d.byID, id)
		}
	}
}

// start begins the rounds that are due, as many as there is room for, and tells how long to wait then.
func (d *Deliverer) start(ctx, attempts context.Context) time.Duration {
	now := d.cfg.Now()
	d.mu.Lock()
	defer d.mu.Unlock()
	for d.running < d.cfg.Limits.Rounds {
		next := d.earliest()
		if next == nil {
			break
		}
		if wait := next.due.Sub(now); wait > 0 {
			return min(wait, refreshEvery)
		}
		next.running = true
		d.running++
		d.rounds.Go(func() { d.turn(ctx, attempts, next) })
	}
	return refreshEvery
}

// earliest is the turn to begin next. The caller holds mu.
func (d *Deliverer) earliest() (next *turn) {
	for _, t := range d.byID {
		if !t.running && !t.due.IsZero() && (next == nil || t.due.Before(next.due)) {
			next = t
		}
	}
	return next
}

// turn runs one instance's round and decides when its next one is.
func (d *Deliverer) turn(ctx, attempts context.Context, t *turn) {
	defer signal(d.wake)
	d.mu.Lock()
	if t.lanes == nil {
		t.lanes = lanes{}
	}
	in, lanes := t.Instance, t.lanes
	d.mu.Unlock()
	next, err := d.round(ctx, attempts, in, lanes, t.again)
	now := d.cfg.Now()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.running--
	t.running = false
	switch {
	case err == nil:
		t.failures = 0
	case fault.IsKind(err, fault.NotFound):
		next = time.Time{}
	case ctx.Err() == nil:
		t.failures++
		next = now.Add(min(troubleMost, troubleFirst<<min(t.failures-1, 10)))
		d.cfg.Log.Warn("an outbox could not be worked on; trying again", "instance", in.ID, "at", next, "error", err)
	}
	select {
	case <-t.again:
		next = now
	default:
	}
	if t.Revision != in.Revision { // learned of meanwhile
		next = now
	}
	t.due = next
}
