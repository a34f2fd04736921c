package main

import (
	"fmt"
	"io"
	"slices"
	"time"
)

// bar is a promise of the design: a ratio to the bare driver that must be reached.
type bar struct {
	cell  cell
	least float64
}

var bars = []bar{
	{cell{work: puts, size: 100, table: "open"}, 0.50},
	{cell{work: patches, size: 100, table: "ruled"}, 0.40},
	{cell{work: puts, size: 10, table: "open"}, 0.40},
	{cell{work: patches, size: 10, table: "ruled"}, 0.40},
	{cell{work: puts, size: 1, table: "open"}, 0.45},
	{cell{work: patches, size: 1, table: "ruled"}, 0.45},
}

const (
	mostResidentMB = 150
	leastTokens    = 8_000
)

// mostCost is the share of the operations per second that receipts may take, by operations per request.
var mostCost = map[int]float64{1: 0.20, 10: 0.12, 100: 0.12}

// report prints the figures and says whether every bar holds.
func report(w io.Writer, r *results, costs *costs) bool {
	rounds := len(r.tokens) > 0
	if rounds {
		figures(w, r)
		hookFigures(w, r)
	}
	costFigures(w, costs)
	ok := true
	check := func(holds bool, format string, args ...any) {
		verdict := "PASS  "
		if !holds {
			verdict, ok = "FAIL  ", false
		}
		fmt.Fprintf(w, verdict+format+"\n", args...)
	}
	fmt.Fprintln(w)
	for _, c := range costs.cells {
		cost := middle(costs.each(c, pair.cost))
		check(cost <= mostCost[c.size], "%s: receipts take %.1f %% of the operations per second, at most %.0f %%", c.name(), 100*cost, 100*mostCost[c.size])
	}
	if !rounds {
		return ok
	}
	for _, b := range bars {
		check(r.ratio(b.cell) >= b.least, "%s: %.2f of the bare driver, at least %.2f", b.cell.name(), r.ratio(b.cell), b.least)
	}
	checkHooks(r, check)
	check(r.rssPeak < mostResidentMB, "resident memory under load: %.0f MB, below %d", r.rssPeak, mostResidentMB)
	tokens := middle(each(r.tokens, sample.perSecond))
	check(tokens >= leastTokens, "token exchange, EdDSA: %.0f per second, at least %d", tokens, leastTokens)
	return ok
}

func figures(w io.Writer, r *results) {
	fmt.Fprintf(w, "%-20s %9s %8s %8s %18s %15s\n%-20s %9s %8s %8s %18s %15s\n", "", "", "", "", "of bare", "CPU us per op",
		"receipts on", "ops/s", "p50 ms", "p99 ms", "median (range)", "ours  Postgres")
	for _, c := range r.cells {
		of := ""
		if c.table != "" {
			low, high := spread(r.ratios(c))
			of = fmt.Sprintf("%.2f (%.2f-%.2f)", r.ratio(c), low, high)
		}
		fmt.Fprintf(w, "%-20s %9.0f %8.2f %8.2f %18s %6.0f %8.0f\n", c.name(), r.perSecond(c), ms(r.median(c, 0.50)), ms(r.median(c, 0.99)), of,
			us(middle(each(r.samples[c], func(s sample) time.Duration { return s.each(s.ours) }))),
			us(middle(each(r.samples[c], func(s sample) time.Duration { return s.each(s.base) }))))
	}
	fmt.Fprintf(w, "cold start of an instance  %.1f ms until its first upload is answered\n", ms(middle(r.cold)))
	fmt.Fprintf(w, "memory of the process      %.0f MB with no instance live, %.0f MB after the load, %.0f MB at its peak\n", r.rssAtStart, r.rssUnder, r.rssPeak)
	fmt.Fprintf(w, "token exchange, EdDSA      %.0f per second\n", middle(each(r.tokens, sample.perSecond)))
}

func costFigures(w io.Writer, costs *costs) {
	fmt.Fprintf(w, "\n%-20s %24s %24s %22s\n", "cost of receipts", "operations per second", "CPU of ours + Postgres", "us per op, each")
	for _, c := range costs.cells {
		low, high := spread(costs.each(c, pair.cost))
		lowCPU, highCPU := spread(costs.each(c, pair.cpuCost))
		fmt.Fprintf(w, "%-20s %24s %24s %12.1f + %.1f\n", c.name(), percents(middle(costs.each(c, pair.cost)), low, high),
			percents(middle(costs.each(c, pair.cpuCost)), lowCPU, highCPU), middle(costs.each(c, pair.ours)), middle(costs.each(c, pair.base)))
	}
}

func percents(middle, low, high float64) string {
	return fmt.Sprintf("%.1f %% (%.0f to %.0f)", 100*middle, 100*low, 100*high)
}

func (c *costs) each(at cell, f func(pair) float64) []float64 {
	out := make([]float64, len(c.pairs[at]))
	for i, p := range c.pairs[at] {
		out[i] = f(p)
	}
	return out
}

func (r *results) perSecond(c cell) float64 { return middle(each(r.samples[c], sample.perSecond)) }

func (r *results) ratio(c cell) float64 { return middle(r.ratios(c)) }

// ratios pair each round with the bare driver's sample of the same round, so that a machine that
// slows down slows both.
func (r *results) ratios(c cell) []float64 {
	bare := r.samples[cell{work: c.work, size: c.size}]
	pairs := make([]float64, len(r.samples[c]))
	for i, s := range r.samples[c] {
		pairs[i] = s.perSecond() / bare[i].perSecond()
	}
	return pairs
}

// spread is the least and the most of a list that is not empty.
func spread(list []float64) (low, high float64) { return slices.Min(list), slices.Max(list) }

func (r *results) median(c cell, p float64) time.Duration {
	return middle(each(r.samples[c], func(s sample) time.Duration { return s.percentile(p) }))
}

func each[T any](samples []sample, f func(sample) T) []T {
	out := make([]T, len(samples))
	for i, s := range samples {
		out[i] = f(s)
	}
	return out
}

// middle is the median; zero for nothing.
func middle[T float64 | time.Duration](list []T) T {
	if len(list) == 0 {
		return 0
	}
	sorted := slices.Clone(list)
	slices.Sort(sorted)
	return sorted[len(sorted)/2]
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func us(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }
