package conflict

import "turnkey/runtime/value"

// Guard holds what a field may become, with or without a conflict and whoever decided it.
type Guard struct {
	Immutable bool
	// Transitions lists, for each old value in client form, the values that may follow; nil: any.
	Transitions map[string][]string
}

// Free reports a guard that permits everything.
func (g *Guard) Free() bool { return !g.Immutable && g.Transitions == nil }

// Permits judges a change of the stored value; old is nil when it is null or absent, which any value
// may follow. A value that stays is no change and is not asked about.
func (g *Guard) Permits(column string, old, next value.Value) *Refusal {
	if old == nil {
		return nil
	}
	if g.Immutable {
		return &Refusal{Code: CodeImmutableField, Field: column, Message: "The field cannot be changed once it is set."}
	}
	if g.Transitions == nil {
		return nil
	}
	to := plain(next)
	for _, allowed := range g.Transitions[plain(old)] {
		if allowed == to {
			return nil
		}
	}
	return &Refusal{Code: CodeTransition, Field: column, Message: "The field cannot go from its stored value to this one."}
}

// plain is a value as the configuration spells it among transitions.
func plain(v value.Value) string {
	client := value.ClientForm(v)
	if s, ok := client.(string); ok {
		return s
	}
	return string(value.AppendJSON(nil, client))
}
