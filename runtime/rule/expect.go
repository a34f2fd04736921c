package rule

import (
	"slices"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"

	"turnkey/runtime/value"
)

// Most rules about an update say whose row it must be, and which fields may not change. Those can be held
// against the stored row by the database itself, as a condition of the write; then the row need not be
// read before. Whatever a rule says beyond that needs the row.

// Expectation is what a field of the stored row must be, byte for byte, in its client-friendly form.
type Expectation struct {
	Field string // top-level, the source's name
	Value string
}

// term is one part of a rule whose parts must all hold.
type term struct {
	row   string // "old" or "new": a field of it equals something; "": a field is not in changed
	field string
	// What it equals: text, the user's id, or a claim of theirs.
	text  string
	id    bool
	claim string
}

// terms takes a rule apart; ok is false when it says more than terms can.
func terms(e ast.Expr, out []term) (_ []term, ok bool) {
	switch e.Kind() {
	case ast.LiteralKind:
		return out, e.AsLiteral() == types.True
	case ast.CallKind:
	default:
		return nil, false
	}
	call := e.AsCall()
	switch args := call.Args(); call.FunctionName() {
	case operators.LogicalAnd:
		for _, part := range args {
			if out, ok = terms(part, out); !ok {
				return nil, false
			}
		}
		return out, true
	case operators.Equals:
		t, ok := equality(args[0], args[1])
		if !ok {
			t, ok = equality(args[1], args[0])
		}
		return append(out, t), ok
	case operators.LogicalNot:
		if args[0].Kind() != ast.CallKind || args[0].AsCall().FunctionName() != operators.In {
			return nil, false
		}
		in := args[0].AsCall().Args()
		name, is := literal(in[0])
		return append(out, term{field: name}), is && in[1].Kind() == ast.IdentKind && in[1].AsIdent() == "changed"
	}
	return nil, false
}

// equality reads old.field == something.
func equality(row, other ast.Expr) (t term, ok bool) {
	if t.row, t.field, ok = member(row); !ok || t.row != "old" && t.row != "new" {
		return t, false
	}
	if t.text, ok = literal(other); ok {
		return t, true
	}
	of, name, ok := member(other)
	if ok && of == "user" {
		t.id = name == "id"
		return t, t.id
	}
	if other.Kind() != ast.SelectKind || other.AsSelect().IsTestOnly() {
		return t, false
	}
	of, name, ok = member(other.AsSelect().Operand())
	t.claim = other.AsSelect().FieldName()
	return t, ok && of == "user" && name == "claims"
}

// member reads variable.field.
func member(e ast.Expr) (variable, field string, ok bool) {
	if e.Kind() != ast.SelectKind || e.AsSelect().IsTestOnly() || e.AsSelect().Operand().Kind() != ast.IdentKind {
		return "", "", false
	}
	return e.AsSelect().Operand().AsIdent(), e.AsSelect().FieldName(), true
}

func literal(e ast.Expr) (string, bool) {
	if e.Kind() != ast.LiteralKind {
		return "", false
	}
	text, ok := e.AsLiteral().(types.String)
	return string(text), ok
}

// Expect tells what the stored row must be for the rule to allow an update of it that sets the members of
// sent and may change those named, whether or not it does. ok is false when the rule has to see the row,
// or would refuse: only Allows can tell.
func (r *Rule) Expect(u User, sent *value.Object, changed []string) (list []Expectation, ok bool) {
	if !r.plain {
		return nil, false
	}
	for i := range r.terms {
		t := &r.terms[i]
		if t.row == "" {
			if slices.Contains(changed, t.field) {
				return nil, false
			}
			continue
		}
		want, is := t.wanted(u)
		if !is {
			return nil, false
		}
		if v, set := sent.Get(t.field); set && t.row == "new" {
			if toCEL(v) != types.String(want) {
				return nil, false
			}
			continue
		}
		list = append(list, Expectation{t.field, want})
	}
	return list, true
}

func (t *term) wanted(u User) (string, bool) {
	switch {
	case t.id:
		return u.ID, true
	case t.claim != "":
		text, ok := u.Claims[t.claim].(string)
		return text, ok
	}
	return t.text, true
}
