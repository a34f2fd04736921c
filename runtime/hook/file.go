package hook

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"
)

// File is one file of a configuration: hooks/<table>.ts, lib/..., *.test.ts, fixtures (.json).
type File struct {
	Path string `json:"path"`
	Text string `json:"text"`
}

// Severity of a diagnostic.
type Severity string

// Errors stop a deployment, warnings do not.
const (
	SeverityError   Severity = "error"
	SeverityWarning Severity = "warning"
)

// Diagnostic is one finding about a place in a file. Line and column begin at 1; 0 is unknown.
type Diagnostic struct {
	Severity Severity `json:"severity"`
	File     string   `json:"file"`
	Line     int      `json:"line,omitzero"`
	Column   int      `json:"column,omitzero"`
	Message  string   `json:"message"`
	Hint     string   `json:"hint,omitzero"`
}

func (d Diagnostic) String() string {
	return fmt.Sprintf("%s:%d:%d: %s", d.File, d.Line, d.Column, d.Message)
}

// SortDiagnostics puts findings in reading order.
func SortDiagnostics(list []Diagnostic) {
	slices.SortStableFunc(list, func(a, b Diagnostic) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
}

// Files with a meaning of their own; every other hooks/<name>.ts belongs to the table of that name.
const (
	transactionName = "_transaction"
	authName        = "_auth"
)

// IsTest tells whether a path is a test file: *.test.ts, *.test.js.
func IsTest(name string) bool {
	return strings.HasSuffix(name, ".test.ts") || strings.HasSuffix(name, ".test.js")
}

// IsHook tells whether a path is a hook file: a .ts or .js directly in hooks/ that is no test.
func IsHook(name string) bool {
	ext := path.Ext(name)
	return path.Dir(name) == "hooks" && (ext == ".ts" || ext == ".js") && !IsTest(name) && !strings.HasSuffix(name, ".d.ts")
}

// Name is what a hook file is for: a table's name, "_transaction" or "_auth".
func Name(file string) string {
	return strings.TrimSuffix(path.Base(file), path.Ext(file))
}

// IsTable tells whether a hook file belongs to a table (whether that table is configured is the
// caller's check).
func IsTable(file string) bool {
	return IsHook(file) && !strings.HasPrefix(Name(file), "_")
}
