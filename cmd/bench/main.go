// Command bench measures what Turnkey costs: the same writes through a running instance and by the
// bare PostgreSQL driver, in the same run, on one cluster that it starts for itself, in a closed
// loop over loopback. `make bench` builds the product and runs it; the exit code says whether the
// bars hold. It must not reach inside the product: it starts the binary and talks HTTP.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

// settings of one run.
type settings struct {
	binary string
	rounds int
	cell   time.Duration
}

func main() {
	var s settings
	flag.StringVar(&s.binary, "turnkey", "bin/turnkey", "the binary to measure")
	flag.IntVar(&s.rounds, "rounds", 5, "interleaved rounds; the median counts")
	flag.DurationVar(&s.cell, "cell", 2*time.Second, "how long each cell of a round runs")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ok, err := run(ctx, s)
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(2)
	}
	if !ok {
		os.Exit(1)
	}
}

func run(ctx context.Context, s settings) (ok bool, err error) {
	dir, err := os.MkdirTemp("", "turnkey-bench")
	if err != nil {
		return false, fmt.Errorf("making a folder: %w", err)
	}
	defer os.RemoveAll(dir)
	if s.binary, err = filepath.Abs(s.binary); err != nil {
		return false, err
	}
	st, err := startStack(ctx, dir, s.binary)
	if err != nil {
		return false, err
	}
	defer func() {
		if stopErr := st.stop(); err == nil {
			err = stopErr
		}
	}()
	results, err := measure(ctx, st, s)
	if err != nil {
		return false, err
	}
	return report(os.Stdout, results), nil
}
