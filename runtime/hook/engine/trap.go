package engine

import (
	"errors"
	"strings"

	"github.com/dop251/goja"
	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/file"
	"github.com/dop251/goja/parser"

	"turnkey/runtime/hook"
)

// read parses the script and looks for what goja refuses, and for what it would silently get wrong.
func (b *built) read() {
	tree, err := parse(b.code)
	if err != nil {
		b.refuse(err)
		return
	}
	b.tree = tree
	walk(tree, func(n ast.Node) bool {
		b.trap(n)
		return true
	})
	if !b.failed() {
		if b.program, err = goja.CompileAST(tree, false); err != nil {
			b.refuse(err)
		}
	}
}

// trap finds regular expressions that goja takes but does not understand: \p{..} matches nothing that it should.
func (b *built) trap(n ast.Node) {
	var pattern, flags string
	switch n := n.(type) {
	case *ast.RegExpLiteral:
		pattern, flags = n.Pattern, n.Flags
	case *ast.NewExpression:
		pattern, flags = regExpArguments(n.Callee, n.ArgumentList)
	case *ast.CallExpression:
		pattern, flags = regExpArguments(n.Callee, n.ArgumentList)
	}
	switch {
	case strings.ContainsAny(flags, "vd"):
		b.add(n.Idx0(), "Regular expressions with the flag v or d are not supported.", "")
	case strings.Contains(flags, "u") && hasPropertyEscape(pattern):
		b.add(n.Idx0(), `Unicode properties such as \p{L} are not supported in regular expressions.`, `List the ranges, such as [A-Za-z\u00C0-\u024F] for Latin letters.`)
	}
}

// regExpArguments gives pattern and flags of RegExp("...", "...") written with literals.
func regExpArguments(callee ast.Expression, args []ast.Expression) (pattern, flags string) {
	if id, ok := callee.(*ast.Identifier); !ok || id.Name != "RegExp" || len(args) != 2 {
		return "", ""
	}
	p, ok1 := args[0].(*ast.StringLiteral)
	f, ok2 := args[1].(*ast.StringLiteral)
	if !ok1 || !ok2 {
		return "", ""
	}
	return p.Value.String(), f.Value.String()
}

// hasPropertyEscape skips escaped backslashes.
func hasPropertyEscape(pattern string) bool {
	for i := 0; i+1 < len(pattern); i++ {
		if pattern[i] == '\\' {
			if i++; pattern[i] == 'p' || pattern[i] == 'P' {
				return true
			}
		}
	}
	return false
}

func (b *built) add(at file.Idx, message, hint string) {
	p := b.tree.File.Position(int(at) - b.tree.File.Base())
	b.addAt(p.Line, p.Column, message, hint)
}

func (b *built) addAt(line, column int, message, hint string) {
	d := hook.Diagnostic{Severity: hook.SeverityError, Message: clean(message, maxText), Hint: hint}
	if at, ok := b.positions.source(line, column); ok {
		d.File, d.Line, d.Column = at.file, at.line, at.column
	}
	b.findings = append(b.findings, d)
}

// refuse takes goja's own complaints.
func (b *built) refuse(err error) {
	var list parser.ErrorList
	var syntax *goja.CompilerSyntaxError
	var reference *goja.CompilerReferenceError
	switch {
	case errors.As(err, &list):
		for _, e := range list[:min(len(list), 20)] {
			b.addAt(e.Position.Line, e.Position.Column, e.Message, "")
		}
	case errors.As(err, &syntax):
		p := syntax.File.Position(syntax.Offset)
		b.addAt(p.Line, p.Column, syntax.Message, "")
	case errors.As(err, &reference):
		p := reference.File.Position(reference.Offset)
		b.addAt(p.Line, p.Column, reference.Message, "")
	default:
		b.addAt(0, 0, err.Error(), "")
	}
}
