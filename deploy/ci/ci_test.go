package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// run executes suites in a fresh folder and returns the report and whether all is well.
func run(t *testing.T, list ...suite) (string, bool) {
	t.Helper()
	t.Chdir(t.TempDir())
	if err := os.MkdirAll(logDir, 0o755); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	ok := report(&out, runAll(list, func(s suite) result { return runSuite(t.Context(), s) }, func(r result) { r.announce(&out) }))
	return out.String(), ok
}

func shell(name, script string) suite {
	return suite{name: name, proves: "proves " + name, command: []string{"sh", "-c", script}}
}

func TestReport(t *testing.T) {
	noTool := shell("needs-tool", "true")
	noTool.needs = []need{tool("no-such-program-here", "install it with care")}
	noSetting := shell("needs-setting", "true")
	noSetting.needs = []need{setting("TURNKEY_TEST_NEVER_SET", "it names a real server")}
	empty := shell("empty", "echo nothing")
	empty.counts = tap
	node := shell("node", `printf '# pass 3\n# fail 0\n# pass 2\n# fail 0\n'`)
	node.counts = tap

	for name, c := range map[string]struct {
		suites        []suite
		ok            bool
		want, notWant []string
	}{
		"all pass":               {[]suite{shell("one", "echo noise"), node}, true, []string{"\n6 passed, 0 failed\n", "proves one"}, []string{"noise", "FAILED"}},
		"one fails":              {[]suite{shell("one", "true"), shell("bad", "echo the reason; exit 3")}, false, []string{"\n1 passed, 1 failed\n", "the reason", "exit status 3", "FAILED"}, nil},
		"a tool is missing":      {[]suite{shell("one", "true"), noTool}, false, []string{"\n1 passed, 1 failed\n", "no-such-program-here", "install it with care"}, nil},
		"a real server is unset": {[]suite{shell("one", "true"), noSetting}, true, []string{"\n1 passed, 0 failed\n", "not run", "TURNKEY_TEST_NEVER_SET is not set: it names a real server"}, []string{"FAILED"}},
		"nothing ran":            {[]suite{noSetting}, false, []string{"\n0 passed, 0 failed\n"}, nil},
		"a runner ran no test":   {[]suite{shell("one", "true"), empty}, false, []string{"\n1 passed, 1 failed\n", "ran no test"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			got, ok := run(t, c.suites...)
			if ok != c.ok {
				t.Errorf("well = %v, want %v", ok, c.ok)
			}
			for _, w := range c.want {
				if !strings.Contains(got, w) {
					t.Errorf("the report lacks %q:\n%s", w, got)
				}
			}
			for _, w := range c.notWant {
				if strings.Contains(got, w) {
					t.Errorf("the report has %q:\n%s", w, got)
				}
			}
		})
	}
}

// cancelOnWrite cancels as soon as the suite says something.
type cancelOnWrite struct{ cancel func() }

func (c cancelOnWrite) Write(b []byte) (int, error) { c.cancel(); return len(b), nil }

// TestFailuresComeLast: the end of the output alone, as long as a terminal is high, tells which tests failed and what each said.
func TestFailuresComeLast(t *testing.T) {
	noisy := func(name, complaint string) failure {
		f := failure{name: name}
		for range 100 {
			f.said = append(f.said, "        worker.go:9: time=2026-11-26T17:00:00Z level=WARN msg=\"a worker ended\"")
		}
		f.said = append(f.said, "    life_test.go:281: "+complaint)
		return f
	}
	for _, count := range []int{1, 2, 5, 16, 17, 40} {
		bad := result{suite: suite{name: "go"}, failure: "exit status 1", failed: count, passed: 7}
		for n := range count {
			bad.failures = append(bad.failures, noisy(fmt.Sprintf("turnkey/x Test%d.", n), fmt.Sprintf("wrong in %d.", n)))
		}
		var out bytes.Buffer
		report(&out, []result{bad, {suite: suite{name: "race"}, passed: 1}})
		_, last, found := strings.Cut(out.String(), "\nFAILED:\n")
		lines := strings.Split(strings.TrimSuffix(last, "\n"), "\n")
		if !found || len(lines) > 36 || lines[len(lines)-1] != fmt.Sprintf("8 passed, %d failed", count) {
			t.Errorf("%d failures end in %d lines:\n%s", count, len(lines), last)
		}
		for n := range min(count, 15) {
			if !strings.Contains(last, fmt.Sprintf("go: turnkey/x Test%d.\n    ", n)) || !strings.Contains(last, fmt.Sprintf("life_test.go:281: wrong in %d.\n", n)) {
				t.Errorf("of %d failures, number %d is not told:\n%s", count, n, last)
			}
		}
		if logs := strings.Count(last, "level=WARN"); logs > keptLog*count {
			t.Errorf("%d lines of logs", logs)
		}
		if count > 16 && !strings.Contains(last, " more, in the logs of ") {
			t.Errorf("of %d failures some are passed over in silence:\n%s", count, last)
		}
	}
}

// TestBrief: the first complaint and the last stay, whatever is between them.
func TestBrief(t *testing.T) {
	f := failure{said: []string{"    a_test.go:1: first", "        goes on", "    a_test.go:2: second", "", "    a_test.go:3: third", "    a_test.go:4: last", "time=2026 level=INFO msg=x"}}
	for lines, want := range map[int]string{
		1: "a_test.go:1: first",
		3: "a_test.go:1: first|    goes on|... 3 lines",
		4: "a_test.go:1: first|    goes on|... 2 lines|a_test.go:4: last",
		5: "a_test.go:1: first|    goes on|a_test.go:2: second|a_test.go:3: third|a_test.go:4: last",
		9: "a_test.go:1: first|    goes on|a_test.go:2: second|a_test.go:3: third|a_test.go:4: last|time=2026 level=INFO msg=x",
	} {
		if got := strings.Join(f.brief(lines), "|"); got != want {
			t.Errorf("in %d lines: %q, want %q", lines, got, want)
		}
	}
}

// TestTwoAtOnce: halves run beside one another, but none beside one that makes what it uses; everything else runs alone, and the order holds.
func TestTwoAtOnce(t *testing.T) {
	list := []suite{{name: "a"}, {name: "b", half: true}, {name: "c", half: true}, {name: "d", half: true}, {name: "e"}, {name: "f", half: true, makes: "x"}, {name: "g", half: true, uses: "x"}, {name: "h", half: true}}
	begun, end := make(chan string, len(list)), map[string]chan bool{}
	for _, s := range list {
		end[s.name] = make(chan bool)
	}
	told, all := make(chan string), make(chan []result)
	go func() {
		all <- runAll(list, func(s suite) result {
			begun <- s.name
			<-end[s.name]
			return result{suite: s}
		}, func(r result) { told <- r.suite.name })
	}()
	finish := func(name string) {
		t.Helper()
		if end[name] <- true; <-told != name {
			t.Errorf("told of another than %s", name)
		}
	}
	begin := func(names ...string) {
		t.Helper()
		got := []string{}
		for range names {
			got = append(got, <-begun)
		}
		slices.Sort(got)
		if !slices.Equal(got, names) || len(begun) > 0 {
			t.Fatalf("%v began, want %v", got, names)
		}
	}
	begin("a")
	finish("a")
	begin("b", "c")
	finish("c")
	begin("d")
	finish("d")
	finish("b")
	begin("e")
	finish("e")
	begin("f")
	finish("f")
	begin("g", "h")
	finish("h")
	finish("g")
	for n, r := range <-all {
		if r.suite.name != list[n].name {
			t.Errorf("result %d is of %s", n, r.suite.name)
		}
	}
}

// TestStopEndsChildren: a suite that is told to stop takes its background children along. A child
// that lived on would hold the output open, and run would say so after its grace.
func TestStopEndsChildren(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	started := time.Now()
	_, err := suite{}.run(ctx, cancelOnWrite{cancel}, []string{"sh", "-c", "sleep 60 & echo ready; wait"})
	if err == nil || !strings.Contains(err.Error(), "stopped") {
		t.Errorf("got %v", err)
	}
	if took := time.Since(started); took >= stopGrace {
		t.Errorf("it took %s: a child lived on", took)
	}
}

func TestGoJSON(t *testing.T) {
	for name, c := range map[string]struct {
		output string
		passed int
		failed []failure
	}{
		"a test": {`{"Action":"output","Package":"p","Test":"TestA","Output":"quiet\n"}
{"Action":"pass","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Test":"TestB","Output":"=== RUN   TestB\n"}
{"Action":"output","Package":"p","Test":"TestB","Output":"    b.go:1: wrong\n"}
{"Action":"output","Package":"p","Test":"TestB","Output":"--- FAIL: TestB (0.00s)\n"}
{"Action":"fail","Package":"p","Test":"TestB"}
{"Action":"output","Package":"p","Output":"FAIL\n"}
{"Action":"fail","Package":"p"}
{"Action":"pass","Package":"q"}`, 1, []failure{{"p TestB", []string{"    b.go:1: wrong"}}}},
		"a subtest names its test only if that complains": {`{"Action":"output","Package":"p","Test":"TestA/x","Output":"a.go:1: wrong\n"}
{"Action":"fail","Package":"p","Test":"TestA/x"}
{"Action":"output","Package":"p","Test":"TestA","Output":"a.go:9: time=2026-11-26T17:00:00Z level=WARN msg=x\n"}
{"Action":"fail","Package":"p","Test":"TestA"}
{"Action":"fail","Package":"p","Test":"TestB/x"}
{"Action":"output","Package":"p","Test":"TestB","Output":"a.go:2: too\n"}
{"Action":"fail","Package":"p","Test":"TestB"}`, 0, []failure{{"p TestA/x", []string{"a.go:1: wrong"}}, {"p TestB/x", nil}, {"p TestB", []string{"a.go:2: too"}}}},
		"a build": {`{"Action":"build-output","ImportPath":"r [r.test]","Output":"r.go:1: undefined\n"}
{"Action":"output","Package":"r","Output":"FAIL\tr [build failed]\n"}
{"Action":"fail","Package":"r","FailedBuild":"r [r.test]"}
no packages here`, 0, []failure{{"r", []string{"r.go:1: undefined"}}}},
		"a process that ends in the middle": {`{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"run","Package":"p","Test":"TestA/x"}
{"Action":"output","Package":"p","Test":"TestA/x","Output":"panic: test timed out\n"}
{"Action":"fail","Package":"p"}`, 0, []failure{{"p TestA/x", []string{"it had not ended when its process did", "panic: test timed out"}}}},
		"a suite that is stopped": {`{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"run","Package":"q","Test":"TestB"}
{"Action":"pass","Package":"q","Test":"TestB"}`, 1, []failure{{"p TestA", []string{"it had not ended when its process did"}}}},
		"a TestMain": {`{"Action":"output","Package":"p","Output":"left behind: processes\n"}
{"Action":"fail","Package":"p"}`, 0, []failure{{"p", []string{"left behind: processes"}}}},
	} {
		if passed, failed := goJSON([]byte(c.output)); passed != c.passed || !reflect.DeepEqual(failed, c.failed) {
			t.Errorf("%s: %d passed, failed %q; want %d and %q", name, passed, failed, c.passed, c.failed)
		}
	}
}

func TestTAP(t *testing.T) {
	const output = `TAP version 13
# Subtest: signing in
    # Subtest: in two steps
    not ok 1 - in two steps
      ---
      duration_ms: 24962.3
      location: '/x/account.mjs:29:15'
      failureType: 'testCodeFailure'
      error: |-
        locator.waitFor: Timeout 20000ms exceeded.
        Call log:
          - waiting for getByText('One browser is signed out.') to be visible

      code: 'ERR_TEST_FAILURE'
      name: 'TimeoutError'
      stack: |-
        inTwoSteps (/x/account.mjs:130:54)
        async TestContext.<anonymous> (file:///x/account.mjs:29:7)
      ...
    # Subtest: fine
    ok 2 - fine
      ---
      duration_ms: 1
      ...
    1..2
not ok 1 - signing in
  ---
  duration_ms: 51102.8
  failureType: 'subtestsFailed'
  error: '1 subtest failed'
  code: 'ERR_TEST_FAILURE'
  ...
# tests 3
# pass 1
# fail 2
`
	passed, failed := tap([]byte(output))
	want := []failure{{"in two steps", []string{"location: '/x/account.mjs:29:15'", "  locator.waitFor: Timeout 20000ms exceeded.", "  Call log:", "    - waiting for getByText('One browser is signed out.') to be visible"}}}
	if passed != 1 || !reflect.DeepEqual(failed, want) {
		t.Errorf("%d passed, failed %q; want %q", passed, failed, want)
	}
}

func TestVitest(t *testing.T) {
	const failing = " FAIL  test/buffer.test.ts > forgets\nAssertionError: expected 1 to be 2\n ❯ test/buffer.test.ts:9:1\n⎯⎯⎯⎯[1/1]⎯\n\n Test Files  1 failed | 2 passed (3)\n      Tests  1 failed | 27 passed (28)\n"
	for output, want := range map[string]struct {
		passed int
		failed []failure
	}{
		"\x1b[2m      Tests \x1b[22m \x1b[1m\x1b[32m29 passed\x1b[39m\x1b[22m\x1b[90m (29)\x1b[39m\n": {29, nil},
		failing:    {27, []failure{{"test/buffer.test.ts > forgets", []string{"AssertionError: expected 1 to be 2", " ❯ test/buffer.test.ts:9:1"}}}},
		"no tests": {0, nil},
	} {
		if passed, failed := vitest([]byte(output)); passed != want.passed || !reflect.DeepEqual(failed, want.failed) {
			t.Errorf("%q: %d passed, failed %q; want %v", output, passed, failed, want)
		}
	}
}

func TestChoose(t *testing.T) {
	if _, err := choose(suites(), []string{"nonsense"}, false); err == nil {
		t.Error("an unknown suite was accepted")
	}
	seen := map[string]bool{}
	for _, s := range suites() {
		if seen[s.name] || s.proves == "" || len(s.command) == 0 {
			t.Errorf("suite %q is double or says nothing", s.name)
		}
		seen[s.name] = true
	}
}
