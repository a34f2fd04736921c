package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
)

// counter reads a suite's output: how many tests passed and failed, and what to show when some did.
type counter func(output []byte) (passed, failed int, said string)

// goEvent is one line of `go test -json`.
type goEvent struct {
	Action, Package, Test, Output, ImportPath, FailedBuild string
}

// goJSON counts tests and subtests, and shows only what the failed ones (and broken builds) said.
func goJSON(output []byte) (passed, failed int, said string) {
	var show strings.Builder
	spoken := map[[2]string]*strings.Builder{}
	failedIn := map[string]bool{}
	in := bufio.NewScanner(bytes.NewReader(output))
	in.Buffer(nil, 16<<20)
	for in.Scan() {
		var e goEvent
		if err := json.Unmarshal(in.Bytes(), &e); err != nil { // the go command's own words
			show.Write(in.Bytes())
			show.WriteByte('\n')
			continue
		}
		key := [2]string{e.Package, e.Test}
		switch {
		case e.Action == "output":
			if spoken[key] == nil {
				spoken[key] = &strings.Builder{}
			}
			spoken[key].WriteString(e.Output)
		case e.Action == "build-output":
			show.WriteString(e.Output)
		case e.Action == "pass" && e.Test != "":
			passed++
			delete(spoken, key)
		case e.Action == "fail" && e.Test != "":
			failed++
			failedIn[e.Package] = true
			show.WriteString(text(spoken[key]))
		case e.Action == "fail" && e.Test == "" && !failedIn[e.Package]: // a build, a TestMain or a crash
			failed++
			show.WriteString(e.Package + ": " + text(spoken[key]))
		}
	}
	if err := in.Err(); err != nil {
		failed++
		show.WriteString(err.Error())
	}
	return passed, failed, show.String()
}

func text(b *strings.Builder) string {
	if b == nil {
		return ""
	}
	return b.String()
}

// nodeSummary is the closing of node's test runner, as TAP or for terminals.
var nodeSummary = regexp.MustCompile(`(?m)^(?:#|ℹ) (pass|fail) (\d+)$`)

// nodeTest counts by node's own summary; several runs in one suite add up.
func nodeTest(output []byte) (passed, failed int, said string) {
	for _, m := range nodeSummary.FindAllSubmatch(output, -1) {
		n, err := strconv.Atoi(string(m[2]))
		if err != nil {
			continue // more digits than an int holds
		}
		if string(m[1]) == "pass" {
			passed += n
		} else {
			failed += n
		}
	}
	return passed, failed, string(output)
}

// vitestSummary is the closing of vitest: "Tests  29 passed (29)", with colours or without.
var vitestSummary = regexp.MustCompile(`(?m)^\s*Tests\s+(?:(\d+) failed \| )?(\d+) passed`)

// colours are what terminals understand.
var colours = regexp.MustCompile("\x1b\\[[0-9;]*m")

// vitest counts by vitest's own summary.
func vitest(output []byte) (passed, failed int, said string) {
	for _, m := range vitestSummary.FindAllSubmatch(colours.ReplaceAll(output, nil), -1) {
		n, _ := strconv.Atoi(string(m[2])) // digits by the expression
		passed += n
		if n, err := strconv.Atoi(string(m[1])); err == nil {
			failed += n
		}
	}
	return passed, failed, string(output)
}
