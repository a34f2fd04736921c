package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// settings of one run.
type settings struct {
	binary    string
	databases []string
	stages    string
	// crashBinary is built with the tag crash; "" leaves its stage out.
	crashBinary string
	only        string
	seed        uint64
	dir         string
	size        size
	found       *findings
}

// size is how much a run does on each database.
type size struct {
	operations    int
	kills, others int
	workers       int           // of hooks that are killed
	load          time.Duration // over which operations and faults are spread
	longest       time.Duration // of one fault
	late          time.Duration // of one late copy
	// brief leaves out the ways of losing messages that take long.
	brief bool
}

// findings is what did not hold, for the end of the output: that is what people and CI look at first.
type findings []string

// sizes by the name in TORTURE.
var sizes = map[string]size{
	"short":   {operations: 10_000, kills: 12, others: 25, workers: 30, load: 16 * time.Second, longest: time.Second, late: 4 * time.Second, brief: true},
	"default": {operations: 60_000, kills: 110, others: 260, workers: 250, load: 3 * time.Minute, longest: 4 * time.Second, late: time.Minute},
	"full":    {operations: 200_000, kills: 250, others: 600, workers: 600, load: 20 * time.Minute, longest: 10 * time.Second, late: time.Minute},
}

func main() {
	var s settings
	var databases, name string
	flag.StringVar(&s.binary, "turnkey", "bin/turnkey", "the binary to torture")
	flag.StringVar(&databases, "databases", "postgres,mongodb", "which databases, one after the other")
	flag.StringVar(&s.stages, "stages", "losses,crashes,matrix,load", "losses: each message lost, one at a time; crashes: at each named moment; matrix: two devices on one row; load: everything at once")
	flag.StringVar(&s.crashBinary, "crash-binary", "", "the same product, built with the tag crash")
	flag.StringVar(&s.only, "only", "", "run only workloads whose name has this")
	flag.StringVar(&name, "size", "default", "short, default or full")
	flag.Uint64Var(&s.seed, "seed", uint64(time.Now().UnixNano()), "repeats the choices of a run; not its timing")
	flag.StringVar(&s.dir, "dir", "", "keep histories and logs here; empty: a temporary folder that stays after violations")
	flag.Parse()
	var known bool
	if s.size, known = sizes[name]; !known {
		fmt.Fprintf(os.Stderr, "torture: there is no size %q\n", name)
		os.Exit(2)
	}
	s.databases = strings.Split(databases, ",")

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ok, err := run(ctx, s)
	if err != nil {
		fmt.Fprintln(os.Stderr, "torture:", err)
		os.Exit(2)
	}
	if !ok {
		os.Exit(1)
	}
}

// stages of a run on one database.
var stages = []struct {
	name string
	run  func(ctx context.Context, s settings, database string) (held bool, err error)
}{
	{"losses", loseEverything},
	{"crashes", crashEverywhere},
	{"matrix", everyPair},
	{"load", torture},
}

// run tortures each database. ok: every promise held.
func run(ctx context.Context, s settings) (ok bool, err error) {
	temporary := s.dir == ""
	if temporary {
		if s.dir, err = os.MkdirTemp("", "turnkey-torture"); err != nil {
			return false, err
		}
		if err := os.Chmod(s.dir, 0o755); err != nil { // a database server of another account passes through
			return false, err
		}
	}
	if s.binary, err = filepath.Abs(s.binary); err != nil {
		return false, err
	}
	if s.crashBinary != "" {
		if s.crashBinary, err = filepath.Abs(s.crashBinary); err != nil {
			return false, err
		}
	}
	fmt.Printf("torture: SEED=%d, histories and logs in %s\n", s.seed, s.dir)
	ok, s.found = true, &findings{}
	for _, database := range s.databases {
		for _, stage := range stages {
			if !strings.Contains(s.stages, stage.name) {
				continue
			}
			held, err := stage.run(ctx, s, database)
			if err != nil {
				return false, fmt.Errorf("%s, %s: %w (see %s)", database, stage.name, err, s.dir)
			}
			if ok = ok && held; !held {
				*s.found = append(*s.found, fmt.Sprintf("%s, %s: a promise is broken", database, stage.name))
			}
		}
	}
	for _, what := range *s.found {
		fmt.Println("BROKEN:", what)
	}
	if ok && temporary {
		err = errors.Join(err, os.RemoveAll(s.dir))
	}
	return ok, err
}
