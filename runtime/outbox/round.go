package outbox

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"turnkey/runtime/bundle"
	"turnkey/runtime/outbox/signature"
	"turnkey/runtime/source"
)

// pause is how long a lane is left alone that has something due of which nothing could be claimed: somebody
// else is just doing so.
const pause = time.Second

// round delivers what an instance has due, for as long as its turn lasts, and tells when to come again;
// zero: not before its revision changes. again says that there is more meanwhile.
func (d *Deliverer) round(ctx, attempts context.Context, in Instance, l lanes, again <-chan struct{}) (next time.Time, err error) {
	err = d.cfg.Visit(ctx, in.Host, d.wants, func(p Place) error {
		v := visit{d: d, Place: p, again: again, lanes: l, end: d.cfg.Now().Add(d.cfg.Limits.Round), busy: map[string]bool{}, passed: map[string]bool{}}
		if v.keys, err = signature.Keys(p.Bundle); err != nil {
			return err
		}
		due, err := v.run(ctx, attempts)
		if err != nil {
			return err
		}
		poll := d.cfg.Limits.IdlePoll
		if p.Live {
			poll = d.cfg.Limits.Poll
		}
		next = d.cfg.Now().Add(time.Duration(float64(poll) * (0.9 + 0.2*d.cfg.Random())))
		if !due.IsZero() && due.Before(next) {
			next = due
		}
		return nil
	})
	return next, err
}

// visit is one round at work.
type visit struct {
	d *Deliverer
	Place
	again <-chan struct{}
	keys  map[string]signature.Key
	lanes lanes
	end   time.Time
	known []string // the lanes that the configuration has

	busy   map[string]bool // lanes that are worked on; "" stands for all that are not known
	passed map[string]bool // lanes in which nothing can be claimed for now
}

// ended is what came of working on a lane.
type ended struct {
	lane    string
	claimed int
	err     error
}

// run works on lanes that have something due, side by side, until nothing is due, the turn is over or the
// context ends. It tells when something is due next; zero: nothing is pending.
func (v *visit) run(ctx, attempts context.Context) (next time.Time, err error) {
	v.known = slices.Sorted(maps.Keys(v.Bundle.Config.Outbox))
	if v.d.hooks(v.Bundle) {
		v.known = append(v.known, source.AfterCommitLane)
	}
	ends := make(chan ended)
	for {
		if next, err = v.begin(ctx, attempts, ends, err); len(v.busy) == 0 {
			return next, err
		}
		timer := time.NewTimer(max(next.Sub(v.d.cfg.Now()), pause))
		if next.IsZero() {
			timer.Stop() // nothing will be due by itself
		}
		select {
		case e := <-ends:
			delete(v.busy, e.lane)
			err = errors.Join(err, e.err)
			if clear(v.passed); e.claimed == 0 {
				v.passed[e.lane] = true
			}
		case <-v.again:
			clear(v.passed)
		case <-timer.C:
		}
		timer.Stop()
	}
}

// begin starts work on each lane that has something due and is not worked on, unless the round is about
// to end, and tells when to look again.
func (v *visit) begin(ctx, attempts context.Context, ends chan<- ended, failed error) (next time.Time, _ error) {
	for {
		now := v.d.cfg.Now()
		if failed != nil || ctx.Err() != nil || now.After(v.end) {
			return now, failed
		}
		not, opens := v.closed(now)
		lane, due, err := v.Source.NextDelivery(ctx, not)
		if err != nil {
			return now, err
		}
		if due.IsZero() || due.After(now) {
			return earlier(due, opens), nil
		}
		if !slices.Contains(v.known, lane) {
			if v.busy[""] || v.passed[""] { // it has its turn with the others of its kind
				v.passed[lane] = true
				continue
			}
			lane = ""
		}
		v.busy[lane] = true
		breaker := v.lanes.of(lane)
		go func() {
			n, err := v.lane(ctx, attempts, breaker, lane)
			ends <- ended{lane, n, err}
		}()
	}
}

// closed lists the lanes in which nothing can be begun now, and tells when that may change; zero: with the
// end of what is under way.
func (v *visit) closed(now time.Time) (not []string, opens time.Time) {
	for _, name := range v.known {
		n, until := v.lanes.of(name).room(now, 1)
		if v.busy[name] || v.passed[name] || n == 0 {
			not = append(not, name)
		}
		if n == 0 {
			opens = earlier(opens, until)
		}
	}
	for name := range v.passed {
		not = append(not, name)
		opens = earlier(opens, now.Add(pause))
	}
	return not, opens
}

// earlier is the earlier of two times, of which zero ones do not count.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// lane delivers what is due in one lane, a few at a time.
func (v *visit) lane(ctx, attempts context.Context, l *lane, name string) (claimed int, _ error) {
	most := v.d.cfg.Limits.Lane
	if name == source.AfterCommitLane {
		most = v.d.cfg.Limits.Hooks
	}
	for {
		now := v.d.cfg.Now()
		room, _ := l.room(now, most)
		if room == 0 || now.After(v.end) {
			return claimed, nil
		}
		places := v.places(ctx, room)
		if places == 0 {
			return claimed, nil
		}
		now = v.d.cfg.Now() // there may have been no place for a while
		lease := v.d.cfg.NewID()
		list, err := v.Source.ClaimDeliveries(ctx, source.LaneClaim{Lane: name, Not: v.known, Limit: places, Now: now, Lease: lease, Until: now.Add(v.d.leaseTime())})
		v.d.sends.Release(int64(places - len(list)))
		if isConflict(err) {
			return claimed, nil
		}
		if err != nil || len(list) == 0 {
			return claimed, err
		}
		claimed += len(list)
		var wg sync.WaitGroup
		for i := range list {
			wg.Go(func() {
				defer v.d.sends.Release(1)
				v.attempt(attempts, l, claim{lease, now.Add(v.d.leaseTime())}, &list[i])
			})
		}
		wg.Wait()
		if len(list) < places {
			return claimed, nil
		}
	}
}

// places takes the right to make at least one attempt, at most so many; 0: the context has ended.
func (v *visit) places(ctx context.Context, most int) int {
	if ctx.Err() != nil || v.d.sends.Acquire(ctx, 1) != nil {
		return 0
	}
	n := 1
	for n < most && v.d.sends.TryAcquire(1) {
		n++
	}
	return n
}

// leaseTime is longer than an attempt with everything around it takes.
func (d *Deliverer) leaseTime() time.Duration { return 2*d.cfg.Policy.Timeout + 30*time.Second }

// claim is what attempts are reported under.
type claim struct {
	lease string
	until time.Time
}

// receiver tells where a lane's deliveries go; false: the configuration does not have it.
func receiver(b *bundle.Bundle, d *source.Delivery) (bundle.Outbox, bool) {
	o, ok := b.Config.Outbox[d.Lane]
	return o, ok && d.Kind == source.Webhook
}
