package hook

import (
	"slices"
	"strings"
)

// Function names what a hook file's default export may hold.
type Function string

// The functions.
const (
	BeforeWrite       Function = "beforeWrite"
	ResolveConflict   Function = "resolveConflict"
	AfterWrite        Function = "afterWrite"
	AfterCommit       Function = "afterCommit"
	BeforeTransaction Function = "beforeTransaction"
	ResolveUser       Function = "resolveUser"
)

// FunctionsOf gives the functions that a hook file of that name may export; none for an unknown
// name with an underscore.
func FunctionsOf(name string) []Function {
	switch {
	case name == transactionName:
		return []Function{BeforeTransaction}
	case name == authName:
		return []Function{ResolveUser}
	case strings.HasPrefix(name, "_"):
		return nil
	}
	return []Function{BeforeWrite, ResolveConflict, AfterWrite, AfterCommit}
}

// MayFetch tells whether the function runs outside of a database transaction, where waiting for a
// stranger's server holds no locks.
func (f Function) MayFetch() bool { return f == AfterCommit || f == ResolveUser }

// InTransaction tells whether the function runs inside of one, which is what ctx.db works in.
func (f Function) InTransaction() bool { return !f.MayFetch() }

// MayEnqueue tells whether there is data whose commit an outbox row can go with.
func (f Function) MayEnqueue() bool { return f != ResolveUser }

// results lists what a call of the function can come to, besides rejected, failed and absent.
func (f Function) results() []Result {
	switch f {
	case BeforeWrite:
		return []Result{Kept, Changed, Dropped}
	case ResolveConflict:
		return []Result{Client, Server, Values}
	case ResolveUser:
		return []Result{Resolved}
	case AfterWrite, AfterCommit, BeforeTransaction:
		return []Result{Done}
	}
	return nil
}

func (f Function) allows(r Result) bool {
	return r == Rejected || r == Failed || r == Absent || slices.Contains(f.results(), r)
}
