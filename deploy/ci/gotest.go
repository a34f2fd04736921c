package main

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
)

// goEvent is one line of `go test -json`.
type goEvent struct {
	Action, Package, Test, Output, ImportPath, FailedBuild string
}

// testName is a test by its package; a package itself has no test.
type testName struct{ pkg, name string }

// parent of a subtest is its test, of a test its package.
func (g testName) parent() testName {
	cut := strings.LastIndex(g.name, "/")
	return testName{g.pkg, g.name[:max(cut, 0)]}
}

func (g testName) String() string { return strings.TrimSuffix(g.pkg+" "+g.name, " ") }

// goFrame is what `go test -v` says of a test beside what the test says.
var goFrame = regexp.MustCompile(`^\s*(=== (RUN|PAUSE|CONT|NAME)|--- (FAIL|PASS|SKIP): |(FAIL|PASS|ok)\s*$|(FAIL|ok)\t|exit status \d)`)

// goRun collects one run of `go test -json`.
type goRun struct {
	passed  int
	failed  []failure
	spoken  map[testName][]string
	built   map[string][]string // what compilers said, by what they compiled
	running []testName          // begun, not ended
	blamed  map[testName]bool   // what has failed by one of its parts
}

// goJSON counts tests and subtests, and keeps only what failed ones (and broken builds) said.
func goJSON(output []byte) (passed int, failed []failure) {
	g := goRun{spoken: map[testName][]string{}, built: map[string][]string{}, blamed: map[testName]bool{}}
	in := linesOf(output)
	for in.Scan() {
		var e goEvent
		if json.Unmarshal(in.Bytes(), &e) == nil { // else the go command's own words
			g.take(e)
		}
	}
	if err := in.Err(); err != nil {
		g.failed = append(g.failed, failure{"go test -json", []string{err.Error()}})
	}
	for len(g.running) > 0 { // the suite was stopped
		g.failPackage(testName{pkg: g.running[0].pkg}, "")
	}
	return g.passed, g.failed
}

func (g *goRun) take(e goEvent) {
	test := testName{e.Package, e.Test}
	switch e.Action {
	case "build-output":
		g.built[e.ImportPath] = append(g.built[e.ImportPath], strings.TrimSuffix(e.Output, "\n"))
	case "output":
		if !goFrame.MatchString(e.Output) {
			g.spoken[test] = append(g.spoken[test], strings.TrimSuffix(e.Output, "\n"))
		}
	case "run":
		g.running = append(g.running, test)
	case "pass", "skip":
		if e.Action == "pass" && e.Test != "" {
			g.passed++
		}
		g.end(test)
	case "fail":
		if e.Test == "" {
			g.failPackage(test, e.FailedBuild)
		} else if said := g.end(test); !g.blamed[test] || complains(said) { // else it failed with one of its subtests only
			g.fail(test, said)
		}
		g.blamed[test], g.blamed[test.parent()] = true, true
	}
}

// failPackage names what ran when the package's process ended, if no test has failed by itself.
func (g *goRun) failPackage(test testName, build string) {
	for _, t := range slices.Backward(slices.Clone(g.running)) {
		if t.pkg != test.pkg {
			continue
		}
		if said := g.end(t); !g.blamed[t] {
			g.fail(t, append([]string{"it had not ended when its process did"}, said...))
		}
		g.blamed[t], g.blamed[t.parent()] = true, true
	}
	if said := g.end(test); !g.blamed[test] { // a build, a TestMain or a crash
		g.fail(test, append(g.built[build], said...))
	}
}

func (g *goRun) fail(test testName, said []string) {
	g.failed = append(g.failed, failure{test.String(), said})
}

// end forgets a test, and gives what it has said.
func (g *goRun) end(test testName) []string {
	said := g.spoken[test]
	delete(g.spoken, test)
	g.running = slices.DeleteFunc(g.running, func(t testName) bool { return t == test })
	return said
}

// complaint matches a line of a test itself: "file_test.go:12: what is wrong".
var complaint = regexp.MustCompile(`^\s*[\w.-]+\.go:\d+: |^panic: `)

func complains(said []string) bool {
	return slices.ContainsFunc(said, func(line string) bool { return complaint.MatchString(line) && !logged.MatchString(line) })
}
