package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
)

// lastLines is how much the report of failures takes at most: who keeps only the last 40 lines of a log has it whole,
// with the closing line and what make says after it.
const lastLines = 34

// report prints the table, then the failed tests with what they said, and the closing line, and says whether all is well.
// A run in which nothing passed is not well.
func report(w io.Writer, results []result) bool {
	fmt.Fprintln(w)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "suite\trun\ttests\ttime\tcpu\twhy / what it proves")
	passed, failed := 0, 0
	for _, r := range results {
		state, note := "passed", r.suite.proves
		switch {
		case r.notRun != "":
			state, note = "not run", r.notRun
		case r.failure != "":
			state, note = "FAILED", r.failure
		}
		tests := "-"
		if r.notRun == "" {
			tests = fmt.Sprint(r.passed + r.failed)
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\n", r.suite.name, state, tests, r.took.Round(100*time.Millisecond), r.busy.Round(time.Second), firstLine(note))
		passed += r.passed
		failed += r.failed
	}
	_ = t.Flush()
	for _, line := range failures(results, lastLines) {
		fmt.Fprintln(w, line)
	}
	fmt.Fprintf(w, "\n%d passed, %d failed\n", passed, failed)
	return failed == 0 && passed > 0
}

// failures lists what failed within that many lines: each with its name, and each with a fair share of the lines for what it said.
func failures(results []result, lines int) (out []string) {
	type line struct {
		suite string
		failure
	}
	var all []line
	for _, r := range results {
		for _, f := range r.failures {
			all = append(all, line{r.suite.name, f})
		}
	}
	if len(all) == 0 {
		return nil
	}
	out = append(out, "", "FAILED:")
	room := lines - len(out)
	shown := all
	if most := (room - 1) / 2; len(all) > most { // a name and a line each
		shown = all[:most]
		room--
	}
	for n, f := range shown {
		share := room / (len(shown) - n)
		said := f.brief(share - 1)
		out = append(out, f.suite+": "+f.name)
		out = append(out, indent(said)...)
		room -= 1 + len(said)
	}
	if rest := len(all) - len(shown); rest > 0 {
		out = append(out, fmt.Sprintf("... and %d more, in the logs of %s", rest, logDir))
	}
	return out
}

func indent(lines []string) []string {
	out := make([]string, len(lines))
	for n, line := range lines {
		out[n] = "    " + line
	}
	return out
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

// announce tells of one suite as soon as it has ended.
func (r result) announce(w io.Writer) {
	const linesOfEach = 60
	switch {
	case r.notRun != "":
		fmt.Fprintf(w, "%-14s not run: %s\n", r.suite.name, r.notRun)
	case r.failure == "":
		fmt.Fprintf(w, "%-14s passed %4d in %s\n", r.suite.name, r.passed, r.took.Round(time.Millisecond))
	default:
		fmt.Fprintf(w, "%-14s FAILED after %s: %s\n", r.suite.name, r.took.Round(time.Millisecond), firstLine(r.failure))
		for _, f := range r.failures {
			fmt.Fprintln(w, "    "+f.name)
			for _, line := range indent(f.brief(linesOfEach)) {
				fmt.Fprintln(w, "    "+line)
			}
		}
	}
}
