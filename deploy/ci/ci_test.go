package main

import (
	"bytes"
	"context"
	"os"
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
	var results []result
	for _, s := range list {
		results = append(results, runSuite(t.Context(), &out, s))
	}
	ok := report(&out, results)
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
	empty.counts = nodeTest
	node := shell("node", `printf '# pass 3\n# fail 0\nℹ pass 2\nℹ fail 0\n'`)
	node.counts = nodeTest

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

// TestFailuresComeLast: the end of the output alone tells which test failed.
func TestFailuresComeLast(t *testing.T) {
	got, _ := run(t, shell("sour", "echo TestX is wrong; exit 3"), shell("sweet", "true"))
	_, last, found := strings.Cut(got, "\nsour said\n")
	if !found || !strings.Contains(last, "    TestX is wrong\n") || !strings.HasSuffix(last, "\n1 passed, 1 failed\n") {
		t.Errorf("the report ends with %q", last)
	}
}

// TestStopEndsChildren: a suite that is told to stop takes its background children along. A child
// that lived on would hold the output open, and run would say so after its grace.
func TestStopEndsChildren(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	started := time.Now()
	err := suite{}.run(ctx, cancelOnWrite{cancel}, []string{"sh", "-c", "sleep 60 & echo ready; wait"})
	if err == nil || !strings.Contains(err.Error(), "stopped") {
		t.Errorf("got %v", err)
	}
	if took := time.Since(started); took > stopGrace/2 {
		t.Errorf("it took %s: a child lived on", took)
	}
}

func TestGoJSON(t *testing.T) {
	const output = `{"Action":"output","Package":"p","Test":"TestA","Output":"quiet\n"}
{"Action":"pass","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Test":"TestB","Output":"    b.go:1: wrong\n"}
{"Action":"fail","Package":"p","Test":"TestB"}
{"Action":"output","Package":"p","Output":"FAIL p\n"}
{"Action":"fail","Package":"p"}
{"Action":"pass","Package":"q"}
{"Action":"build-output","ImportPath":"r","Output":"r.go:1: undefined\n"}
{"Action":"fail","Package":"r","FailedBuild":"r"}
no packages here
`
	passed, failed, said := goJSON([]byte(output))
	if passed != 1 || failed != 2 {
		t.Errorf("%d passed, %d failed; want 1 and 2 (a test and a build)", passed, failed)
	}
	for _, want := range []string{"b.go:1: wrong", "r.go:1: undefined", "no packages here"} {
		if !strings.Contains(said, want) {
			t.Errorf("missing %q in %q", want, said)
		}
	}
	if strings.Contains(said, "quiet") {
		t.Error("a passed test speaks")
	}
}

func TestVitest(t *testing.T) {
	for output, want := range map[string][2]int{
		"\x1b[2m      Tests \x1b[22m \x1b[1m\x1b[32m29 passed\x1b[39m\x1b[22m\x1b[90m (29)\x1b[39m\n": {29, 0},
		" Test Files  1 failed | 2 passed (3)\n      Tests  2 failed | 27 passed (29)\n":              {27, 2},
		"no tests": {0, 0},
	} {
		if passed, failed, _ := vitest([]byte(output)); passed != want[0] || failed != want[1] {
			t.Errorf("%q: %d passed, %d failed; want %v", output, passed, failed, want)
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
