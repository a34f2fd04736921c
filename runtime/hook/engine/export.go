package engine

import (
	"strings"

	"github.com/dop251/goja/ast"
)

// exportOf finds where a file's default export, or a member of it, is written. esbuild gives a default
// export a variable of its own, <something>_default.
func (b *built) exportOf(file, member string) (at place, ok bool) {
	walk(b.tree, func(n ast.Node) bool {
		target, value := assignment(n)
		if ok || target == nil || !strings.HasSuffix(strings.TrimRight(target.Name.String(), "0123456789"), "_default") {
			return !ok
		}
		where, known := b.place(value)
		if !known || where.file != file {
			return true
		}
		if member == "" {
			at, ok = where, true
			return false
		}
		at, ok = where, true
		if o, is := value.(*ast.ObjectLiteral); is {
			for _, p := range o.Value {
				if key := propertyName(p); key == member {
					at, ok = b.place(p)
				}
			}
		}
		return false
	})
	return at, ok
}

func assignment(n ast.Node) (*ast.Identifier, ast.Expression) {
	var target ast.Expression
	var value ast.Expression
	switch n := n.(type) {
	case *ast.AssignExpression:
		target, value = n.Left, n.Right
	case *ast.Binding:
		target, value = n.Target, n.Initializer
	}
	id, _ := target.(*ast.Identifier)
	if id == nil || value == nil {
		return nil, nil
	}
	return id, value
}

func propertyName(p ast.Property) string {
	switch p := p.(type) {
	case *ast.PropertyShort:
		return p.Name.Name.String()
	case *ast.PropertyKeyed:
		if s, ok := p.Key.(*ast.StringLiteral); ok {
			return s.Value.String()
		}
	}
	return ""
}

func (b *built) place(n ast.Node) (place, bool) {
	p := b.tree.File.Position(int(n.Idx0()) - b.tree.File.Base())
	return b.positions.source(p.Line, p.Column)
}
