package engine

import (
	"slices"
	"strconv"
	"strings"

	"github.com/dop251/goja"
	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/file"
	"github.com/dop251/goja/token"

	"turnkey/runtime/hook"
)

// cover counts which branches of the users' files the tests take. A branch is a function that is
// called, either way of an if, ?:, &&, || or ??, a case, and a catch. The script is changed in place: a condition x becomes
// turnkey_way(n, x), a block begins with turnkey_here(n); positions know what was put in.
type cover struct {
	built    *built
	files    map[string]string
	mask     []byte // the script with the insides of literals blanked, to count parentheses
	list     []branch
	inserted insertions
	order    []int // of the insertions: see put
}

// branch is one place with one or two ways.
type branch struct {
	at    place
	taken [2]bool
	ways  int
}

// The functions that the counters call.
const (
	nameHere  = "turnkey_here"
	nameWay   = "turnkey_way"
	nameEmpty = "turnkey_nullish"
	nameValue = "turnkey_value"
)

// instrument puts counters into a script, and parses it anew. If that fails, the script stays as it was and
// nothing is counted: tests must never fail because they are counted.
func instrument(b *built, files map[string]string) *cover {
	c := &cover{built: b, files: files, mask: []byte(b.code)}
	walk(b.tree, func(n ast.Node) bool { c.blank(n); return true })
	walk(b.tree, func(n ast.Node) bool { c.node(n); return true })
	c.sort()
	code := c.inserted.apply(b.code)
	tree, err := parse(code)
	if err != nil {
		b.findings = append(b.findings, hook.Diagnostic{Severity: hook.SeverityWarning, Message: "The branches that the tests take could not be counted."})
		return &cover{}
	}
	b.code, b.tree = code, tree
	return c
}

func (c *cover) offset(i file.Idx) int { return int(i) - c.built.tree.File.Base() }

// blank hides what is no code.
func (c *cover) blank(n ast.Node) {
	var from, n1 int
	switch n := n.(type) {
	case *ast.StringLiteral:
		from, n1 = c.offset(n.Idx), len(n.Literal)
	case *ast.RegExpLiteral:
		from, n1 = c.offset(n.Idx), len(n.Literal)
	case *ast.TemplateElement:
		from, n1 = c.offset(n.Idx)-1, len(n.Literal) // the parser is a character ahead
	default:
		return
	}
	for i := max(from, 0); i < min(from+n1, len(c.mask)); i++ {
		c.mask[i] = '_'
	}
}

// node finds the branches that a node makes.
func (c *cover) node(n ast.Node) {
	switch n := n.(type) {
	case *ast.FunctionLiteral:
		c.block(n.Function, n.Body.LeftBrace, n.Body.LeftBrace)
	case *ast.ArrowFunctionLiteral:
		switch body := n.Body.(type) {
		case *ast.BlockStatement:
			c.block(n.Start, body.LeftBrace, body.LeftBrace)
		case *ast.ExpressionBody:
			c.wrap(n.Start, body.Expression, nameValue, 1)
		}
	case *ast.IfStatement:
		c.choice(n.Test, nameWay)
	case *ast.ConditionalExpression:
		c.choice(n.Test, nameWay)
	case *ast.BinaryExpression:
		switch n.Operator {
		case token.LOGICAL_AND:
			c.choice(n.Left, nameWay)
		case token.LOGICAL_OR:
			if o, ok := n.Right.(*ast.ObjectLiteral); !ok || len(o.Value) > 0 { // an enum's X || {}
				c.choice(n.Left, nameWay)
			}
		case token.COALESCE:
			c.choice(n.Left, nameEmpty)
		}
	case *ast.CaseStatement:
		c.clause(n)
	case *ast.CatchStatement:
		if list := n.Body.List; len(list) > 0 { // the word catch has no place of its own in the map
			c.block(list[0].Idx0(), list[0].Idx1(), n.Body.LeftBrace)
		}
	}
}

// rewritten are the words at which the map places what esbuild makes of loops over promises, enums and the like.
var rewritten = []string{"for", "enum", "export enum", "const enum", "export const enum", "namespace", "export namespace", "using", "await using"}

// choice counts both ways of a condition.
func (c *cover) choice(condition ast.Expression, name string) {
	at := c.start(condition)
	if p, ok := c.where(at, c.end(condition)); ok && !c.rewritten(p) {
		c.wrap(at, condition, name, 2)
	}
}

// rewritten tells whether esbuild made the code at a place out of something that is no branch.
func (c *cover) rewritten(p place) bool {
	source := c.sourceAt(p)
	return slices.ContainsFunc(rewritten, func(word string) bool {
		return strings.HasPrefix(source, word+" ") || strings.HasPrefix(source, word+"(")
	})
}

// wrap puts an expression into a call: name(n, expression).
func (c *cover) wrap(at file.Idx, e ast.Expression, name string, ways int) {
	p, ok := c.where(at, c.end(e))
	if !ok {
		return
	}
	if s, is := e.(*ast.SequenceExpression); is {
		e = s.Sequence[len(s.Sequence)-1]
	}
	from, to := c.balance(c.offset(c.start(e)), c.offset(c.end(e)))
	id := c.add(p, ways)
	c.put(from, name+"("+strconv.Itoa(id)+",", id)
	c.put(to, ")", -id-1)
}

// block counts that the code after a brace is reached; from and to are what names its place.
func (c *cover) block(from, to, brace file.Idx) {
	if p, ok := c.where(from, to); ok && !c.rewritten(p) {
		id := c.add(p, 1)
		c.put(c.offset(brace)+1, nameHere+"("+strconv.Itoa(id)+");", id)
	}
}

// clause counts a case that has statements of its own.
func (c *cover) clause(n *ast.CaseStatement) {
	if len(n.Consequent) == 0 {
		return
	}
	p, ok := c.where(n.Case, n.Consequent[0].Idx1())
	if !ok {
		return
	}
	from := c.offset(n.Case)
	if n.Test != nil {
		_, from = c.balance(c.offset(c.start(n.Test)), c.offset(c.end(n.Test)))
	}
	colon := slices.Index(c.mask[from:], ':')
	if colon >= 0 {
		id := c.add(p, 1)
		c.put(from+colon+1, nameHere+"("+strconv.Itoa(id)+");", id)
	}
}

// where finds the user's line of a node: that of the first thing in its range, on its first line, that has one.
// Helpers that esbuild adds have none.
func (c *cover) where(from, to file.Idx) (place, bool) {
	p := c.built.tree.File.Position(c.offset(from))
	before, known := c.built.positions.source(p.Line-1, 1<<30) // what a line without places of its own falls back to
	for i := range min(int(to-from), maxProbe) {
		if c.built.code[c.offset(from)+i] == '\n' {
			break
		}
		at, ok := c.built.positions.source(p.Line, p.Column+i)
		if !ok || known && before == at {
			continue
		}
		_, ours := c.files[at.file]
		return at, ours && !hook.IsTest(at.file) && !strings.HasSuffix(at.file, ".json")
	}
	return place{}, false
}

// maxProbe is how far into a line a place is looked for.
const maxProbe = 200

// sourceAt is the user's text at a place.
func (c *cover) sourceAt(p place) string {
	lines := strings.Split(c.files[p.file], "\n")
	if p.line > len(lines) {
		return ""
	}
	line := lines[p.line-1]
	return line[min(p.column-1, len(line)):]
}

func (c *cover) add(p place, ways int) int {
	c.list = append(c.list, branch{at: p, ways: ways})
	return len(c.list) - 1
}

// install gives a VM the functions that the counters call.
func (c *cover) install(vm *goja.Runtime) error {
	take := func(v goja.Value, way int) {
		if id := int(v.ToInteger()); id >= 0 && id < len(c.list) {
			c.list[id].taken[way] = true
		}
	}
	way := func(is func(goja.Value) bool) func(goja.FunctionCall) goja.Value {
		return func(f goja.FunctionCall) goja.Value {
			if v := f.Argument(1); is(v) {
				take(f.Argument(0), 0)
			} else {
				take(f.Argument(0), 1)
			}
			return f.Argument(1)
		}
	}
	for name, f := range map[string]func(goja.FunctionCall) goja.Value{
		nameHere:  func(f goja.FunctionCall) goja.Value { take(f.Argument(0), 0); return goja.Undefined() },
		nameValue: func(f goja.FunctionCall) goja.Value { take(f.Argument(0), 0); return f.Argument(1) },
		nameWay:   way(func(v goja.Value) bool { return v.ToBoolean() }), // of an object this runs no code
		nameEmpty: way(func(v goja.Value) bool { return !goja.IsUndefined(v) && !goja.IsNull(v) }),
	} {
		if err := vm.Set(name, f); err != nil {
			return err
		}
	}
	return nil
}

// report sums up by file.
func (c *cover) report() []hook.Coverage {
	byFile := map[string]*hook.Coverage{}
	var names []string
	for i := range c.list {
		b := &c.list[i]
		r := byFile[b.at.file]
		if r == nil {
			r = &hook.Coverage{File: b.at.file}
			byFile[b.at.file] = r
			names = append(names, b.at.file)
		}
		for _, taken := range b.taken[:b.ways] {
			r.Total++
			if taken {
				r.Taken++
			} else {
				r.Missed = append(r.Missed, b.at.line)
			}
		}
	}
	slices.Sort(names)
	out := make([]hook.Coverage, 0, len(names))
	for _, name := range names {
		r := byFile[name]
		slices.Sort(r.Missed)
		r.Missed = slices.Compact(r.Missed)
		out = append(out, *r)
	}
	return out
}
