package store

import (
	"context"
	"time"

	"turnkey/controlplane"
	"turnkey/controlplane/store/internal/db"
	"turnkey/runtime/telemetry"
)

// AddCounts implements controlplane.Tx.
func (t tx) AddCounts(ctx context.Context, counts []telemetry.Count) error {
	if len(counts) == 0 {
		return nil
	}
	var p db.AddCountsParams
	for _, c := range counts {
		p.Instances, p.Minutes = append(p.Instances, c.Instance), append(p.Minutes, time.Unix(c.Minute, 0).UTC())
		p.Names, p.Labels, p.Outcomes = append(p.Names, string(c.Name)), append(p.Labels, c.Label), append(p.Outcomes, c.Outcome)
		p.Numbers = append(p.Numbers, c.N)
	}
	return translate(t.q.AddCounts(ctx, p))
}

// SumCounts implements controlplane.Tx.
func (t tx) SumCounts(ctx context.Context, instance string, since, until time.Time, step time.Duration, only []telemetry.Name) ([]controlplane.MetricSum, error) {
	names := each(only, func(n telemetry.Name) string { return string(n) })
	rows, err := t.q.SumCounts(ctx, db.SumCountsParams{Step: int64(step / time.Second), InstanceID: instance, Since: since, Until: until, Names: names})
	return each(rows, func(r db.SumCountsRow) controlplane.MetricSum {
		return controlplane.MetricSum{
			At: time.Unix(r.Start, 0).UTC(), Series: telemetry.Series{Name: telemetry.Name(r.Name), Label: r.Label, Outcome: r.Outcome}, N: r.N,
		}
	}), translate(err)
}

// DeleteInstanceCounts implements controlplane.Tx.
func (t tx) DeleteInstanceCounts(ctx context.Context, instance string) error {
	return translate(t.q.DeleteInstanceCounts(ctx, instance))
}
