package conflict

import (
	"turnkey/runtime/bundle"
	"turnkey/runtime/value"
)

// The codes of refusals; uploads answer them as they are.
const (
	CodeConflict        = "CONFLICT"
	CodeRecorded        = "CONFLICT_RECORDED"
	CodeCounterOverflow = "COUNTER_OVERFLOW"
	CodeImmutableField  = "IMMUTABLE_FIELD"
	CodeTransition      = "TRANSITION_NOT_ALLOWED"
)

// Outcome classifies how a conflict ended, whoever decided. Empty: there was nothing to decide.
type Outcome string

// The outcomes.
const (
	TookClient Outcome = "client"
	KeptServer Outcome = "server"
	Merged     Outcome = "merged"
	Rejected   Outcome = "rejected"
	Recorded   Outcome = "recorded"
)

// Policy is a table's: what its rows do when writes meet.
type Policy struct {
	OnConflict bundle.OnConflict
	Deletes    bundle.Deletes
}

// Field is what a policy must know of one client column.
type Field struct {
	Name  string // the client's; what {version: name} and {timestamp: name} mean
	Merge bundle.Merge
	// Type is the declared type, which the result of a counter has; empty: the values tell.
	Type bundle.TypeName
	// Within is the declared type of a list or an object in which decimals, dates or ids are declared; nil: none are. Where it is
	// stored as JSON those are texts, and several texts say the same.
	Within *bundle.Type
}

// Change is one column of an update: the three values that a policy weighs. Client and Base have
// been typed against Server, so that what stands for the stored value is the stored value.
type Change struct {
	Field  *Field
	Server value.Value // what is stored; nil when null or absent
	Client value.Value
	// Base is what the device saw before its write; HasBase tells null from unknown. A base that
	// cannot be typed any more (the column's type has changed since) is given as the client sent it:
	// it differs from everything.
	Base    value.Value
	HasBase bool
	// Own: this client's previous operation left the stored value there, so it is no conflict.
	Own bool
	// Missing: nothing is stored, not even null, so that writing null is a change.
	Missing bool
	// Absent: the operation has no such column; it is here because the table's policy reads it.
	Absent bool
}

// Resolved is a policy's decision about one Change.
type Resolved struct {
	// Value to store. When Changed is false it is Server, and there is nothing to write.
	Value   value.Value
	Changed bool
	Outcome Outcome
	// NoBase: the policy needs a base and had none, so the client's value was taken as it is.
	NoBase bool
	// Hook: the field's policy is a hook; Value is the client's until resolveConflict has decided.
	Hook bool
}

// Decision about one operation.
type Decision struct {
	// Fields has one entry for each change, in the same order; nil when Refused is set.
	Fields []Resolved
	// Conflicts are the indexes of the changes that conflict, also when the operation is refused.
	Conflicts []int
	// Refused refuses the client's transaction.
	Refused *Refusal
	// Hook: resolveConflict decides. Fields is what last_write would store.
	Hook bool
}

// Refusal says why a write may not be. Its texts name columns and types, never values, and are safe to show.
type Refusal struct {
	Code    string
	Field   string // the client's column; empty: the row
	Message string
	Hint    string
}

// diverged: somebody changed the stored value since the device saw it.
func (c *Change) diverged() bool { return c.HasBase && !c.same(c.Base, c.Server) }

// Diverged reports that somebody changed the stored value since the device saw it.
func (c *Change) Diverged() bool { return c.diverged() }

// edited: the device changed the value. Without a base, sending it says so.
func (c *Change) edited() bool { return !c.Absent && (!c.HasBase || !c.same(c.Base, c.Client)) }

// conflicts is the definition: the base differs from the stored value, and so does what the device
// made of it. A column that the device sent unchanged is no change of the device's.
func (c *Change) conflicts() bool {
	return !c.Own && c.edited() && c.diverged() && !c.same(c.Client, c.Server)
}

// take stores v and classifies it.
func (c *Change) take(v value.Value, decided bool) Resolved {
	r := Resolved{Value: v, Changed: c.Missing || !value.Equal(v, c.Server)}
	if !r.Changed {
		r.Value = c.Server
	}
	if !decided {
		return r
	}
	switch {
	case c.same(v, c.Client):
		r.Outcome = TookClient
	case c.same(v, c.Server):
		r.Outcome = KeptServer
	default:
		r.Outcome = Merged
	}
	return r
}

// keep leaves what is stored.
func (c *Change) keep(decided bool) Resolved {
	r := Resolved{Value: c.Server}
	if decided {
		r.Outcome = KeptServer
	}
	return r
}
