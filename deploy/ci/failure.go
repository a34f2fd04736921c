package main

import (
	"fmt"
	"regexp"
	"strings"
)

// failure is one test that failed, or a step of a suite that has no tests.
type failure struct {
	name string
	said []string // what it said, in order; log lines among it
}

// logged matches a line of a program's log, with the test's place before it or not.
var logged = regexp.MustCompile(`^\s*(?:[\w.-]+\.go:\d+: )?(?:\[[^\]]*\] )?(?:time=\S+ level=\w+ |\{"time":"|\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d\S* (?:UTC )?(?:DEBUG|INFO|WARN|ERROR|\[\d+\] LOG))`)

// keptLog is how much of a failed test's log is shown: the end of it.
const keptLog = 3

// brief is what a failure said within that many lines: what the test itself said goes before what programs logged meanwhile, of
// which the last lines are enough.
func (f failure) brief(lines int) []string {
	var own, log []string
	for _, line := range f.said {
		line = strings.TrimRight(line, " \t\r")
		switch {
		case strings.TrimSpace(line) == "":
		case logged.MatchString(line):
			log = append(log, line)
		default:
			own = append(own, line)
		}
	}
	if room := min(keptLog, max(lines-len(own), 0)); len(log) > room {
		log = log[len(log)-room:]
	}
	return append(middle(unindent(own), lines-len(log)), unindent(log)...)
}

// middle leaves out what is in the middle: the first complaint says what is wrong, the last how it ended.
func middle(all []string, lines int) []string {
	if len(all) <= lines {
		return all
	}
	if lines <= 1 {
		return all[:lines]
	}
	end := (lines - 1) / 3
	out := append([]string{}, all[:lines-1-end]...)
	out = append(out, fmt.Sprintf("... %d lines", len(all)-lines+1))
	return append(out, all[len(all)-end:]...)
}

// unindent takes away what all lines begin with, and the ends of lines that nobody reads to their end.
func unindent(all []string) []string {
	const width = 300
	margin := -1
	for _, line := range all {
		if n := len(line) - len(strings.TrimLeft(line, " \t")); margin < 0 || n < margin {
			margin = n
		}
	}
	out := make([]string, 0, len(all))
	for _, line := range all {
		line = line[margin:]
		if len(line) > width {
			line = strings.ToValidUTF8(line[:width], "") + " ..."
		}
		out = append(out, line)
	}
	return out
}

// endOf is a failure of a step that has no tests: the end of what it said.
func endOf(name, output string) failure {
	all := strings.Split(strings.TrimRight(colours.ReplaceAllString(output, ""), "\n"), "\n")
	const most = 40
	return failure{name: name, said: all[max(len(all)-most, 0):]}
}
