package publish

import (
	"context"
	"fmt"
	"slices"
	"time"

	"turnkey/internal/fault"
	"turnkey/runtime/bundle"
	"turnkey/runtime/config"
	"turnkey/runtime/hook"
)

const (
	codeUnavailable = "hooks_unavailable"
	codeFile        = "hook_file"
	codeTests       = "hook_tests_failed"
	codeTest        = "test_failed"
)

// What a program may have in bytes: loading 1 MiB of code takes a worker a quarter of the time and memory that it has
// for a hook; the map is as long as the code, mostly, and travels with it.
const (
	maxCode = 1 << 20
	maxMap  = 4 << 20
)

// bundle compiles the hook files in a worker. The program is nil without hook files, and where a diagnostic is an error.
func (c *Compiler) bundle(ctx context.Context, d Draft) (*hook.Program, []hook.Diagnostic, error) {
	if !slices.ContainsFunc(d.Files, isHook) {
		return nil, nil, nil
	}
	if c.workers == nil {
		return nil, nil, unavailable(nil)
	}
	out, err := twice(func() (*hook.Bundled, error) {
		return c.queue(d).Bundle(ctx, d.Instance, hook.Bundle{Files: d.Files})
	})
	if deadly(err) {
		return nil, c.culprit(ctx, err, "Compiling ", d.Files, isHook, func(ctx context.Context, files []hook.File) ([]hook.Diagnostic, error) {
			out, err := c.queue(d).Bundle(ctx, d.Instance, hook.Bundle{Files: files})
			if err != nil {
				return nil, err
			}
			return mistakes(out.Diagnostics), nil
		}), nil
	} else if err != nil {
		return nil, nil, unavailable(err)
	}
	if finding := absurd(out.Program, d.Files); finding != nil {
		return nil, []hook.Diagnostic{*finding}, nil
	}
	return out.Program, out.Diagnostics, nil
}

// absurd finds what no honest worker answers: it has parsed a stranger's text, and may be the stranger's.
func absurd(p *hook.Program, files []hook.File) *hook.Diagnostic {
	if p == nil {
		return nil
	}
	if len(p.Code) > maxCode || len(p.Map) > maxMap {
		return &hook.Diagnostic{Severity: hook.SeverityError, Message: fmt.Sprintf("Compiled, the hook files are %d bytes of JavaScript; at most %d are loaded.", len(p.Code), maxCode),
			Hint: "Import only what hooks need: what is not imported is left out."}
	}
	for _, e := range p.Hooks {
		sent := slices.ContainsFunc(files, func(f hook.File) bool { return f.Path == e.File && isHook(f) })
		odd := slices.ContainsFunc(e.Functions, func(f hook.Function) bool { return !slices.Contains(hook.FunctionsOf(e.Name), f) })
		if !sent || odd || e.Name != hook.Name(e.File) {
			return &hook.Diagnostic{Severity: hook.SeverityError, File: e.File, Message: "Compiling the hook files gave what they cannot hold."}
		}
	}
	return nil
}

// prove loads a program as the first write would. What takes too much for that is refused now, not write by write.
// A machine that is busy with others must not refuse anything: there is five times the time, and more than one try.
func (c *Compiler) prove(ctx context.Context, d Draft, cfg *bundle.Config, p *hook.Program, found *config.Findings) error {
	if p == nil {
		return nil
	}
	var file string
	var err error
	for range 3 {
		file, err = c.workers.Prove(ctx, d.Instance, p, patientLimits(cfg))
		if !fault.Is(err, string(hook.ClassTimeout)) && !fault.Is(err, string(hook.ClassCrashed)) {
			break
		}
	}
	switch f := fault.Of(err); {
	case err == nil:
	case deadly(err):
		found.Errors = append(found.Errors, errorsOf([]hook.Diagnostic{died(err, "Loading ", file)})...)
	case f.Kind == fault.Invalid: // its top level threw, although it did not a moment ago
		found.Errors = append(found.Errors, fault.Detail{Path: file, Code: codeFile, Message: "The file cannot be loaded: " + f.Message})
	default:
		return unavailable(err)
	}
	return nil
}

// The clock and seed of tests: the same files have the same outcome whenever they are deployed.
var testClock = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

const testSeed = "turnkey tests"

// test runs the tests of a draft and refuses those that fail. They see no secret: ctx.env has what a test gives it.
func (c *Compiler) test(ctx context.Context, d Draft, cfg *bundle.Config) (*hook.Tested, error) {
	out, err := c.runTests(ctx, d, cfg)
	if err != nil {
		return nil, err
	}
	return out, refused(out)
}

func (c *Compiler) runTests(ctx context.Context, d Draft, cfg *bundle.Config) (*hook.Tested, error) {
	if !slices.ContainsFunc(d.Files, isTest) {
		return &hook.Tested{}, nil
	}
	if c.workers == nil {
		return nil, unavailable(nil)
	}
	ask := func(ctx context.Context, files []hook.File) (*hook.Tested, error) {
		return c.queue(d).Test(ctx, d.Instance, hook.Test{Files: files, NowMS: testClock.UnixMilli(), Seed: testSeed, Limits: patientLimits(cfg)})
	}
	out, err := twice(func() (*hook.Tested, error) { return ask(ctx, d.Files) })
	if deadly(err) {
		return &hook.Tested{Diagnostics: c.culprit(ctx, err, "The tests of ", d.Files, isTest, func(ctx context.Context, files []hook.File) ([]hook.Diagnostic, error) {
			out, err := ask(ctx, files)
			if err != nil {
				return nil, err
			}
			return append(mistakes(out.Diagnostics), overdue(out.Tests)...), nil
		})}, nil
	} else if err != nil {
		return nil, unavailable(err)
	}
	return out, nil
}

// mistakes are the diagnostics that stop a deployment.
func mistakes(list []hook.Diagnostic) []hook.Diagnostic {
	return slices.DeleteFunc(slices.Clone(list), func(d hook.Diagnostic) bool { return d.Severity == hook.SeverityWarning })
}

// overdue tells of the tests whose time ran out.
func overdue(tests []hook.TestResult) (out []hook.Diagnostic) {
	for i := range tests {
		if r := &tests[i]; r.Failure != nil && r.Failure.Class == hook.ClassTimeout {
			out = append(out, hook.Diagnostic{Severity: hook.SeverityError, File: r.File, Line: r.Line, Message: r.Name + ": " + r.Failure.Message, Hint: r.Failure.Hint})
		}
	}
	return out
}

// patientLimits are those of a hook in an upload, with five times the time: a test may call several hooks.
func patientLimits(cfg *bundle.Config) hook.Limits {
	l := hook.DefaultLimits()
	if cfg != nil && cfg.Hooks.Timeout > 0 {
		l.TimeMS = int(cfg.Hooks.Timeout.Milliseconds())
	}
	l.TimeMS *= 5
	return l
}

// refused makes an error of tests that did not pass.
func refused(t *hook.Tested) error {
	if t.Passed() {
		return nil
	}
	details := errorsOf(t.Diagnostics)
	failed := 0
	for i := range t.Tests {
		if r := &t.Tests[i]; !r.Passed {
			failed++
			details = append(details, detailOf(r))
		}
	}
	f := fault.Newf(fault.Invalid, codeTests, "%d of %d tests of the hooks failed.", failed, len(t.Tests))
	if failed == 0 {
		f = fault.New(fault.Invalid, codeTests, "The tests of the hooks could not be run.")
	}
	return f.WithHint("Nothing was deployed. Mend the hook or the test, and deploy again.").WithDetails(cut(details)...)
}

// detailOf tells a failed test's story.
func detailOf(r *hook.TestResult) fault.Detail {
	d := fault.Detail{Path: r.File, Line: r.Line, Code: codeTest, Message: r.Name + ": it failed."}
	if f := r.Failure; f != nil {
		d.Message, d.Hint = r.Name+": "+f.Message, f.Hint
		if f.File != "" {
			d.Path, d.Line, d.Column = f.File, f.Line, f.Column
		}
	}
	if e := r.Expectation; e != nil {
		d.Expectation = &fault.Expectation{Matcher: e.Matcher, Expected: e.Expected, Received: e.Received}
	}
	return d
}

// unavailable: nobody could be asked. It says nothing about the files.
func unavailable(err error) error {
	f := fault.Wrap(err, fault.Unavailable, codeUnavailable, "No worker could be had to compile and test the hook files.")
	if err == nil {
		return f.WithHint("This control plane runs without workers for hooks.")
	}
	return f.WithHint("Nothing was changed. Try again in a moment.")
}

func errorsOf(list []hook.Diagnostic) []fault.Detail {
	return details(list, func(s hook.Severity) bool { return s != hook.SeverityWarning })
}

func warningsOf(list []hook.Diagnostic) []fault.Detail {
	return details(list, func(s hook.Severity) bool { return s == hook.SeverityWarning })
}

func details(list []hook.Diagnostic, which func(hook.Severity) bool) (out []fault.Detail) {
	for _, d := range list {
		if which(d.Severity) {
			out = append(out, fault.Detail{Path: d.File, Line: d.Line, Column: d.Column, Code: codeFile, Message: d.Message, Hint: d.Hint})
		}
	}
	return cut(out)
}

// maxDetails is as much as anybody reads.
const maxDetails = 100

func cut(list []fault.Detail) []fault.Detail { return list[:min(len(list), maxDetails)] }
