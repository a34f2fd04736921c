package rule

import (
	"strings"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"

	"turnkey/internal/fault"
)

// Expressions come from tenants and run in a process that serves others, so none may take much time
// or memory. CEL's cost limit is looked at after each call and knows little of values whose type only
// the row knows. That is too late for calls that multiply their arguments (replace, join, +), search
// them quadratically (indexOf, sets.contains) or run regular expressions over them. The arguments of
// those calls therefore pass through bounded, which fails, and so denies, when one is too large; what
// is left is at most quadratic in something small. Loops also have a deadline, because each round may
// compare large values.
const (
	// costLimit ends an expression that walks lists or builds text for too long, in CEL's own units.
	costLimit = 200_000
	// loopTime is far beyond what an honest loop within costLimit takes on a busy machine.
	loopTime = 2 * time.Second
	// maxArgument is the longest text, in bytes, that the calls above take.
	maxArgument = 4 << 10
	// maxElements is the longest list that they take.
	maxElements = 1_000
	// maxRegex is the largest compiled pattern, in instructions.
	maxRegex = 1_000
)

// cheap calls take time proportional to their arguments at most and make nothing larger than them.
var cheap = map[string]bool{
	operators.Equals: true, operators.NotEquals: true, operators.Less: true, operators.LessEquals: true, operators.Greater: true,
	operators.GreaterEquals: true, operators.LogicalAnd: true, operators.LogicalOr: true, operators.LogicalNot: true,
	operators.NotStrictlyFalse: true, operators.In: true, operators.Index: true, operators.OptIndex: true, operators.OptSelect: true,
	operators.Conditional: true, operators.Negate: true, operators.Subtract: true, operators.Modulo: true,
	"size": true, "startsWith": true, "endsWith": true, "contains": true, "timestamp": true, "duration": true,
	"orValue": true, "hasValue": true, "value": true, "optional.of": true, "optional.none": true,
}

// heavy calls have their arguments bounded.
func heavy(function string) bool {
	switch function {
	case operators.Add, "matches", "charAt", "indexOf", "lastIndexOf", "join", "lowerAscii", "upperAscii", "replace", "reverse", "split", "substring", "trim", "strings.quote":
		return true
	}
	return strings.HasPrefix(function, "sets.")
}

const boundedName = "@bounded"

// limits are the options that both kinds of environment share.
func limits() []cel.EnvOption {
	t := cel.TypeParamType("T")
	return []cel.EnvOption{
		cel.Function(boundedName, cel.Overload("bounded_value", []*cel.Type{t}, t, cel.UnaryBinding(bounded))),
		cel.RegexProgramSizeLimit(maxRegex),
	}
}

// bounded gives its argument, or an error when it is too large for a heavy call.
func bounded(v ref.Val) ref.Val {
	if size(v, maxArgument, maxElements) > maxArgument {
		return types.NewErr("the value is larger than this function takes (%d bytes of text, %d elements)", maxArgument, maxElements)
	}
	return v
}

// size adds up text, and stops adding when it is over most.
func size(v ref.Val, most, elements int) (n int) {
	switch v := v.(type) {
	case types.String:
		return len(v)
	case types.Bytes:
		return len(v)
	case traits.Lister:
		if count, ok := v.Size().(types.Int); !ok || int(count) > elements {
			return most + 1
		}
		for it := v.Iterator(); n <= most && it.HasNext() == types.True; {
			n += size(it.Next(), most-n, elements)
		}
	case traits.Mapper:
		if count, ok := v.Size().(types.Int); !ok || int(count) > elements {
			return most + 1
		}
		for it := v.Iterator(); n <= most && it.HasNext() == types.True; {
			k := it.Next()
			n += size(k, most-n, elements)
			if e, ok := v.Find(k); ok && n <= most {
				n += size(e, most-n, elements)
			}
		}
	}
	return n
}

// guard rewrites a parsed expression so that heavy calls are bounded. loops is whether it needs a
// deadline; tracked is whether CEL must count its cost: it loops, or calls what is not cheap.
func guard(parsed *cel.Ast) (loops, tracked bool, err error) {
	tree := parsed.NativeRep()
	factory, id := ast.NewExprFactory(), ast.MaxID(tree)
	wrap := func(e ast.Expr) ast.Expr {
		if e.Kind() == ast.LiteralKind || e.Kind() == ast.UnspecifiedExprKind {
			return e // written in the expression, so no larger than it
		}
		id++
		return factory.NewCall(id, boundedName, factory.CopyExpr(e))
	}
	ast.PostOrderVisit(tree.Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		loops = loops || e.Kind() == ast.ComprehensionKind
		if e.Kind() != ast.CallKind {
			return
		}
		call := e.AsCall()
		name := call.FunctionName()
		qualified := name
		if call.IsMemberFunction() && call.Target().Kind() == ast.IdentKind {
			qualified = call.Target().AsIdent() + "." + name // a namespace looks like a receiver before checking
		}
		if name == "format" {
			err = fault.New(fault.Invalid, "rule_invalid", "The function format is not available.").WithHint("Put texts together with +.")
		}
		if args := call.Args(); name == "matches" && (len(args) == 0 || args[len(args)-1].Kind() != ast.LiteralKind) {
			err = fault.New(fault.Invalid, "rule_invalid", "The pattern of matches must be written in the expression, as text.")
		}
		tracked = tracked || !cheap[name]
		if !heavy(name) && !heavy(qualified) {
			return
		}
		args := make([]ast.Expr, len(call.Args()))
		for i, a := range call.Args() {
			args[i] = wrap(a)
		}
		switch {
		case !call.IsMemberFunction():
			e.SetKindCase(factory.NewCall(e.ID(), name, args...))
		case heavy(qualified) && !heavy(name): // sets.contains
			e.SetKindCase(factory.NewMemberCall(e.ID(), name, call.Target(), args...))
		default:
			e.SetKindCase(factory.NewMemberCall(e.ID(), name, wrap(call.Target()), args...))
		}
	}))
	return loops, loops || tracked, err
}
