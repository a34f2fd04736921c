package engine

import (
	"embed"

	"github.com/dop251/goja"
	"github.com/dop251/goja/parser"
)

//go:embed js
var sources embed.FS

// library is our own JavaScript, compiled when it is first used.
type library struct{ programs map[string]*goja.Program }

func newLibrary() *library { return &library{programs: map[string]*goja.Program{}} }

// get gives the program of js/<name>.js. They are ours and embedded: that one is missing or does not
// compile is found by any test, so it is a panic and not an error.
func (l *library) get(name string) *goja.Program {
	if p := l.programs[name]; p != nil {
		return p
	}
	code, err := sources.ReadFile("js/" + name + ".js")
	if err != nil {
		panic(err)
	}
	tree, err := goja.Parse("turnkey:"+name, string(code), parser.WithDisableSourceMaps)
	if err != nil {
		panic(err)
	}
	p, err := goja.CompileAST(tree, false)
	if err != nil {
		panic(err)
	}
	l.programs[name] = p
	return p
}
