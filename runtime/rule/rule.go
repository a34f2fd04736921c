// Package rule compiles and runs the CEL expressions of a configuration: who may write a row, which
// claim names a user. It must not know where rows, claims or expressions come from, and decides
// nothing that an expression does not say.
package rule

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/ext"

	"turnkey/internal/fault"
	"turnkey/runtime/value"
)

// maxLength of an expression, in bytes.
const maxLength = 8 << 10

// User is who writes.
type User struct {
	ID       string
	Claims   map[string]any
	Provider string
}

// Input is what a rule sees. Rows are in client-friendly form: ids, UUIDs and decimals are strings,
// dates timestamps, everything else native. Old is nil for a create, New for a delete: null to the
// rule. Changed has the source's names of what differs, nested fields both by top-level name and by
// dotted path.
type Input struct {
	User    User
	Old     *value.Object
	New     *value.Object
	Changed []string
}

// Rule is a compiled rule. Safe for concurrent use.
type Rule struct {
	program  program
	declared map[string]bool
	constant *bool
	usesOld  bool
	usesRow  bool
	terms    []term
	plain    bool // terms say all that the rule says
	// comparisons are what Comparisons lists.
	comparisons []Comparison
}

// Compile checks and compiles a rule. Members of old and new named in declared are null when the row
// lacks them; others are an error when the rule asks for them, which denies. The error is a fault of
// kind Invalid with CEL's message and position.
func Compile(expr string, declared []string) (*Rule, error) {
	env, err := cel.NewEnv(append(limits(),
		cel.Variable("user", cel.MapType(cel.StringType, cel.DynType)),
		cel.Variable("old", cel.MapType(cel.StringType, cel.DynType)),
		cel.Variable("new", cel.MapType(cel.StringType, cel.DynType)),
		cel.Variable("changed", cel.ListType(cel.StringType)),
		cel.CrossTypeNumericComparisons(true), ext.Strings(), ext.Sets(),
	)...)
	if err != nil {
		return nil, fault.Wrap(err, fault.Internal, "rule_environment", "The rule engine could not be set up.")
	}
	checked, program, err := compile(env, expr)
	if err != nil {
		return nil, err
	}
	if out := checked.OutputType(); !out.IsExactType(cel.BoolType) && !out.IsExactType(cel.DynType) {
		return nil, fault.Newf(fault.Invalid, "rule_invalid", "The rule gives %s; it must give true or false.", out)
	}
	r := &Rule{program: program, declared: make(map[string]bool, len(declared))}
	for _, name := range declared {
		r.declared[name] = true
	}
	root := checked.NativeRep().Expr()
	if root.Kind() == ast.LiteralKind {
		if b, ok := root.AsLiteral().(types.Bool); ok {
			constant := bool(b)
			r.constant = &constant
		}
	}
	r.terms, r.plain = terms(root, nil)
	r.comparisons = comparisons(root)
	ast.PreOrderVisit(root, ast.NewExprVisitor(func(e ast.Expr) {
		if e.Kind() != ast.IdentKind {
			return
		}
		r.usesOld = r.usesOld || e.AsIdent() == "old"
		r.usesRow = r.usesRow || e.AsIdent() == "old" || e.AsIdent() == "new" || e.AsIdent() == "changed"
	}))
	return r, nil
}

// compile parses, guards, checks and plans an expression. Expressions that can loop or build values
// get a cost limit; the others are bounded by their own length, and tracking would only slow them.
func compile(env *cel.Env, expr string) (*cel.Ast, program, error) {
	if len(expr) > maxLength {
		return nil, program{}, fault.Newf(fault.Invalid, "rule_invalid", "The expression is longer than %d bytes.", maxLength)
	}
	parsed, issues := env.Parse(expr)
	if issues != nil && issues.Err() != nil {
		return nil, program{}, fault.Wrap(issues.Err(), fault.Invalid, "rule_invalid", explain(issues))
	}
	loops, tracked, err := guard(parsed)
	if err != nil {
		return nil, program{}, err
	}
	checked, issues := env.Check(parsed)
	if issues != nil && issues.Err() != nil {
		return nil, program{}, fault.Wrap(issues.Err(), fault.Invalid, "rule_invalid", explain(issues))
	}
	options := []cel.ProgramOption{cel.EvalOptions(cel.OptOptimize)}
	if tracked {
		options = append(options, cel.CostLimit(costLimit))
	}
	if loops {
		options = append(options, cel.InterruptCheckFrequency(16))
	}
	planned, err := env.Program(checked, options...)
	if err != nil {
		return nil, program{}, fault.Wrap(err, fault.Invalid, "rule_invalid", "The expression cannot be planned: "+err.Error())
	}
	return checked, program{planned, loops}, nil
}

// program is a planned expression; one that loops is stopped at its deadline.
type program struct {
	cel.Program
	loops bool
}

func (p program) run(vars any) (ref.Val, error) {
	if !p.loops {
		out, _, err := p.Eval(vars)
		return out, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), loopTime)
	defer cancel()
	out, _, err := p.ContextEval(ctx, vars)
	return out, err
}

// explain gives CEL's first complaint with its position.
func explain(issues *cel.Issues) string {
	list := issues.Errors()
	if len(list) == 0 {
		return "The expression does not compile."
	}
	e := list[0]
	return fmt.Sprintf("Line %d, column %d: %s.", e.Location.Line(), e.Location.Column()+1, strings.TrimSuffix(e.Message, "."))
}

// Constant reports a rule that is just true or false.
func (r *Rule) Constant() (allow, ok bool) {
	if r.constant == nil {
		return false, false
	}
	return *r.constant, true
}

// UsesOld reports whether the rule looks at the stored row.
func (r *Rule) UsesOld() bool { return r.usesOld }

// Open reports a rule that lets everybody write every row: it does not look at the row, and passes a user of whom
// nothing is known.
func (r *Rule) Open() bool {
	if r.usesRow {
		return false
	}
	allowed, err := r.Allows(Input{User: User{ID: "a user of whom nothing is known"}})
	return err == nil && allowed
}

// errNotBool is a rule that gave something else than true or false.
var errNotBool = errors.New("the rule did not give true or false")

// Allows runs the rule. Any error denies; it is for logs and the developer, not for the device.
func (r *Rule) Allows(in Input) (bool, error) {
	if r.constant != nil {
		return *r.constant, nil
	}
	out, err := r.program.run(&activation{rule: r, in: &in})
	if err != nil {
		return false, fmt.Errorf("evaluating the rule: %w", err)
	}
	allow, ok := out.(types.Bool)
	if !ok {
		return false, errNotBool
	}
	return bool(allow), nil
}

// activation gives CEL the variables as they are asked for.
type activation struct {
	rule     *Rule
	in       *Input
	old, new ref.Val
}

// ResolveName implements cel.Activation.
func (a *activation) ResolveName(name string) (any, bool) {
	switch name {
	case "user":
		return &user{&a.in.User}, true
	case "old":
		return a.row(&a.old, a.in.Old), true
	case "new":
		return a.row(&a.new, a.in.New), true
	case "changed":
		return types.NewStringList(types.DefaultTypeAdapter, a.in.Changed), true
	}
	return nil, false
}

// Parent implements cel.Activation.
func (a *activation) Parent() cel.Activation { return nil }

// row makes the view of a row once, so that what it parses is parsed once.
func (a *activation) row(made *ref.Val, doc *value.Object) ref.Val {
	if *made == nil {
		if *made = types.NullValue; doc != nil {
			*made = &object{doc: doc, declared: a.rule.declared}
		}
	}
	return *made
}
