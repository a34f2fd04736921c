package dashboardapi

import (
	"cmp"
	"context"
	"math"
	"slices"
	"time"

	"turnkey/controlplane"
	"turnkey/runtime/telemetry"
)

type seriesInput struct {
	InstancePath
	Names []string  `query:"name,explode" maxItems:"12" enum:"transactions,operations,errors,tokens,latency,conflicts,no_previous_values,retries,deliveries,hook_kills,hook_calls,hook_us,dropped_entries,database_us,table_latency,hook_latency" doc:"Absent: transactions. latency, table_latency and hook_latency give quantiles, hook_us the mean time of a call, database_us what transactions spent in the database on average"`
	Table string    `query:"table" maxLength:"128" doc:"Of operations, conflicts, no_previous_values and table_latency: only this table"`
	Hook  string    `query:"hook" maxLength:"128" doc:"Of hook_calls, hook_us and hook_latency: only this function, as in todos.beforeWrite"`
	Since time.Time `query:"since" doc:"Default: an hour before until"`
	Until time.Time `query:"until" doc:"Default: now"`
	Step  int       `query:"step" minimum:"0" maximum:"86400" multipleOf:"60" doc:"Seconds, such as 60, 3600 or 86400; 0 or absent: what suits the range"`
}

// series is one line of a chart.
type series struct {
	Name    string     `json:"name"`
	Label   string     `json:"label,omitempty" doc:"A table, code, outbox, hook or, of latency, p50, p90, p99 or mean"`
	Outcome string     `json:"outcome,omitempty" doc:"Of table_latency and hook_latency p50, p90 or p99"`
	Values  []*float64 `json:"values" nullable:"false" doc:"One for each time; of counters 0 where nothing was counted, of times (us) null"`
}

type seriesOutput struct {
	Body struct {
		Since  time.Time `json:"since"`
		Until  time.Time `json:"until"`
		Step   int       `json:"step" doc:"Seconds"`
		Times  []int64   `json:"times" nullable:"false" doc:"Starts of the steps, all of them, in Unix seconds"`
		Series []series  `json:"series" nullable:"false"`
	}
}

// chartPoints is about how many points a chart gets when nobody says.
const chartPoints = 400

// chartStep is the shortest usual step that keeps a range within about chartPoints.
func chartStep(d time.Duration) time.Duration {
	for _, s := range []time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, 6 * time.Hour} {
		if d/s <= chartPoints {
			return s
		}
	}
	return 24 * time.Hour
}

func (a *api) getSeries(ctx context.Context, in *seriesInput) (*seriesOutput, error) {
	until, since := in.Until, in.Since
	if until.IsZero() {
		until = a.cfg.Now().Truncate(time.Minute).Add(time.Minute)
	}
	if since.IsZero() {
		since = until.Add(-time.Hour)
	}
	step := time.Duration(in.Step) * time.Second
	if step == 0 {
		step = chartStep(until.Sub(since))
	}
	if len(in.Names) == 0 {
		in.Names = []string{string(telemetry.Transactions)}
	}
	var names []telemetry.Name
	for _, n := range in.Names {
		names = append(names, telemetry.Name(n))
		if n == string(telemetry.HookDuration) { // a mean needs both
			names = append(names, telemetry.HookRuns)
		}
		if n == string(telemetry.Latency) {
			names = append(names, telemetry.Duration)
		}
		if n == string(telemetry.DatabaseTime) { // so does this one
			names = append(names, telemetry.Latency)
		}
	}
	points, from, to, err := a.cfg.Plane.Metrics.Range(ctx, placeOf(ctx).Instance, since, until, step, names...)
	if err != nil {
		return nil, err
	}
	out := &seriesOutput{}
	out.Body.Since, out.Body.Until, out.Body.Step = from, to, int(step/time.Second)
	c := newChart(from, to, step)
	out.Body.Times = c.times
	for _, p := range points {
		c.add(p, in)
	}
	out.Body.Series = c.list()
	return out, nil
}

// chart puts points into lines that have a value for each step.
type chart struct {
	times []int64
	at    map[int64]int
	lines map[telemetry.Series]*series
}

func newChart(from, to time.Time, step time.Duration) *chart {
	c := &chart{times: []int64{}, at: map[int64]int{}, lines: map[telemetry.Series]*series{}}
	for t := from; t.Before(to); t = t.Add(step) {
		c.at[t.Unix()] = len(c.times)
		c.times = append(c.times, t.Unix())
	}
	return c
}

func (c *chart) line(s telemetry.Series, counts bool) *series {
	if c.lines[s] == nil {
		l := &series{Name: string(s.Name), Label: s.Label, Outcome: s.Outcome, Values: make([]*float64, len(c.times))}
		if counts {
			zeros := make([]float64, len(c.times))
			for i := range l.Values {
				l.Values[i] = &zeros[i]
			}
		}
		c.lines[s] = l
	}
	return c.lines[s]
}

func (c *chart) set(s telemetry.Series, i int, v float64) { c.line(s, false).Values[i] = &v }

// add puts one step's counters into the lines that were asked for.
func (c *chart) add(p controlplane.MetricPoint, in *seriesInput) {
	i, ok := c.at[p.At.Unix()]
	if !ok {
		return
	}
	durations, sum, database := map[string]int64{}, int64(0), int64(0)
	spreads := map[telemetry.Name]map[string]map[string]int64{telemetry.TableLatency: {}, telemetry.HookLatency: {}}
	calls, micros := map[string]int64{}, map[string]int64{}
	for s, n := range p.Counts {
		switch s.Name {
		case telemetry.Latency:
			durations[s.Label] += n
			continue
		case telemetry.Duration:
			sum += n
			continue
		case telemetry.DatabaseTime:
			database += n
			continue
		case telemetry.TableLatency, telemetry.HookLatency:
			addBucket(spreads[s.Name], s, n)
			continue
		case telemetry.HookRuns:
			calls[s.Label] += n
		case telemetry.HookDuration:
			micros[s.Label] += n
			continue
		}
		if in.wants(s) {
			*c.line(s, true).Values[i] += float64(n)
		}
	}
	c.addSpreads(spreads, i, in)
	latency := shapeLatency(durations)
	if latency.Count > 0 && slices.Contains(in.Names, string(telemetry.DatabaseTime)) {
		c.set(telemetry.Series{Name: telemetry.DatabaseTime}, i, math.Round(float64(database)/float64(latency.Count)))
	}
	if latency.Count > 0 && slices.Contains(in.Names, string(telemetry.Latency)) {
		for label, v := range map[string]float64{
			"p50": float64(latency.P50), "p90": float64(latency.P90), "p99": float64(latency.P99), "mean": math.Round(float64(sum) / float64(latency.Count)),
		} {
			c.set(telemetry.Series{Name: telemetry.Latency, Label: label}, i, v)
		}
	}
	for hook, us := range micros {
		if s := (telemetry.Series{Name: telemetry.HookDuration, Label: hook}); in.wants(s) && calls[hook] > 0 {
			c.set(s, i, math.Round(float64(us)/float64(calls[hook])))
		}
	}
}

// addSpreads adds the quantiles of one step.
func (c *chart) addSpreads(of map[telemetry.Name]map[string]map[string]int64, i int, in *seriesInput) {
	for name, labels := range of {
		for label, counts := range labels {
			if !in.wants(telemetry.Series{Name: name, Label: label}) {
				continue
			}
			q := shapeQuantiles(counts)
			for outcome, us := range map[string]int64{"p50": q.P50, "p90": q.P90, "p99": q.P99} {
				c.set(telemetry.Series{Name: name, Label: label, Outcome: outcome}, i, float64(us))
			}
		}
	}
}

// wants reports that a counter is among those that were asked for.
func (in *seriesInput) wants(s telemetry.Series) bool {
	if !slices.Contains(in.Names, string(s.Name)) {
		return false
	}
	switch s.Name {
	case telemetry.Operations, telemetry.Conflict, telemetry.NoPrevious, telemetry.TableLatency:
		return in.Table == "" || s.Label == in.Table
	case telemetry.HookRuns, telemetry.HookDuration, telemetry.HookLatency:
		return in.Hook == "" || s.Label == in.Hook
	}
	return true
}

// list gives the lines in an order that does not change.
func (c *chart) list() []series {
	out := make([]series, 0, len(c.lines))
	for _, l := range c.lines {
		out = append(out, *l)
	}
	slices.SortFunc(out, func(x, y series) int {
		return cmp.Or(cmp.Compare(x.Name, y.Name), cmp.Compare(x.Label, y.Label), cmp.Compare(x.Outcome, y.Outcome))
	})
	return out
}
