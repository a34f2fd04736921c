//go:build e2e

package main_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"turnkey/deploy/guides"
)

// guideBlock is a fenced block of a guide.
type guideBlock struct {
	line                 int
	language, file, text string
}

var fences = regexp.MustCompile("(?ms)^```(\\S*)(?: (\\S+))?\n(.*?)^```$")

// readGuide takes the blocks out of a guide's Markdown.
func readGuide(t *testing.T, name string) (list []guideBlock) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("../../deploy/guides", name+".md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range fences.FindAllSubmatchIndex(raw, -1) {
		b := guideBlock{line: bytes.Count(raw[:m[0]], []byte("\n")) + 1, language: string(raw[m[2]:m[3]]), text: string(raw[m[6]:m[7]])}
		if m[4] >= 0 {
			b.file = string(raw[m[4]:m[5]])
		}
		list = append(list, b)
	}
	return list
}

// TestGuides does what each guide tells its reader to do, against a `turnkey dev`, and compares what it answers.
func TestGuides(t *testing.T) {
	folder := t.TempDir()
	port, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	dev := startDev(t, filepath.Join(folder, ".turnkey"), port)
	defer dev.stop(t)
	list, err := guides.All()
	if err != nil {
		t.Fatal(err)
	}
	ran := 0
	for _, g := range list {
		blocks := readGuide(t, g.Name)
		t.Run(g.Name, func(t *testing.T) {
			work := t.TempDir()
			if err := os.Symlink(filepath.Join(folder, ".turnkey"), filepath.Join(work, ".turnkey")); err != nil {
				t.Fatal(err)
			}
			instance, n := doGuide(t, work, blocks)
			ran += n
			if instance != "" {
				checkHooks(t, dev, work, instance)
			}
			checkExcerpts(t, blocks)
		})
	}
	if ran < 30 {
		t.Errorf("only %d blocks of commands were run: this test reads nothing", ran)
	}
}

// doGuide runs a guide's commands in one shell and compares each answer that it shows. It returns the instance that the
// guide has made, if it calls it ID, and how many blocks it ran.
func doGuide(t *testing.T, folder string, blocks []guideBlock) (instance string, n int) {
	t.Helper()
	script := strings.Builder{}
	script.WriteString("set -eu\n")
	var commands []int
	for i, b := range blocks {
		switch {
		case b.file != "":
			fmt.Fprintf(&script, "mkdir -p \"$(dirname %s)\"\ncat > %s <<'END_OF_FILE'\n%sEND_OF_FILE\n", b.file, b.file, b.text)
		case b.language == "sh":
			commands = append(commands, i)
			fmt.Fprintf(&script, "printf '\\036'\n%s", b.text)
		}
	}
	script.WriteString("printf '\\036'; printf %s \"${ID:-}\"\n")
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(ctx, "sh", "-c", script.String())
	cmd.Dir, cmd.Stdout, cmd.Stderr = folder, &out, &errs
	failed := cmd.Run()
	answers := strings.Split(out.String(), "\036")[1:]
	for k, i := range commands {
		if k >= len(answers) {
			break
		}
		if failed != nil && k == len(answers)-1 {
			t.Fatalf("line %d: %v\n%s\n%s", blocks[i].line, failed, answers[k], errs.String())
		}
		if i+1 < len(blocks) && blocks[i+1].file == "" {
			compareAnswer(t, blocks[i+1], answers[k])
		}
	}
	if failed != nil {
		t.Fatalf("%v\n%s", failed, errs.String())
	}
	return answers[len(answers)-1], len(commands)
}

// compareAnswer holds what came against what the guide shows.
func compareAnswer(t *testing.T, shown guideBlock, came string) {
	t.Helper()
	switch shown.language {
	case "text":
		if !alike(strings.TrimSpace(shown.text), strings.TrimSpace(came)) {
			t.Errorf("line %d shows\n%s\nand this came:\n%s", shown.line, shown.text, came)
		}
	case "json":
		want, got := documents(t, shown.line, shown.text), documents(t, shown.line, came)
		if len(want) != len(got) {
			t.Errorf("line %d shows %d answers, and %d came:\n%s", shown.line, len(want), len(got), came)
			return
		}
		for i := range want {
			if at := unlike(want[i], got[i], "answer"); at != "" {
				t.Errorf("line %d shows something else at %s than what came:\n%s", shown.line, at, came)
			}
		}
	}
}

func documents(t *testing.T, line int, text string) (list []any) {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	for d.More() {
		var v any
		if err := d.Decode(&v); err != nil {
			t.Fatalf("line %d: %v in\n%s", line, err, text)
		}
		list = append(list, v)
	}
	return list
}

// alike compares texts; "…" stands for anything.
func alike(want, got string) bool {
	parts := strings.Split(want, "…")
	for i := range parts {
		parts[i] = regexp.QuoteMeta(parts[i])
	}
	return regexp.MustCompile(`(?s)\A` + strings.Join(parts, ".*?") + `\z`).MatchString(got)
}

// unlike is the path of the first difference; got may have members that want does not show.
func unlike(want, got any, path string) string {
	switch w := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok {
			return path
		}
		for name, v := range w {
			if at := unlike(v, g[name], path+"."+name); at != "" {
				return at
			}
		}
		return ""
	case []any:
		g, ok := got.([]any)
		if !ok || len(g) != len(w) {
			return path
		}
		for i := range w {
			if at := unlike(w[i], g[i], fmt.Sprintf("%s[%d]", path, i)); at != "" {
				return at
			}
		}
		return ""
	case string:
		if g, ok := got.(string); ok && alike(w, g) {
			return ""
		}
		return path
	}
	if want != got {
		return path
	}
	return ""
}

// TestGuideAnswers: an answer that a guide shows wrongly is noticed.
func TestGuideAnswers(t *testing.T) {
	for _, c := range []struct {
		want, got string
		at        string
	}{
		{`{"a": 1}`, `{"a": 1, "more": true}`, ""},
		{`{"a": "rej_…"}`, `{"a": "rej_1"}`, ""},
		{`{"a": "rej_…"}`, `{"a": "xrej_1"}`, "answer.a"},
		{`{"a": 1}`, `{"a": "1"}`, "answer.a"},
		{`{"a": 1}`, `{}`, "answer.a"},
		{`{"a": null}`, `{"a": 0}`, "answer.a"},
		{`[{"a": 1}]`, `[{"a": 1}, {"a": 1}]`, "answer"},
		{`[{"a": 1}, {"a": 2}]`, `[{"a": 1}, {"a": 3}]`, "answer[1].a"},
		{`{"a": {"b": []}}`, `{"a": {"b": [1]}}`, "answer.a.b"},
		{`401`, `403`, "answer"},
	} {
		if at := unlike(documents(t, 0, c.want)[0], documents(t, 0, c.got)[0], "answer"); at != c.at {
			t.Errorf("%s and %s differ at %q, want %q", c.want, c.got, at, c.at)
		}
	}
	if alike("a\n…\nb", "a\nc") || !alike("a\n…\nb", "a\nx\ny\nb") {
		t.Error("texts are compared wrongly")
	}
}
