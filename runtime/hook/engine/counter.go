package engine

import (
	"cmp"
	"slices"

	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/file"
)

// start is where an expression begins; the parser takes a tagged template to begin at its text.
func (c *cover) start(e ast.Expression) file.Idx {
	at := e.Idx0()
	for {
		switch n := e.(type) {
		case *ast.TemplateLiteral:
			if n.Tag == nil {
				return n.OpenQuote
			}
			e = n.Tag
		case *ast.CallExpression:
			e = n.Callee
		case *ast.DotExpression:
			e = n.Left
		case *ast.BracketExpression:
			e = n.Left
		case *ast.BinaryExpression:
			e = n.Left
		case *ast.ConditionalExpression:
			e = n.Test
		case *ast.AssignExpression:
			e = n.Left
		case *ast.OptionalChain:
			e = n.Expression
		case *ast.Optional:
			e = n.Expression
		default:
			return min(at, e.Idx0())
		}
		at = min(at, e.Idx0())
	}
}

// end is where an expression ends; the parser forgets the parentheses of new X().
func (c *cover) end(e ast.Expression) file.Idx {
	switch n := e.(type) {
	case *ast.NewExpression:
		if n.RightParenthesis > 0 {
			return n.RightParenthesis + 1
		}
	case *ast.BinaryExpression:
		return c.end(n.Right)
	case *ast.ConditionalExpression:
		return c.end(n.Alternate)
	case *ast.AssignExpression:
		return c.end(n.Right)
	case *ast.SequenceExpression:
		return c.end(n.Sequence[len(n.Sequence)-1])
	case *ast.AwaitExpression:
		return c.end(n.Argument)
	case *ast.UnaryExpression:
		if !n.Postfix {
			return c.end(n.Operand)
		}
	case *ast.YieldExpression:
		if n.Argument != nil {
			return c.end(n.Argument)
		}
	case *ast.ArrowFunctionLiteral:
		if body, ok := n.Body.(*ast.ExpressionBody); ok {
			return c.end(body.Expression)
		}
	case *ast.OptionalChain:
		return c.end(n.Expression)
	case *ast.Optional:
		return c.end(n.Expression)
	}
	return e.Idx1()
}

// balance widens a range over the parentheses that its ends cut: nodes do not know those around them.
func (c *cover) balance(from, to int) (int, int) {
	open, missing := 0, 0
	for _, b := range c.mask[from:to] {
		switch b {
		case '(':
			open++
		case ')':
			if open == 0 {
				missing++
			} else {
				open--
			}
		}
	}
	for ; missing > 0 && from > 0; from-- {
		if c.mask[from-1] == '(' {
			missing--
		}
	}
	for ; open > 0 && to < len(c.mask); to++ {
		if c.mask[to] == ')' {
			open--
		}
	}
	return from, to
}

// put notes an insertion. At one place, ends (negative order) come before beginnings, inner ends before outer ones.
func (c *cover) put(offset int, text string, order int) {
	p := c.built.tree.File.Position(offset)
	c.inserted = append(c.inserted, insertion{line: p.Line, column: p.Column, offset: offset, text: text})
	c.order = append(c.order, order)
}

func (c *cover) sort() {
	index := make([]int, len(c.inserted))
	for i := range index {
		index[i] = i
	}
	slices.SortStableFunc(index, func(a, b int) int {
		return cmp.Or(cmp.Compare(c.inserted[a].offset, c.inserted[b].offset), cmp.Compare(c.order[a], c.order[b]))
	})
	sorted := make(insertions, len(index))
	for i, j := range index {
		sorted[i] = c.inserted[j]
	}
	c.inserted = sorted
}
