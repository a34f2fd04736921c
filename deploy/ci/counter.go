package main

import (
	"bufio"
	"bytes"
	"regexp"
	"strconv"
	"strings"
)

// counter reads a suite's output: how many tests passed, and which failed.
type counter func(output []byte) (passed int, failed []failure)

// colours are what terminals understand.
var colours = regexp.MustCompile("\x1b\\[[0-9;]*m")

// maxLine is the longest line of a suite's output that is read as one.
const maxLine = 16 << 20

func linesOf(output []byte) *bufio.Scanner {
	in := bufio.NewScanner(bytes.NewReader(output))
	in.Buffer(nil, maxLine)
	return in
}

var (
	// tapSummary is the closing of node's test runner; several runs in one suite add up.
	tapSummary = regexp.MustCompile(`^# pass (\d+)$`)
	// tapFailed begins a failed test, with what it said below.
	tapFailed = regexp.MustCompile(`^( *)not ok \d+ - (.*)$`)
	// tapNoise is what is said of a test beside its error.
	tapNoise = regexp.MustCompile(`^(duration_ms|type|failureType|code|name|expected|actual|operator|severity): |^(---|\.\.\.)$|^stack: |^error: \|-$`)
	// tapFrame is a line of a stack.
	tapFrame = regexp.MustCompile(`^(async )?\S.*\(?(file://|/|node:)\S+:\d+:\d+\)?$`)
)

// tap counts the tests of node's test runner by its own summary. A test that failed only by its subtests is not named.
func tap(output []byte) (passed int, failed []failure) {
	in := linesOf(output)
	var open *failure // what is being read
	margin := ""
	for in.Scan() {
		line := colours.ReplaceAllString(in.Text(), "")
		if m := tapSummary.FindStringSubmatch(line); m != nil {
			n, _ := strconv.Atoi(m[1]) // digits by the expression
			passed += n
		}
		if m := tapFailed.FindStringSubmatch(line); m != nil {
			open, margin = &failure{name: m[2]}, m[1]+"  "
			continue
		}
		if open == nil || strings.TrimSpace(line) == "" {
			continue
		}
		text := strings.TrimPrefix(line, margin)
		if text == "..." || !strings.HasPrefix(line, margin) {
			if len(open.said) > 0 {
				failed = append(failed, *open)
			}
			open = nil
			continue
		}
		switch text = strings.TrimRight(text, " "); {
		case text == "failureType: 'subtestsFailed'":
			open = nil
		case tapNoise.MatchString(text), tapFrame.MatchString(strings.TrimSpace(text)):
		default:
			open.said = append(open.said, text)
		}
	}
	return passed, failed
}

var (
	// vitestSummary is the closing of vitest: "Tests  29 passed (29)".
	vitestSummary = regexp.MustCompile(`^\s*Tests\s+(?:\d+ failed \| )?(\d+) passed`)
	// vitestFailed begins a failed test: " FAIL  test/buffer.test.ts > a buffer > forgets".
	vitestFailed = regexp.MustCompile(`^\s*FAIL\s+(\S.*)$`)
)

// vitest counts by vitest's own summary.
func vitest(output []byte) (passed int, failed []failure) {
	in := linesOf(output)
	reading := false
	for in.Scan() {
		line := colours.ReplaceAllString(in.Text(), "")
		if m := vitestSummary.FindStringSubmatch(line); m != nil {
			n, _ := strconv.Atoi(m[1]) // digits by the expression
			passed += n
		}
		if m := vitestFailed.FindStringSubmatch(line); m != nil {
			failed, reading = append(failed, failure{name: m[1]}), true
			continue
		}
		if strings.HasPrefix(line, "⎯") {
			reading = false
		}
		if reading {
			last := &failed[len(failed)-1]
			last.said = append(last.said, line)
		}
	}
	return passed, failed
}
