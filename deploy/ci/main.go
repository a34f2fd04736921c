// Command ci runs the test suites of suites.go, at times two at once, and ends with a table that says of
// each whether it ran, and why not, with what failed, and with the line "N passed, N failed". It fails when
// a suite fails or lacks a tool that every developer is asked to have; only suites that need something out of
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
	"syscall"
	"text/tabwriter"
)

// logDir holds each suite's whole output, beside the built binaries.
const logDir = "bin/test"

func main() {
	quick := flag.Bool("quick", false, "run only the suites of the quick loop")
	list := flag.Bool("list", false, "list the suites and what they prove")
	within := flag.Duration("within", 0, "stop after this time and report what there is; 0: never")
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
	if *within > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, *within, fmt.Errorf("the %s of -within are over", *within))
		defer cancel()
	}
	results := runAll(chosen, func(s suite) result { return runSuite(ctx, s) }, func(r result) { r.announce(os.Stdout) })
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
