// Command fairness measures what one instance's trouble costs the others: a noisy instance, a
// black-holed database, more than is admitted, and many more instances than are kept open. It starts
// PostgreSQL and, as a process of its own, a runtime with many instances on it, and loads that over
// loopback in an open loop: requests are due at their times, whether or not the ones before were
// answered, and lateness counts. `make fairness` runs it; the exit code says whether the bounds hold.
// It wires the runtime's parts as cmd/turnkey does; it must not change what they do.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// settings of one run.
type settings struct {
	rounds int
	cell   time.Duration
	many   time.Duration
	only   string
}

func main() {
	var s settings
	var child childSettings
	flag.IntVar(&s.rounds, "rounds", 5, "interleaved rounds; the median counts")
	flag.DurationVar(&s.cell, "cell", 4*time.Second, "how long each cell of a round runs")
	flag.DurationVar(&s.many, "many", 20*time.Second, "how long the 1,000 instances are asked")
	flag.StringVar(&s.only, "only", "", "noisy, blackhole, overload or many; all without it")
	flag.StringVar(&child.listen, "child", "", "be the runtime, on this address (used by the program itself)")
	flag.StringVar(&child.postgres, "postgres", "", "of the child")
	flag.StringVar(&child.hole, "hole", "", "of the child")
	flag.IntVar(&child.instances, "instances", 0, "of the child")
	flag.IntVar(&child.maxLive, "max-live", 0, "of the child")
	flag.DurationVar(&child.idleAfter, "idle-after", 0, "of the child")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if child.listen != "" {
		if err := serve(ctx, child); err != nil {
			fmt.Fprintln(os.Stderr, "fairness child:", err)
			os.Exit(2)
		}
		return
	}
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

func run(ctx context.Context, s settings) (ok bool, err error) {
	b, err := newBench(ctx)
	if err != nil {
		return false, err
	}
	defer func() {
		if stopErr := b.stop(); err == nil {
			err = stopErr
		}
	}()
	ok = true
	for _, sc := range []scenario{{"noisy", noisy}, {"blackhole", blackhole}, {"overload", overload}, {"many", many}} {
		if s.only != "" && s.only != sc.name {
			continue
		}
		holds, err := sc.run(ctx, b, s)
		if err != nil {
			return false, fmt.Errorf("%s: %w", sc.name, err)
		}
		ok = ok && holds
	}
	return ok, nil
}
