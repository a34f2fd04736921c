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
	"strings"
	"syscall"
	"time"
)

// suiteTimeout is the longest any suite may take on two cores.
const suiteTimeout = 15 * time.Minute

// stopGrace is how long a stopped suite's processes may take to end.
const stopGrace = 10 * time.Second

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
}

// result is what became of a suite.
type result struct {
	suite          suite
	notRun         string // why, when it did not run
	failure        string // why, when it failed
	said           string // the end of what it said then
	passed, failed int
	took           time.Duration
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

// runSuite runs one suite, prints a line about it, and on failure what it said.
func runSuite(ctx context.Context, w io.Writer, s suite) result {
	started := time.Now()
	r := result{suite: s}
	fmt.Fprintf(w, "%-14s ", s.name)
	if missing := unmet(s.needs); missing != nil {
		if missing.optional {
			r.notRun = missing.what
			fmt.Fprintln(w, "not run:", missing.what)
			return r
		}
		r.failed, r.failure = 1, missing.what
		fmt.Fprintln(w, "FAILED:", missing.what)
		return r
	}
	ctx, cancel := context.WithTimeout(ctx, suiteTimeout)
	defer cancel()
	output, err := s.execute(ctx)
	r.took = time.Since(started)
	said := string(output)
	if s.counts != nil {
		r.passed, r.failed, said = s.counts(output)
	}
	logFile := filepath.Join(logDir, s.name+".log")
	if werr := os.WriteFile(logFile, output, 0o644); werr != nil {
		err = errors.Join(err, werr)
	}
	switch {
	case err != nil || r.failed > 0:
		r.failed = max(r.failed, 1)
		r.failure = fmt.Sprintf("%v; all of it is in %s", err, logFile)
		r.said = tail(said, 30)
		fmt.Fprintf(w, "FAILED after %s\n%s\n", r.took.Round(time.Millisecond), indent(tail(said, 120)))
	case s.counts != nil && r.passed == 0:
		r.failed, r.failure = 1, "it ran no test; see "+logFile
		fmt.Fprintln(w, "FAILED: it ran no test")
	default:
		r.passed = max(r.passed, 1)
		fmt.Fprintf(w, "passed %4d in %s\n", r.passed, r.took.Round(time.Millisecond))
	}
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

func (s suite) execute(ctx context.Context) ([]byte, error) {
	var out bytes.Buffer
	for _, dir := range s.npm {
		if err := installNPM(ctx, &out, dir); err != nil {
			return out.Bytes(), err
		}
	}
	err := s.run(ctx, &out, s.command)
	return out.Bytes(), err
}

// installNPM runs npm ci unless the installed tree is of this lock file.
func installNPM(ctx context.Context, out io.Writer, dir string) error {
	lock, err := os.Stat(filepath.Join(dir, "package-lock.json"))
	if err != nil {
		return fmt.Errorf("npm dependencies need a lock file: %w", err)
	}
	have, err := os.Stat(filepath.Join(dir, "node_modules", ".package-lock.json"))
	if err == nil && !have.ModTime().Before(lock.ModTime()) {
		return nil
	}
	return suite{dir: dir}.run(ctx, out, []string{"npm", "ci", "--no-audit", "--no-fund"})
}

// run executes argv in a process group of its own, so that a timeout or a Ctrl-C ends its children, too.
func (s suite) run(ctx context.Context, out io.Writer, argv []string) error {
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = s.dir, out, out
	cmd.Env = append(os.Environ(), s.env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = stopGrace
	err := cmd.Run()
	if ctx.Err() != nil {
		return fmt.Errorf("%s: stopped: %w", argv[0], context.Cause(ctx))
	}
	if err != nil {
		return fmt.Errorf("%s: %w", argv[0], err)
	}
	return nil
}

func tail(s string, lines int) string {
	all := strings.Split(strings.TrimRight(s, "\n"), "\n")
	if cut := len(all) - lines; cut > 0 {
		all = append([]string{fmt.Sprintf("... %d lines before", cut)}, all[cut:]...)
	}
	return strings.Join(all, "\n")
}

func indent(s string) string { return "    " + strings.ReplaceAll(s, "\n", "\n    ") }
