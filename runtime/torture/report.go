package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"turnkey/runtime/torture/check"
	"turnkey/runtime/torture/history"
	"turnkey/runtime/torture/stand"
)

// mostShown violations are quoted with their history for each checker.
const mostShown = 2

// report prints the verdict on one database.
func (r *tortured) report(w io.Writer, run *history.Run, violations []check.Violation, counts map[string]int) {
	queued, acknowledged, refused := 0, map[string]bool{}, map[string]bool{}
	sends, devices := 0, 0
	for _, e := range run.Events {
		switch e.Kind {
		case history.Queue:
			queued += len(e.Ops)
		case history.Send:
			sends++
		case history.Drained, history.Stuck:
			devices++
		case history.OK, history.Rejected:
			set := acknowledged
			if e.Kind == history.Rejected {
				set = refused
			}
			for _, tag := range e.Tags {
				set[tag] = true
			}
		}
	}
	fmt.Fprintf(w, "\n%s: %d operations of %d devices in %d requests: %d acknowledged, %d refused; %d row changes\n",
		r.database, queued, devices, sends, len(acknowledged), len(refused), len(run.Changes))
	faults := r.nemesis.Counts()
	fmt.Fprintf(w, "%s: %d kills of runtimes, %d of workers of hooks, %d other faults; all queues drained %s after healing\n", r.database, r.nemesis.Kills(), r.nemesis.WorkerKills(), r.nemesis.Others(), r.drained.Round(time.Millisecond))
	for _, kind := range slices.Sorted(maps.Keys(faults)) {
		fmt.Fprintf(w, "  %5d  %s\n", faults[kind], kind)
	}
	if !slices.ContainsFunc(r.stand.Runtimes, func(r *stand.Runtime) bool { return r.HasClock() }) {
		fmt.Fprintln(w, "  NOT RUN: clock jumps: no runtime's clock can be set (a -crash-binary whose main takes the time from internal/clock)")
	}
	for what, n := range r.nemesis.Changes() {
		fmt.Fprintf(w, "  %5d  %s under load\n", n, what)
	}
	if len(run.Arrivals) > 0 {
		events := map[string]bool{}
		for _, a := range run.Arrivals {
			events[a.Lane+" "+a.ID] = true
		}
		fmt.Fprintf(w, "%s: %d events of hooks came to the receiver in %d requests\n", r.database, len(events), len(run.Arrivals))
	}
	r.printViolations(w, run, violations, counts)
}

// printViolations gives the verdict of every checker, and the smallest excerpt that shows a failure.
func (s settings) printViolations(w io.Writer, run *history.Run, violations []check.Violation, counts map[string]int) {
	shown := map[string]int{}
	for _, c := range check.All() {
		verdict := "holds"
		if counts[c.Name] > 0 {
			verdict = fmt.Sprintf("FAILS %d times", counts[c.Name])
		}
		fmt.Fprintf(w, "  %-12s %s\n", c.Name, verdict)
	}
	for _, v := range violations {
		if shown[v.Checker]++; shown[v.Checker] > mostShown {
			continue
		}
		*s.found = append(*s.found, v.Checker+": "+v.What)
		fmt.Fprintf(w, "\n%s: %s\n", v.Checker, v.What)
		for _, line := range check.Excerpt(run, v, 30) {
			fmt.Fprintln(w, "   ", line)
		}
	}
}
