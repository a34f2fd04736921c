package controlplane

import (
	"context"
	"time"

	"turnkey/internal/fault"
	"turnkey/runtime/telemetry"
)

// MetricPoint is what an instance counted in one step of time.
type MetricPoint struct {
	At     time.Time
	Counts map[telemetry.Series]int64
}

// MetricSum is one counter in one step, as the store gives it.
type MetricSum struct {
	At time.Time
	telemetry.Series
	N int64
}

type metricTx interface {
	// AddCounts adds to counters by the minute; no counter may be named twice.
	AddCounts(ctx context.Context, counts []telemetry.Count) error
	// SumCounts gives counters in [since, until) by steps, in order of time; only those of some names, or all.
	SumCounts(ctx context.Context, instance string, since, until time.Time, step time.Duration, only []telemetry.Name) ([]MetricSum, error)
	DeleteInstanceCounts(ctx context.Context, instance string) error
}

// Metrics reads what instances counted.
type Metrics struct{ *core }

const (
	// maxPoints is the longest series.
	maxPoints = 1500
	// minStep is what counters are kept by.
	minStep = time.Minute
)

// Range gives an instance's counters from since to until by steps, without the empty ones. Steps are
// whole minutes, counted from the epoch; since is brought down and until up to one. It also says the bounds. With
// only it gives the counters of those names alone, which is faster.
func (s *Metrics) Range(ctx context.Context, instance string, since, until time.Time, step time.Duration, only ...telemetry.Name) (points []MetricPoint, from, to time.Time, err error) {
	if step < minStep || step%minStep != 0 {
		return nil, from, to, fault.New(fault.Invalid, "invalid_step", "A step is a whole number of minutes.").
			WithDetails(fault.Detail{Path: "query.step", Code: "invalid_step", Message: "not a whole number of minutes"})
	}
	from, to = floor(since, step), floor(until.Add(step-1), step)
	if n := to.Sub(from) / step; !from.Before(to) || n > maxPoints {
		return nil, from, to, fault.Newf(fault.Invalid, "invalid_range", "The range has %d steps; 1 to %d are possible.", max(n, 0), maxPoints).
			WithHint("Choose a longer step or a shorter range.").
			WithDetails(fault.Detail{Path: "query.since", Code: "invalid_range", Message: "empty, or too long for its step"})
	}
	err = s.read(ctx, func(tx Tx) error {
		points = points[:0]
		sums, err := tx.SumCounts(ctx, instance, from, to, step, only)
		for _, sum := range sums {
			if n := len(points); n == 0 || !points[n-1].At.Equal(sum.At) {
				points = append(points, MetricPoint{sum.At, map[telemetry.Series]int64{}})
			}
			points[len(points)-1].Counts[sum.Series] = sum.N
		}
		return err
	})
	return points, from, to, err
}

// floor brings a time down to a step counted from the Unix epoch, which is what the store does.
func floor(t time.Time, step time.Duration) time.Time {
	s := int64(step / time.Second)
	return time.Unix(t.Unix()/s*s, 0).UTC()
}
