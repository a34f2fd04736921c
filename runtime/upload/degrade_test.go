package upload

import (
	"testing"
	"time"

	"turnkey/runtime/source"
)

// The first thing seen of a trouble is often a connection that ended; what to do about it comes later.
func TestTheHintOfATroubleMayComeLater(t *testing.T) {
	at := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	began := at
	e := &Engine{deps: Deps{Now: func() time.Time { return at }}}
	for _, seen := range []struct{ code, hint, want string }{
		{"source_down", "", ""}, {"source_down", "Look at the server.", "Look at the server."}, {"source_down", "", "Look at the server."},
	} {
		e.degrade(&source.Failure{Code: seen.code, Hint: seen.hint})
		at = at.Add(time.Second)
		if c := e.Degraded(); c.Hint != seen.want || !c.Since.Equal(began) {
			t.Errorf("after %+v: %+v", seen, c)
		}
	}
	e.degrade(&source.Failure{Code: "source_login"})
	if c := e.Degraded(); c.Hint != "" || !c.Since.Equal(at) {
		t.Errorf("another trouble: %+v", c)
	}
}
