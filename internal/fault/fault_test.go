package fault_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"turnkey/internal/fault"
)

func TestOf(t *testing.T) {
	cause := errors.New("dial tcp 10.0.0.1: refused")
	wrapped := fmt.Errorf("opening source: %w", fault.Wrap(cause, fault.Unavailable, "source_down", "The source does not answer."))

	if fault.Of(nil) != nil {
		t.Error("nil must stay nil")
	}
	if got := fault.Of(wrapped); got.Code != "source_down" || !errors.Is(got, cause) {
		t.Errorf("lost the fault inside the chain: %v", got)
	}
	plain := fault.Of(cause)
	if plain.Kind != fault.Internal || strings.Contains(plain.Message, "10.0.0.1") {
		t.Errorf("a plain error must become Internal with a message that hides it: %+v", plain)
	}
}

func TestHintsDoNotShareState(t *testing.T) {
	base := fault.New(fault.Invalid, "bad", "Bad.")
	a := base.WithHint("set A").WithDetails(fault.Detail{Path: "a"})
	b := base.WithHint("100% plain").WithDetails(fault.Detail{Path: "b"})
	if base.Hint != "" || len(base.Details) != 0 {
		t.Error("the base fault changed")
	}
	if a.Hint != "set A" || b.Hint != "100% plain" || a.Details[0].Path != "a" || b.Details[0].Path != "b" {
		t.Errorf("mixed up: %+v %+v", a, b)
	}
}

func TestIs(t *testing.T) {
	err := fmt.Errorf("x: %w", fault.New(fault.NotFound, "no_such_project", "No such project."))
	if !fault.Is(err, "no_such_project") || !fault.IsKind(err, fault.NotFound) || fault.Is(errors.New("x"), "no_such_project") {
		t.Error("Is and IsKind must look through wrapping and ignore other errors")
	}
}

func TestPlaces(t *testing.T) {
	for want, d := range map[string]fault.Detail{
		"tables.todos":       {Path: "tables.todos"},
		"hooks/todos.ts:3":   {Path: "hooks/todos.ts", Line: 3},
		"hooks/todos.ts:3:7": {Path: "hooks/todos.ts", Line: 3, Column: 7},
	} {
		if got := d.Place(); got != want {
			t.Errorf("%+v is at %s, want %s", d, got, want)
		}
	}
}
