package turnkey_test

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const (
	// maxLines is the longest a source file may be; generated files are exempt.
	maxLines = 400
	// maxTestLines gives tables of scenarios more room.
	maxTestLines = 600
)

// longFiles are the exceptions to maxLines, each with its reason.
var longFiles = map[string]string{}

// skips are the test files that may skip, each with the setting that makes them run. `make test`
// lists them as "not run".
var skips = map[string]string{}

// inits are the files that may have an init function, each with its reason.
var inits = map[string]string{}

func eachFile(t *testing.T, visit func(p pkg, name, file string, isTest bool, text []byte)) {
	t.Helper()
	root, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range packages(t) {
		tests := slices.Concat(p.TestGoFiles, p.XTestGoFiles)
		for _, f := range slices.Concat(p.GoFiles, p.IgnoredGoFiles, tests) {
			file := filepath.Join(p.Dir, f)
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			name, err := filepath.Rel(root, file)
			if err != nil {
				t.Fatal(err)
			}
			visit(p, filepath.ToSlash(name), file, strings.HasSuffix(f, "_test.go"), text)
		}
	}
}

func isGenerated(text []byte) bool {
	return bytes.HasPrefix(text, []byte("// Code generated ")) || bytes.Contains(text, []byte("\n// Code generated "))
}

// TestFileLength fails for files that nobody can hold in their head.
func TestFileLength(t *testing.T) {
	eachFile(t, func(_ pkg, name, _ string, isTest bool, text []byte) {
		limit := maxLines
		if isTest {
			limit = maxTestLines
		}
		if n := bytes.Count(text, []byte("\n")); n > limit && !isGenerated(text) && longFiles[name] == "" {
			t.Errorf("%s has %d lines; split it by noun (at most %d)", name, n, limit)
		}
	})
}

// TestPackageDocs: each package says once what it is for and what it must not know.
func TestPackageDocs(t *testing.T) {
	docs := map[string][]string{}
	first := map[string]string{}
	eachFile(t, func(p pkg, name, file string, isTest bool, text []byte) {
		if isTest || p.Name == "" {
			return
		}
		if _, known := docs[p.ImportPath]; !known {
			docs[p.ImportPath] = nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, text, parser.PackageClauseOnly|parser.ParseComments)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			return
		}
		if f.Doc != nil && strings.TrimSpace(f.Doc.Text()) != "" && !isGenerated(text) {
			docs[p.ImportPath] = append(docs[p.ImportPath], name)
			first[p.ImportPath] = f.Doc.Text()
		}
	})
	for path, files := range docs {
		switch {
		case len(files) != 1:
			t.Errorf("%s has %d package comments (%s), want one", path, len(files), strings.Join(files, ", "))
		case len(first[path]) < 60:
			t.Errorf("%s: the package comment says too little: %q", path, first[path])
		}
	}
}

// TestNothingSkipped: a skipped test proves nothing; what needs a real server is listed with its setting.
func TestNothingSkipped(t *testing.T) {
	eachFile(t, func(_ pkg, name, file string, isTest bool, text []byte) {
		if !isTest || skips[name] != "" {
			return
		}
		eachCall(t, file, text, func(receiver, method string) {
			if slices.Contains([]string{"Skip", "Skipf", "SkipNow"}, method) && slices.Contains([]string{"t", "b", "tb", "f"}, receiver) {
				t.Errorf("%s calls %s.%s", name, receiver, method)
			}
		})
	})
}

// TestNoSleepingTests: wait for a signal or poll with a deadline; a sleep is slow or wrong, and mostly both.
func TestNoSleepingTests(t *testing.T) {
	eachFile(t, func(_ pkg, name, file string, isTest bool, text []byte) {
		if !isTest {
			return
		}
		eachCall(t, file, text, func(receiver, method string) {
			if receiver == "time" && method == "Sleep" {
				t.Errorf("%s calls time.Sleep", name)
			}
		})
	})
}

// TestNoInit: nothing happens before main asks for it.
func TestNoInit(t *testing.T) {
	eachFile(t, func(_ pkg, name, file string, isTest bool, text []byte) {
		if isTest || isGenerated(text) || inits[name] != "" {
			return
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, text, 0)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			return
		}
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
				t.Errorf("%s has an init function", name)
			}
		}
	})
}

// TestExceptionsAreNeeded: a listed file that is gone or has healed leaves the list.
func TestExceptionsAreNeeded(t *testing.T) {
	for _, list := range []map[string]string{longFiles, skips, inits} {
		for name, reason := range list {
			if _, err := os.Stat(name); err != nil {
				t.Errorf("exception for %s (%s): %v", name, reason, err)
			}
		}
	}
}

func eachCall(t *testing.T, file string, text []byte, visit func(receiver, method string)) {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, text, 0)
	if err != nil {
		t.Errorf("%s: %v", file, err)
		return
	}
	ast.Inspect(f, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		if sel, ok := call.Fun.(*ast.SelectorExpr); ok {
			if x, ok := sel.X.(*ast.Ident); ok {
				visit(x.Name, sel.Sel.Name)
			}
		}
		return true
	})
}
