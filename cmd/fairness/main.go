// Command fairness measures what one instance's trouble costs the others: a noisy instance, a
// black-holed database, more than is admitted, and many more instances than are kept open. It starts
// PostgreSQL and the product's binary as `turnkey runtime`, serves it a feed of many instances over that
// database, and loads it over loopback in an open loop: requests are due at their times, whether or not
// the ones before were answered, and lateness counts. `make fairness` builds the product and runs it; the
// exit code says whether the bounds hold. It must not reach inside the runtime: it is its control plane,
// its apps and its operator.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"
)

// settings of one run.
type settings struct {
	binary string
	rounds int
	cell   time.Duration
	many   time.Duration
	only   string
}

func main() {
	var s settings
	flag.StringVar(&s.binary, "turnkey", "bin/turnkey", "the binary to measure")
	flag.IntVar(&s.rounds, "rounds", 5, "interleaved rounds; the median counts")
	flag.DurationVar(&s.cell, "cell", 4*time.Second, "how long each cell of a round runs")
	flag.DurationVar(&s.many, "many", 20*time.Second, "how long the 1,000 instances are asked")
	flag.StringVar(&s.only, "only", "", "noisy, blackhole, overload or many; all without it")
	flag.Parse()
	if !slices.ContainsFunc(scenarios, func(sc scenario) bool { return s.only == "" || s.only == sc.name }) {
		fmt.Fprintf(os.Stderr, "fairness: there is no scenario %q\n", s.only)
		os.Exit(2)
	}

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ok, err := run(ctx, s)
	if err != nil {
		fmt.Fprintln(os.Stderr, "fairness:", err)
		os.Exit(2)
	}
	if !ok {
		os.Exit(1)
	}
}

// scenario measures one promise and says whether it holds.
type scenario struct {
	name string
	run  func(ctx context.Context, b *bench, s settings) (bool, error)
}

var scenarios = []scenario{{"noisy", noisy}, {"blackhole", blackhole}, {"overload", overload}, {"many", many}}

func run(ctx context.Context, s settings) (ok bool, err error) {
	b, err := newBench(ctx, s.binary)
	if err != nil {
		return false, err
	}
	defer func() {
		if stopErr := b.stop(); err == nil {
			err = stopErr
		}
	}()
	ok = true
	for _, sc := range scenarios {
		if s.only != "" && s.only != sc.name {
			continue
		}
		holds, err := sc.run(ctx, b, s)
		if err != nil {
			return false, fmt.Errorf("%s: %w", sc.name, err)
		}
		ok = ok && holds
	}
	return ok, b.checkWritten(ctx)
}
