package rule

import (
	"fmt"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
	"cel.dev/cel-go/ext"

	"turnkey/internal/fault"
)

// Claim is a compiled expression over a verified token's claims. Safe for concurrent use.
type Claim struct {
	program program
}

// CompileClaim checks and compiles an expression over the variable claims. The error is a fault of
// kind Invalid with CEL's message and position.
func CompileClaim(expr string) (*Claim, error) {
	env, err := cel.NewEnv(append(limits(),
		cel.Variable("claims", cel.MapType(cel.StringType, cel.DynType)),
		cel.CrossTypeNumericComparisons(true), ext.Strings(), ext.Sets(), cel.OptionalTypes(),
	)...)
	if err != nil {
		return nil, fault.Wrap(err, fault.Internal, "rule_environment", "The rule engine could not be set up.")
	}
	_, program, err := compile(env, expr)
	if err != nil {
		return nil, err
	}
	return &Claim{program: program}, nil
}

// Eval runs the expression and gives JSON-like Go values: nil, bool, int64, float64, string, []any,
// map[string]any. Instants become RFC 3339 text.
func (c *Claim) Eval(claims map[string]any) (any, error) {
	out, err := c.program.run(map[string]any{"claims": claimsToCEL(claims)})
	if err != nil {
		return nil, fmt.Errorf("evaluating the expression: %w", err)
	}
	return fromCEL(out)
}

func fromCEL(v ref.Val) (any, error) {
	switch v := v.(type) {
	case types.Null:
		return nil, nil
	case types.Bool:
		return bool(v), nil
	case types.Int:
		return int64(v), nil
	case types.Uint:
		return int64(v), nil
	case types.Double:
		return float64(v), nil
	case types.String:
		return string(v), nil
	case types.Timestamp:
		return v.Time.UTC().Format(time.RFC3339Nano), nil
	case *types.Optional:
		if !v.HasValue() {
			return nil, nil
		}
		return fromCEL(v.GetValue())
	case traits.Lister:
		var list []any
		for it := v.Iterator(); it.HasNext() == types.True; {
			e, err := fromCEL(it.Next())
			if err != nil {
				return nil, err
			}
			list = append(list, e)
		}
		return list, nil
	case traits.Mapper:
		m := map[string]any{}
		for it := v.Iterator(); it.HasNext() == types.True; {
			k := it.Next()
			name, ok := k.(types.String)
			if !ok {
				return nil, fmt.Errorf("a map with keys of type %s", k.Type().TypeName())
			}
			e, err := fromCEL(v.Get(k))
			if err != nil {
				return nil, err
			}
			m[string(name)] = e
		}
		return m, nil
	}
	return nil, fmt.Errorf("a value of type %s", v.Type().TypeName())
}
