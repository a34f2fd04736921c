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
	{cell{puts, 100, "open"}, 0.50},
	{cell{patches, 100, "ruled"}, 0.40},
	{cell{puts, 10, "open"}, 0.40},
	{cell{patches, 10, "ruled"}, 0.40},
	{cell{puts, 1, "open"}, 0.45},
	{cell{patches, 1, "ruled"}, 0.45},
}

const (
	mostResidentMB = 150
	leastTokens    = 8_000
)

// report prints the figures and says whether every bar holds.
func report(w io.Writer, r *results) bool {
	fmt.Fprintf(w, "%-26s %12s %9s %9s %9s %12s\n", "cell", "ops/s", "p50 ms", "p99 ms", "of bare", "CPU ms/1000")
	for _, c := range r.cells {
		fmt.Fprintf(w, "%-26s %12.0f %9.2f %9.2f", c.name(), r.perSecond(c), ms(r.median(c, 0.50)), ms(r.median(c, 0.99)))
		if c.table != "" {
			fmt.Fprintf(w, " %9.2f %12.1f", r.ratio(c), ms(middle(r.cpuPer1000[c])))
		}
		fmt.Fprintln(w)
	}
	tokens := middle(each(r.tokens, sample.perSecond))
	fmt.Fprintf(w, "token exchange, EdDSA      %12.0f\n", tokens)
	fmt.Fprintf(w, "resident memory of the runtime: %.0f MB at start, %.0f MB after the load, %.0f MB peak\n", r.rssAtStart, r.rssUnder, r.rssPeak)
	fmt.Fprintf(w, "first upload of a cold instance: %.1f ms for 1,000 operations\n\n", ms(r.coldRequest))

	ok := true
	check := func(holds bool, format string, args ...any) {
		verdict := "holds "
		if !holds {
			verdict, ok = "FAILS ", false
		}
		fmt.Fprintf(w, verdict+format+"\n", args...)
	}
	for _, b := range bars {
		check(r.ratio(b.cell) >= b.least, "%s: %.2f of the bare driver, at least %.2f", b.cell.name(), r.ratio(b.cell), b.least)
	}
	check(r.rssPeak < mostResidentMB, "resident memory: %.0f MB, below %d", r.rssPeak, mostResidentMB)
	check(tokens >= leastTokens, "token exchange: %.0f per second, at least %d", tokens, leastTokens)
	return ok
}

func (r *results) perSecond(c cell) float64 { return middle(each(r.samples[c], sample.perSecond)) }

// ratio pairs each round with the bare driver's sample of the same round, so that a machine that
// slows down slows both.
func (r *results) ratio(c cell) float64 {
	bare := r.samples[cell{c.work, c.size, ""}]
	pairs := make([]float64, len(r.samples[c]))
	for i, s := range r.samples[c] {
		pairs[i] = s.perSecond() / bare[i].perSecond()
	}
	return middle(pairs)
}

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
