// Command ci runs the test suites of suites.go one after the other and ends with a table that says of
// each whether it ran, and why not, and with the line "N passed, N failed". It fails when a suite
// fails or lacks a tool that every developer is asked to have; only suites that need something out of
// the ordinary, such as a real database server, may end as "not run".
//
//	go run ./deploy/ci              everything (make test)
//	go run ./deploy/ci -quick       the quick loop (make check)
//	go run ./deploy/ci go vet       the named suites
//	go run ./deploy/ci -list
//
// It must not know what a suite tests: suites are data.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"
)

// logDir holds each suite's whole output, beside the built binaries.
const logDir = "bin/test"

func main() {
	quick := flag.Bool("quick", false, "run only the suites of the quick loop")
	list := flag.Bool("list", false, "list the suites and what they prove")
	flag.Parse()

	chosen, err := choose(suites(), flag.Args(), *quick)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	if *list {
		printList(os.Stdout, chosen)
		return
	}
	if err := os.MkdirAll(logDir, 0o755); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var results []result
	for _, s := range chosen {
		results = append(results, runSuite(ctx, os.Stdout, s))
	}
	if !report(os.Stdout, results) {
		stop()
		os.Exit(1)
	}
}

// choose picks the named suites, or all, or the quick ones.
func choose(all []suite, names []string, quick bool) ([]suite, error) {
	var out []suite
	for _, s := range all {
		if len(names) > 0 && !slices.Contains(names, s.name) || quick && !s.quick {
			continue
		}
		out = append(out, s)
	}
	for _, name := range names {
		if !slices.ContainsFunc(all, func(s suite) bool { return s.name == name }) {
			return nil, fmt.Errorf("there is no suite %q; -list shows them", name)
		}
	}
	return out, nil
}

func printList(w io.Writer, list []suite) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, s := range list {
		fmt.Fprintf(t, "%s\t%s\n", s.name, s.proves)
	}
	_ = t.Flush()
}

// report prints the table, once more what failed suites said (who keeps only the end of a log has it then), and the
// closing line, and says whether all is well. A run in which nothing passed is not well.
func report(w io.Writer, results []result) bool {
	fmt.Fprintln(w)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "suite\trun\ttests\ttime\twhy / what it proves")
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
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", r.suite.name, state, tests, r.took.Round(100*time.Millisecond), firstLine(note))
		passed += r.passed
		failed += r.failed
	}
	_ = t.Flush()
	for _, r := range results {
		if r.said != "" {
			fmt.Fprintf(w, "\n%s said\n%s\n", r.suite.name, indent(r.said))
		}
	}
	fmt.Fprintf(w, "\n%d passed, %d failed\n", passed, failed)
	return failed == 0 && passed > 0
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}
