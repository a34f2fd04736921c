package controlplane

import (
	"cmp"
	"context"
	"slices"
	"time"

	"turnkey/runtime/telemetry"
)

// maxTotals is how many sums of one instance are kept apart for receivers. Labels come from codes and hooks: what is new
// beyond is added up as Other, so that a receiver does not get series without end.
const maxTotals = 2000

// addTotals adds counters to the sums of the instances that somebody has exported. The caller holds the telemetry's lock.
func addTotals(ctx context.Context, tx Tx, counts []telemetry.Count, now time.Time) error {
	var ids []string
	for _, c := range counts {
		if len(ids) == 0 || ids[len(ids)-1] != c.Instance {
			ids = append(ids, c.Instance)
		}
	}
	slices.Sort(ids)
	if ids = slices.Compact(ids); len(ids) == 0 {
		return nil
	}
	exported, err := tx.ExportedInstances(ctx, ids)
	if err != nil || len(exported) == 0 {
		return err
	}
	have, err := tx.ListTotals(ctx, exported)
	if err != nil {
		return err
	}
	return tx.AddTotals(ctx, growTotals(have, counts, exported), now)
}

// growTotals gives what is to be added to which sum, none twice and in an order that does not change.
func growTotals(have []MetricTotal, counts []telemetry.Count, exported []string) []MetricTotal {
	type key struct {
		instance string
		telemetry.Series
	}
	known, kept := map[key]bool{}, map[string]int{}
	for _, t := range have {
		known[key{t.Instance, t.Series}] = true
		kept[t.Instance]++
	}
	sums := map[key]int64{}
	for _, c := range counts {
		if !slices.Contains(exported, c.Instance) {
			continue
		}
		k := key{c.Instance, c.Series}
		if !known[k] {
			if kept[c.Instance] >= maxTotals && k.Label != "" {
				k.Label = telemetry.Other
			}
			if !known[k] {
				known[k] = true
				kept[c.Instance]++
			}
		}
		sums[k] += c.N
	}
	out := make([]MetricTotal, 0, len(sums))
	for k, n := range sums {
		out = append(out, MetricTotal{Instance: k.instance, Series: k.Series, N: n})
	}
	slices.SortFunc(out, func(x, y MetricTotal) int {
		return cmp.Or(cmp.Compare(x.Instance, y.Instance), cmp.Compare(x.Name, y.Name), cmp.Compare(x.Label, y.Label), cmp.Compare(x.Outcome, y.Outcome))
	})
	return out
}
