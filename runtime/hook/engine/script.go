package engine

import (
	"regexp"
	"slices"
	"strings"

	"github.com/dop251/goja"
	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/parser"

	"turnkey/runtime/hook"
)

// scriptName is what goja calls the users' script in positions; no user file has such a name.
const scriptName = "turnkey:script"

// script is a compiled program.
type script struct {
	hash      string
	program   *goja.Program // evaluates to a function(module, exports) that fills module.exports
	code      string        // until touches are made of it
	touches   []touch       // what to look at ahead of time
	globals   []string      // name, group, name, group: those of ours that the code may use
	async     bool          // it may have functions that are waited for
	mend      bool          // it may use what js/mend.js mends
	parses    bool          // it may call JSON.parse, by itself or by an answer's json()
	bares     bool          // it may look for GoError, a global of the engine's own that is nobody's business; to take it away costs 5 us
	files     map[string]string
	positions *positions
}

// compile makes a script of a program. It executes nothing.
func compile(p *hook.Program) (*script, error) {
	tree, err := parse(p.Code)
	if err != nil {
		return nil, err
	}
	return compileTree(p, tree)
}

func parse(code string) (*ast.Program, error) {
	return parser.ParseFile(nil, scriptName, code, 0, parser.WithDisableSourceMaps)
}

func compileTree(p *hook.Program, tree *ast.Program) (*script, error) {
	program, err := goja.CompileAST(tree, false)
	if err != nil {
		return nil, err
	}
	return newScript(p, program), nil
}

func newScript(p *hook.Program, program *goja.Program) *script {
	s := &script{hash: p.Hash, program: program, code: p.Code, globals: globalsOf(p.Code), async: strings.Contains(p.Code, "async"), mend: slices.ContainsFunc(mended, func(name string) bool { return strings.Contains(p.Code, name) }),
		parses: parsing.MatchString(p.Code), bares: strings.Contains(p.Code, "GoError") || indirect.MatchString(p.Code), positions: newPositions(p.Map), files: make(map[string]string, len(p.Hooks))}
	for _, e := range p.Hooks {
		s.files[e.Name] = e.File
	}
	return s
}

// prepare looks at the built-ins that the script will use, ahead of time.
func (s *script) prepare(vm *goja.Runtime) {
	if s.code != "" {
		s.touches, s.code = touchesOf(s.code, goja.New()), ""
	}
	for i := range s.touches {
		s.touches[i].apply(vm)
	}
}

// groups says which script of js/ makes which global.
var groups = map[string][]string{
	"log":    {"console"},
	"timers": {"setTimeout", "clearTimeout", "setInterval", "clearInterval", "queueMicrotask"},
	"text":   {"TextEncoder", "TextDecoder", "Buffer", "atob", "btoa"},
	"crypto": {"crypto"},
	"clone":  {"structuredClone"},
	"url":    {"URL", "URLSearchParams"},
	"fetch":  {"fetch", "Headers"},
}

// mended is what js/mend.js mends: named by what code writes, or by what esbuild makes of it.
var mended = []string{"asyncIterator", "dispose", "asyncDispose", "toLocaleString"}

// parsing is in code that may parse JSON.
var parsing = regexp.MustCompile(`\bJSON\b|json`)

// Code that names none of these cannot find a global by a name that it made up. (A class's own constructor is harmless.)
var indirect = regexp.MustCompile("\\b(globalThis|eval|Function)\\b|[.\"'`]constructor\\b")

// globalsOf lists our globals that the code names: making the others would cost every transaction.
func globalsOf(code string) []string {
	all := indirect.MatchString(code)
	var list []string
	for _, group := range groupNames {
		for _, name := range groups[group] {
			if all || strings.Contains(code, name) {
				list = append(list, name, group)
			}
		}
	}
	return list
}

var groupNames = []string{"log", "timers", "text", "crypto", "clone", "url", "fetch"}
