package rule

import (
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
)

// Kind is what sort of value a rule compares a field with.
type Kind string

// The kinds of values that never equal one another.
const (
	Text    Kind = "text"
	Number  Kind = "a number"
	Boolean Kind = "true or false"
)

// Comparison is a place where a rule asks whether a field of a row equals something. CEL's answer for two
// values of different kinds is no, without an error, so that such a rule refuses every write and says nothing.
type Comparison struct {
	Field string // the source's name; nested ones with dots
	Row   string // old or new
	With  Kind
	User  bool // it is user.id
}

// Comparisons lists the rule's comparisons of fields with user.id and with constants, in the order of the text.
func (r *Rule) Comparisons() []Comparison { return r.comparisons }

func comparisons(root ast.Expr) (list []Comparison) {
	ast.PreOrderVisit(root, ast.NewExprVisitor(func(e ast.Expr) {
		if e.Kind() != ast.CallKind {
			return
		}
		call := e.AsCall()
		if name := call.FunctionName(); name != operators.Equals && name != operators.NotEquals {
			return
		}
		for _, sides := range [2][2]ast.Expr{{call.Args()[0], call.Args()[1]}, {call.Args()[1], call.Args()[0]}} {
			row, field, ok := place(sides[0])
			with, user := kindOf(sides[1])
			if ok && with != "" {
				list = append(list, Comparison{field, row, with, user})
			}
		}
	}))
	return list
}

// place reads old.a.b: the row, and the path in it.
func place(e ast.Expr) (row, path string, ok bool) {
	if e.Kind() != ast.SelectKind || e.AsSelect().IsTestOnly() {
		return "", "", false
	}
	name, operand := e.AsSelect().FieldName(), e.AsSelect().Operand()
	if operand.Kind() == ast.IdentKind {
		row = operand.AsIdent()
		return row, name, row == "old" || row == "new"
	}
	row, path, ok = place(operand)
	return row, path + "." + name, ok
}

func kindOf(e ast.Expr) (kind Kind, user bool) {
	if of, name, ok := member(e); ok && of == "user" && name == "id" {
		return Text, true
	}
	if e.Kind() != ast.LiteralKind {
		return "", false
	}
	switch e.AsLiteral().(type) {
	case types.String:
		return Text, false
	case types.Int, types.Uint, types.Double:
		return Number, false
	case types.Bool:
		return Boolean, false
	}
	return "", false
}
