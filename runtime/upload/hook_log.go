package upload

import (
	"encoding/json"

	"turnkey/runtime/hook"
)

// hookLine is a line that users' code has logged.
type hookLine struct {
	operation int // -1: the transaction
	table     string
	log       hook.Log
}

// hookTally counts the calls of one function of one file by what they came to.
type hookTally struct {
	table    string
	function hook.Function
	result   hook.Result
	calls    int
	micros   int64
}

// heard notes what a call logged and came to. It counts if the attempt does.
func (a *attempt) heard(of *asked, o *hook.Outcome) {
	h := a.hooks
	for _, l := range o.Logs {
		h.lines = append(h.lines, hookLine{of.operation, of.call.Name, l})
	}
	for i := range h.tallies {
		if t := &h.tallies[i]; t.table == of.call.Name && t.function == of.call.Function && t.result == o.Result {
			t.calls++
			t.micros += o.Usage.DurationUS
			return
		}
	}
	h.tallies = append(h.tallies, hookTally{of.call.Name, of.call.Function, o.Result, 1, o.Usage.DurationUS})
}

// hookUser is who writes, as ctx.user.
func (a *attempt) hookUser() *hook.User {
	if a.seen == nil {
		a.seen = &hook.User{ID: a.user.ID, Provider: a.user.Provider}
		if claims, err := json.Marshal(a.user.Claims); err == nil && a.user.Claims != nil { // they came from JSON
			a.seen.Claims = claims
		}
	}
	return a.seen
}
