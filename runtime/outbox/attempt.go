package outbox

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"time"

	"turnkey/internal/crash"
	"turnkey/internal/fault"
	"turnkey/runtime/source"
	"turnkey/runtime/telemetry"
)

const (
	// reportWithin bounds the writing of what became of an attempt, also of one that was cut off.
	reportWithin = 5 * time.Second
	// reportTries bounds it where the database is set to refuse what others have just changed.
	reportTries = 5
)

func isConflict(err error) bool {
	f := source.FailureOf(err)
	return f != nil && f.Class == source.Conflict
}

// GaveUp marks a Runner's error: no further attempt can succeed.
func GaveUp(err error) error { return gaveUp{err} }

type gaveUp struct{ error }

func (g gaveUp) Unwrap() error { return g.error }

// attempt makes one attempt and reports it. Whatever keeps it from being reported, the lease ends and
// somebody attempts it again.
func (v *visit) attempt(ctx context.Context, l *lane, c claim, head *source.Delivery) {
	d := v.d
	if head.Attempts > d.cfg.Policy.Attempts { // none of them was reported: it may be what ends processes
		v.report(ctx, c, head, result{Attempt: source.Attempt{At: d.cfg.Now(), Code: "attempts_lost", Message: "No attempt came to its end."}, final: true})
		return
	}
	size := min(int64(max(head.PayloadBytes, 1)), d.cfg.Limits.Bytes)
	if d.memory.Acquire(ctx, size) != nil {
		v.giveBack(ctx, c, head)
		return
	}
	defer d.memory.Release(size)
	full, err := v.Source.Delivery(ctx, head.ID)
	switch {
	case err != nil:
		d.cfg.Log.Warn("a delivery could not be read; it is tried again when its lease ends", "instance", v.Bundle.Instance.ID, "delivery", head.ID, "error", err)
		return
	case full == nil || full.Status != source.Pending: // erased, or somebody decided otherwise
		return
	case d.cfg.Now().Add(d.cfg.Policy.Timeout).After(c.until):
		v.giveBack(ctx, c, head)
		return
	}
	limited, cancel := context.WithTimeout(ctx, d.cfg.Policy.Timeout)
	defer cancel()
	crash.At(crash.Claimed)
	began := d.cfg.Now()
	r := v.try(limited, full)
	crash.At(crash.Delivered)
	if r.Code != "" && ctx.Err() != nil { // we cut it off ourselves
		v.giveBack(ctx, c, head)
		return
	}
	ended := d.cfg.Now()
	r.At, r.DurationMS = began, ended.Sub(began).Milliseconds()
	if r.void {
		l.failed(ended, 0, d.cfg.Random())
		v.postpone(ctx, c, head, &r)
		return
	}
	if r.away {
		l.failed(ended, r.asked, d.cfg.Random())
	} else {
		l.took()
	}
	v.report(ctx, c, head, r)
}

// try sends a webhook or runs a hook. A panic is a failed attempt: one delivery must not end the process
// for everybody.
func (v *visit) try(ctx context.Context, full *source.Delivery) (r result) {
	defer func() {
		if cause := recover(); cause != nil {
			v.d.cfg.Log.Error("panic while delivering", "instance", v.Bundle.Instance.ID, "delivery", full.ID, "panic", cause, "stack", string(debug.Stack()))
			r = result{Attempt: source.Attempt{Code: "internal", Message: "Something went wrong on our side."}}
		}
	}()
	if o, ok := receiver(v.Bundle, full); ok {
		return send(ctx, v.d.cfg.Client, o.URL, v.keys[full.Lane], full, v.d.cfg.Now())
	}
	if full.Kind != source.AfterCommit || !v.d.hooks(v.Bundle) {
		r.Code, r.Message = "outbox_missing", "The active deployment does not have what this delivery is for: "+full.Lane+"."
		return r
	}
	log, err := v.d.cfg.Runner.Run(ctx, Call{Bundle: v.Bundle, Source: v.Source, Delivery: full})
	r.Excerpt = excerpt(log)
	if err == nil {
		return r
	}
	var final gaveUp
	f := fault.Of(err)
	r.Code, r.Message, r.final, r.void = f.Code, f.Message, errors.As(err, &final), f.Kind == fault.Unavailable
	return r
}

// report writes down what became of an attempt.
func (v *visit) report(ctx context.Context, c claim, head *source.Delivery, r result) {
	p, now := v.d.cfg.Policy, v.d.cfg.Now()
	out := source.DeliveryReport{ID: head.ID, Lease: c.lease, To: source.Delivered, Due: now, Last: &r.Attempt}
	switch {
	case r.Code == "":
	case r.final || head.Attempts >= p.Attempts:
		out.To = source.Dead
	default:
		out.To, out.Due = source.Pending, now.Add(p.after(head.Attempts, r.asked, v.d.cfg.Random()))
	}
	if v.write(ctx, out) {
		v.tell(head, out)
	}
}

// giveBack reports an attempt that was not made, or that we cut off: it does not count.
func (v *visit) giveBack(ctx context.Context, c claim, head *source.Delivery) {
	v.write(ctx, source.DeliveryReport{ID: head.ID, Lease: c.lease, To: source.Pending, Due: v.d.cfg.Now()})
}

// postpone reports that no attempt could be made now. It does not count, and the delivery is due again as after
// a first attempt; the lane's breaker makes the waits longer.
func (v *visit) postpone(ctx context.Context, c claim, head *source.Delivery, r *result) {
	now := v.d.cfg.Now()
	due := now.Add(v.d.cfg.Policy.after(1, 0, v.d.cfg.Random()))
	v.d.cfg.Log.Warn("no attempt could be made; it is made later", "instance", v.Bundle.Instance.ID, "delivery", head.ID, "code", r.Code, "message", r.Message, "at", due)
	v.write(ctx, source.DeliveryReport{ID: head.ID, Lease: c.lease, To: source.Pending, Due: due})
}

// write sends a report, and tells whether the lease still held.
func (v *visit) write(ctx context.Context, r source.DeliveryReport) bool {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), reportWithin)
	defer cancel()
	held, err := v.Source.ReportDelivery(ctx, r)
	for tries := 1; tries < reportTries && isConflict(err); tries++ {
		held, err = v.Source.ReportDelivery(ctx, r)
	}
	log := v.d.cfg.Log.With("instance", v.Bundle.Instance.ID, "delivery", r.ID)
	switch {
	case err != nil:
		log.Warn("an attempt could not be reported; it is made again when its lease ends", "error", err)
	case !held:
		log.Warn("an attempt outlived its lease, or somebody decided about the delivery meanwhile")
	}
	return err == nil && held
}

// tell records an attempt that has ended.
func (v *visit) tell(head *source.Delivery, r source.DeliveryReport) {
	if v.d.cfg.Observe == nil {
		return
	}
	e := telemetry.Entry{
		At: r.Last.At, Instance: v.Bundle.Instance.ID, Deployment: v.Bundle.Deployment, Kind: telemetry.Delivery, Level: telemetry.Info, RequestID: head.RequestID,
		UserID: head.UserID, Lane: head.Lane, Outcome: telemetry.Success, Code: r.Last.Code, DurationUS: r.Last.DurationMS * 1000,
	}
	what := fmt.Sprintf("Attempt %d to deliver %s to %s failed: %s.", head.Attempts, head.ID, head.Lane, strings.TrimSuffix(r.Last.Message, "."))
	switch r.To {
	case source.Pending:
		e.Level, e.Outcome, e.Message = telemetry.Warn, telemetry.Retryable, what+" Again at "+r.Due.UTC().Format(time.RFC3339)+"."
	case source.Dead:
		e.Level, e.Outcome, e.Message = telemetry.Error, telemetry.Fatal, what+" It is given up."
	}
	v.d.cfg.Observe(e)
}
