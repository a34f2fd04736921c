package engine

import (
	"path"
	"time"

	"github.com/dop251/goja"

	"turnkey/runtime/hook"
)

// maxTestTime bounds all tests together.
const maxTestTime = 10 * time.Second

// suite is one run of all tests.
type suite struct {
	engine *Engine
	in     *hook.Test
	script *script
	cover  *cover
	out    hook.Tested
	end    time.Time
}

// Test runs the test files: each test in a global state of its own, as each transaction is.
func (e *Engine) Test(in hook.Test) hook.Tested {
	files, findings := checkFiles(in.Files)
	if len(findings) > 0 {
		return hook.Tested{Diagnostics: findings}
	}
	tests := filesWhere(files, hook.IsTest)
	if len(tests) == 0 {
		return hook.Tested{}
	}
	b := build(files, append(tests, hookFiles(files)...))
	if b.failed() {
		return hook.Tested{Diagnostics: b.findings}
	}
	s := &suite{engine: e, in: &in, end: e.now().Add(maxTestTime)}
	s.cover = instrument(b, files)
	script, err := compileTree(&hook.Program{Code: b.code, Map: b.sourceMap}, b.tree)
	if err != nil {
		return hook.Tested{Diagnostics: []hook.Diagnostic{{Severity: hook.SeverityError, Message: clean(err.Error(), maxText)}}}
	}
	script.positions.inserted = s.cover.inserted
	for _, file := range tests {
		script.files[file] = file
	}
	s.script = script
	s.out.Diagnostics = b.findings
	for _, file := range tests {
		s.file(file)
	}
	s.out.Coverage = s.cover.report()
	return s.out
}

// testing is the part of a session that only tests have.
type testing struct {
	declared    []hook.TestResult
	expectation *hook.Expectation
	cover       *cover
}

// open makes a session with the globals of tests and runs the file's top level.
func (s *suite) open(file string, w *watch) (ses *session, start goja.Callable, failure *hook.Failure) {
	run := &hook.Run{Limits: s.in.Limits, Env: s.in.Env}
	ses = newSession(s.script, s.engine.library, s.engine.now)
	ses.testing = &testing{cover: s.cover}
	ses.begin(run, w, nil)
	ses.current = current{asked: &hook.Call{Name: file, Function: hook.Function(path.Base(file))}, now: time.UnixMilli(s.in.NowMS).UTC(), random: newRandom(s.in.Seed)}
	err := ses.guard(func() error {
		if err := ses.load(); err != nil {
			return err
		}
		made, err := ses.eval("test", ses.vm.ToValue(ses.native), ses.api)
		if err != nil {
			return ses.drive(err)
		}
		start = callable(made.ToObject(ses.vm).Get("start"))
		if _, err := ses.eval("open", ses.files, ses.vm.ToValue(file)); err != nil {
			return ses.drive(err)
		}
		return nil
	})
	if err != nil {
		ses.cutOff(err)
	}
	s.out.Retire = s.out.Retire || ses.broken
	return ses, start, ses.outcome.Failure
}

// file runs one test file: once to learn its tests, then once for each.
func (s *suite) file(file string) {
	if s.engine.now().After(s.end) {
		s.out.Diagnostics = append(s.out.Diagnostics, hook.Diagnostic{Severity: hook.SeverityError, File: file, Message: "Its tests were not run: all tests together took longer than " + maxTestTime.String() + "."})
		return
	}
	w := newWatch(shapeLimit)
	ses, _, failure := s.open(file, w)
	w.end()
	if failure != nil {
		s.out.Diagnostics = append(s.out.Diagnostics, notLoaded(file, failure))
		return
	}
	for i, t := range ses.testing.declared {
		if len(s.out.Tests) >= hook.MaxTests {
			return
		}
		t.File = file
		s.one(i, &t)
		s.out.Tests = append(s.out.Tests, t)
	}
	if len(ses.testing.declared) == 0 {
		s.out.Diagnostics = append(s.out.Diagnostics, hook.Diagnostic{Severity: hook.SeverityWarning, File: file, Message: "The file declares no test.", Hint: `Write: test("name", () => { ... })`})
	}
}

// one runs the i-th test of a file.
func (s *suite) one(i int, t *hook.TestResult) {
	began := s.engine.now()
	if began.After(s.end) {
		t.Failure = &hook.Failure{Class: hook.ClassTimeout, Message: "It was not run: all tests together took longer than " + maxTestTime.String() + ".", File: t.File, Line: t.Line}
		return
	}
	w := newWatch(time.Duration(s.in.Limits.TimeMS) * time.Millisecond)
	defer w.end()
	ses, start, failure := s.open(t.File, w)
	if failure == nil && start != nil {
		ses.outcome, ses.settled = hook.Outcome{}, false
		ses.asked = &hook.Call{Name: t.File, Function: "The test"}
		err := ses.guard(func() error {
			_, err := start(nil, ses.vm.ToValue(i))
			return ses.drive(err)
		})
		if err != nil {
			ses.cutOff(err)
		}
		s.out.Retire = s.out.Retire || ses.broken
	}
	t.Failure, t.Logs = ses.outcome.Failure, ses.outcome.Logs
	if r := ses.outcome.Rejection; r != nil {
		t.Failure = &hook.Failure{Class: hook.ClassError, Message: "ctx.reject was called outside of run: " + r.Code, File: t.File, Line: t.Line}
	}
	t.Passed = t.Failure == nil
	if !t.Passed {
		t.Expectation = ses.testing.expectation
	}
	t.DurationUS = max(s.engine.now().Sub(began).Microseconds(), 0)
}

// nativeTest is the part of native that only sessions of tests have.
func (s *session) nativeTest(c goja.FunctionCall) goja.Value {
	switch c.Argument(0).ToInteger() {
	case opDeclare:
		t := hook.TestResult{Name: clean(str(c, 1), 200)}
		if at := s.caller(); len(at) > 0 {
			t.Line = at[0].Line
		}
		s.testing.declared = append(s.testing.declared, t)
	case opExpected:
		s.testing.expectation = &hook.Expectation{Matcher: str(c, 1), Expected: clean(str(c, 2), maxText), Received: clean(str(c, 3), maxText)}
	case opClock:
		was := s.now.UnixMilli()
		if v := c.Argument(1); !goja.IsUndefined(v) {
			s.now = time.UnixMilli(v.ToInteger()).UTC()
		}
		return s.vm.ToValue(was)
	case opSimulate:
		name, v := str(c, 1), c.Argument(2)
		var err error
		switch name {
		case "user":
			v, err = s.given(str(c, 2), "claims")
		case "env":
			v, err = s.given(str(c, 2))
		}
		s.must(err)
		s.members[name] = v
	}
	return goja.Undefined()
}
