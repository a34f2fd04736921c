// Command bench measures what Turnkey costs: the same writes through a running instance and by the
// bare PostgreSQL driver, in the same run, on one cluster that it starts for itself, in a closed
// loop over loopback; and what receipts cost, with a second build that can do without. `make bench`
// builds the product and runs it; the exit code says whether the bars hold. It must not reach inside
// the product: it starts binaries and talks HTTP.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"
	"time"
)

// settings of one run.
type settings struct {
	binary string
	rounds int
	cell   time.Duration
	pairs  int
	size   int // of the requests in pairs; 0: all sizes
	turn   time.Duration
}

func main() {
	var s settings
	var quick bool
	flag.StringVar(&s.binary, "turnkey", "bin/turnkey", "the binary to measure")
	flag.IntVar(&s.rounds, "rounds", 5, "interleaved rounds; the median counts; 0: only what receipts cost")
	flag.DurationVar(&s.cell, "cell", 2*time.Second, "how long each cell of a round runs")
	flag.IntVar(&s.pairs, "pairs", 9, "interleaved pairs with receipts on and off; the median counts")
	flag.IntVar(&s.size, "size", 0, "operations per request in the pairs; 0: 1, 10 and 100")
	flag.DurationVar(&s.turn, "turn", 2*time.Second, "how long each half of a pair runs, in four slices")
	flag.BoolVar(&quick, "quick", false, "one minute: fewer and shorter cells, whose verdicts are no more than a hint")
	flag.Parse()
	if s.size != 0 && !slices.Contains(sizes, s.size) {
		fmt.Fprintf(os.Stderr, "bench: -size is one of %v\n", sizes)
		os.Exit(2)
	}
	if quick {
		s.rounds, s.cell, s.pairs, s.turn = 2, 500*time.Millisecond, 3, 500*time.Millisecond
	}

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
	if err := os.Chmod(dir, 0o711); err != nil { // root's server runs under another account, which passes through
		return false, fmt.Errorf("opening the folder: %w", err)
	}
	if s.binary, err = filepath.Abs(s.binary); err != nil {
		return false, err
	}
	switched := filepath.Join(dir, "turnkey-switched")
	if err := build(ctx, switched); err != nil {
		return false, err
	}
	st, err := startStack(ctx, dir)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, st.stop()) }()
	token, results, err := rounds(ctx, st, s)
	if err != nil {
		return false, err
	}
	costs, err := comparison(ctx, st, s, switched, token, results)
	if err != nil {
		return false, err
	}
	return report(os.Stdout, results, costs), nil
}

// build makes the binary that can do without receipts.
func build(ctx context.Context, into string) error {
	fmt.Fprintln(os.Stderr, "building the binary whose receipts can be switched off ...")
	cmd := exec.CommandContext(ctx, "go", "build", "-tags", "bench", "-trimpath", "-o", into, "./cmd/turnkey")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("go build -tags bench ./cmd/turnkey: %w", err)
	}
	return nil
}

// rounds measures the binary as customers get it.
func rounds(ctx context.Context, st *stack, set settings) (token string, _ *results, err error) {
	s, err := st.start(ctx, "main", set.binary)
	if err != nil {
		return "", nil, err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	r, err := measure(ctx, st, s, set)
	return s.token, r, err
}

// comparison measures what receipts cost, and two more cold starts. The servers have the folder's signing key, so the token holds
// with them as well.
func comparison(ctx context.Context, st *stack, set settings, binary, token string, r *results) (_ *costs, err error) {
	var both []*server
	for _, name := range []string{"on", "off"} {
		s, err := st.start(ctx, name, binary, "TURNKEY_BENCH_RECEIPTS="+name)
		if err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, s.stop()) }()
		s.token = token
		first, err := firstUpload(st, s, "ruled")
		if err != nil {
			return nil, err
		}
		hooked, err := firstUpload(st, s, "hooked")
		if err != nil {
			return nil, err
		}
		both, r.cold, r.coldHook = append(both, s), append(r.cold, first), append(r.coldHook, hooked)
	}
	if err := checkSwitch(ctx, st, both[0], both[1]); err != nil {
		return nil, err
	}
	return measureCosts(ctx, st, both[0], both[1], set)
}
