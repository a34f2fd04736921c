package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// suiteTimeout is the longest any suite may take, on a slow machine that has other things to do.
const suiteTimeout = 25 * time.Minute

// stopGrace is how long a stopped suite's processes may take to end.
const stopGrace = 20 * time.Second

// suite is one line of the table.
type suite struct {
	name, proves string
	dir          string   // where the command runs; empty: the root of the repository
	npm          []string // folders whose npm dependencies are installed first
	command      []string // argv, no shell
	env          []string // added to the environment
	needs        []need
	counts       counter // how to read the number of tests; nil: the suite is one test
	quick        bool    // part of the quick loop
	half         bool    // leaves a processor idle while it waits, for another such suite
	makes, uses  string  // what a suite makes anew, nobody uses meanwhile
}

// result is what became of a suite.
type result struct {
	suite          suite
	notRun         string // why, when it did not run
	failure        string // why, when it failed
	failures       []failure
	passed, failed int
	took, busy     time.Duration // by the clock, and of processors
}

// need is something that a suite asks of the machine.
type need struct {
	met      func() bool
	what     string // said when it is not met
	optional bool   // then the suite is "not run" instead of failed
}

// tool is a program that every developer is asked to have.
func tool(name, help string) need {
	n := optionalTool(name, help)
	n.optional = false
	return n
}

// optionalTool is a program without which the suite may stay out.
func optionalTool(name, help string) need {
	what := "no " + name + " on PATH"
	if help != "" {
		what += ": " + help
	}
	return need{what: what, optional: true, met: func() bool { _, err := exec.LookPath(name); return err == nil }}
}

// setting is an environment variable that names something out of the ordinary.
func setting(name, help string) need {
	return need{what: name + " is not set: " + help, optional: true, met: func() bool { return os.Getenv(name) != "" }}
}

// runSuite runs one suite and keeps its output in a file.
func runSuite(ctx context.Context, s suite) result {
	started := time.Now()
	r := result{suite: s}
	if missing := unmet(s.needs); missing != nil {
		if missing.optional {
			r.notRun = missing.what
			return r
		}
		return r.fail(missing.what, failure{name: "cannot run", said: []string{missing.what}})
	}
	ctx, cancel := context.WithTimeout(ctx, suiteTimeout)
	defer cancel()
	output, busy, err := s.execute(ctx)
	r.took, r.busy = time.Since(started), busy
	if s.counts != nil {
		r.passed, r.failures = s.counts(output)
	}
	logFile := filepath.Join(logDir, s.name+".log")
	if werr := os.WriteFile(logFile, output, 0o644); werr != nil {
		err = errors.Join(err, werr)
	}
	switch {
	case len(r.failures) > 0:
		return r.fail(fmt.Sprintf("%d failed; all of it is in %s", len(r.failures), logFile))
	case err != nil:
		return r.fail(fmt.Sprintf("%v; all of it is in %s", err, logFile), endOf(err.Error(), string(output)))
	case s.counts != nil && r.passed == 0:
		return r.fail("it ran no test; see "+logFile, endOf("it ran no test", string(output)))
	}
	r.passed = max(r.passed, 1)
	return r
}

func (r result) fail(why string, how ...failure) result {
	r.failure, r.failures = why, append(r.failures, how...)
	r.failed = len(r.failures)
	return r
}

func unmet(needs []need) *need {
	for _, n := range needs {
		if !n.met() {
			return &n
		}
	}
	return nil
}

func (s suite) execute(ctx context.Context) (output []byte, busy time.Duration, err error) {
	var out bytes.Buffer
	for _, dir := range s.npm {
		if err := installNPM(ctx, &out, dir); err != nil {
			return out.Bytes(), 0, err
		}
	}
	busy, err = s.run(ctx, &out, s.command)
	return out.Bytes(), busy, err
}

// installing is held by who installs: two suites may ask for the same folder.
var installing sync.Mutex

// installNPM runs npm ci unless the installed tree is of this lock file.
func installNPM(ctx context.Context, out io.Writer, dir string) error {
	installing.Lock()
	defer installing.Unlock()
	lock, err := os.Stat(filepath.Join(dir, "package-lock.json"))
	if err != nil {
		return fmt.Errorf("npm dependencies need a lock file: %w", err)
	}
	have, err := os.Stat(filepath.Join(dir, "node_modules", ".package-lock.json"))
	if err == nil && !have.ModTime().Before(lock.ModTime()) {
		return nil
	}
	_, err = suite{dir: dir}.run(ctx, out, []string{"npm", "ci", "--no-audit", "--no-fund"})
	return err
}

// run executes argv in a process group of its own, so that a timeout or a Ctrl-C ends its children, too. It tells for how long
// that and what it waited for kept processors busy.
func (s suite) run(ctx context.Context, out io.Writer, argv []string) (busy time.Duration, err error) {
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = s.dir, out, out
	cmd.Env = append(os.Environ(), s.env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = stopGrace
	err = cmd.Run()
	if state := cmd.ProcessState; state != nil {
		busy = state.UserTime() + state.SystemTime()
	}
	if ctx.Err() != nil {
		return busy, fmt.Errorf("%s: stopped: %w", argv[0], context.Cause(ctx))
	}
	if err != nil {
		return busy, fmt.Errorf("%s: %w", argv[0], err)
	}
	return busy, nil
}
