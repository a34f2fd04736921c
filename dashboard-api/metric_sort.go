package dashboardapi

import (
	"cmp"
	"maps"
	"slices"

	"turnkey/runtime/telemetry"
)

// metricSorter sorts series into what is told of them.
type metricSorter struct {
	out               metricSums
	durations         map[string]int64 // the histogram, by bucket
	sum, database     int64            // microseconds
	tables            map[string]*tableMetric
	hooks             map[string]*hookMetric
	ofTables, ofHooks map[string]map[string]int64 // histograms, by name
}

// add takes in one series.
func (a *metricSorter) add(s telemetry.Series, n int64) {
	switch s.Name {
	case telemetry.Transactions:
		a.out.Transactions[s.Outcome] += n
	case telemetry.Operations:
		a.out.Operations = append(a.out.Operations, operationMetric{s.Label, s.Outcome, n})
	case telemetry.Errors:
		a.out.Errors = append(a.out.Errors, errorMetric{s.Label, s.Outcome, n})
	case telemetry.Tokens:
		a.out.Tokens[s.Outcome] += n
		if s.Label != "" {
			a.out.TokenErrors = append(a.out.TokenErrors, errorMetric{s.Label, s.Outcome, n})
		}
	case telemetry.Latency:
		a.durations[s.Label] += n
	case telemetry.Duration:
		a.sum += n
	case telemetry.DatabaseTime:
		a.database += n
	case telemetry.Retries:
		a.out.Retries += n
	case telemetry.Deliveries:
		a.out.Deliveries = append(a.out.Deliveries, deliveryMetric{s.Label, s.Outcome, n})
	case telemetry.DroppedDevices:
		a.out.DroppedDevices += n
	case telemetry.DroppedEntries:
		a.out.DroppedEntries += n
	case telemetry.NoPrevious, telemetry.Conflict, telemetry.TableLatency:
		a.addTable(s, n)
	case telemetry.HookKills, telemetry.HookRuns, telemetry.HookDuration, telemetry.HookLatency:
		a.addHook(s, n)
	}
}

func (a *metricSorter) addTable(s telemetry.Series, n int64) {
	told := s.Label != "" // else it was counted by a runtime that told no tables apart
	switch s.Name {
	case telemetry.TableLatency:
		addBucket(a.ofTables, s, n)
	case telemetry.NoPrevious:
		a.out.NoPreviousValues += n
		if told {
			a.table(s.Label).NoPreviousValues += n
		}
	case telemetry.Conflict:
		a.out.Conflicts[s.Outcome] += n
		if told {
			a.table(s.Label).Conflicts[s.Outcome] += n
		}
	}
}

func (a *metricSorter) addHook(s telemetry.Series, n int64) {
	switch s.Name {
	case telemetry.HookKills:
		a.out.HookKills[s.Label] += n
	case telemetry.HookRuns:
		h := a.hook(s.Label)
		h.Results[s.Outcome] += n
		h.Calls += n
	case telemetry.HookDuration:
		a.hook(s.Label).Total += n
	case telemetry.HookLatency:
		addBucket(a.ofHooks, s, n)
	}
}

func (a *metricSorter) table(name string) *tableMetric {
	if a.tables[name] == nil {
		a.tables[name] = &tableMetric{Table: name, Conflicts: map[string]int64{}}
	}
	return a.tables[name]
}

func (a *metricSorter) hook(name string) *hookMetric {
	if a.hooks[name] == nil {
		a.hooks[name] = &hookMetric{Hook: name, Results: map[string]int64{}}
	}
	return a.hooks[name]
}

// addBucket adds a bucket to the histogram of its label.
func addBucket(to map[string]map[string]int64, s telemetry.Series, n int64) {
	if to[s.Label] == nil {
		to[s.Label] = map[string]int64{}
	}
	to[s.Label][s.Outcome] += n
}

// sorted is everything, each list in order.
func (a *metricSorter) sorted() metricSums {
	for name, counts := range a.ofTables {
		a.table(name).Latency = shapeQuantiles(counts)
	}
	for name, counts := range a.ofHooks {
		a.hook(name).Latency = shapeQuantiles(counts)
	}
	a.out.Tables = eachByName(a.tables)
	a.out.Hooks = eachByName(a.hooks)
	for i := range a.out.Hooks {
		h := &a.out.Hooks[i]
		h.Mean = h.Total / max(1, h.Calls)
	}
	slices.SortFunc(a.out.Operations, func(x, y operationMetric) int {
		return cmp.Or(cmp.Compare(x.Table, y.Table), cmp.Compare(x.Outcome, y.Outcome))
	})
	slices.SortFunc(a.out.Deliveries, func(x, y deliveryMetric) int {
		return cmp.Or(cmp.Compare(x.Outbox, y.Outbox), cmp.Compare(x.Outcome, y.Outcome))
	})
	for _, list := range [][]errorMetric{a.out.Errors, a.out.TokenErrors} {
		slices.SortFunc(list, func(x, y errorMetric) int {
			return cmp.Or(cmp.Compare(x.Code, y.Code), cmp.Compare(x.Outcome, y.Outcome))
		})
	}
	a.out.Latency = shapeLatency(a.durations)
	a.out.Latency.Mean, a.out.Latency.Database = a.sum/max(1, a.out.Latency.Count), a.database/max(1, a.out.Latency.Count)
	return a.out
}

// eachByName lists what is told of each name; empty, never nil.
func eachByName[T any](of map[string]*T) []T {
	out := make([]T, 0, len(of))
	for _, name := range slices.Sorted(maps.Keys(of)) {
		out = append(out, *of[name])
	}
	return out
}
