package command

import (
	"context"
	"encoding/json"
	"fmt"

	"turnkey/internal/fault"
	"turnkey/runtime/bundle"
	"turnkey/runtime/rehearsal"
	"turnkey/runtime/source"
)

// The commands that try a candidate out on its source. They write nothing.
const (
	// RehearsalRun takes a rehearsal.Order and answers a rehearsal.Verdict.
	RehearsalRun Name = "rehearsal_run"
	// RehearsalReplay takes a rehearsal.ReplayOrder and answers a rehearsal.Part.
	RehearsalReplay Name = "rehearsal_replay"
	// RehearsalCase takes a rehearsal.Order of a recorded case and answers a rehearsal.Case.
	RehearsalCase Name = "rehearsal_case"
)

// Rehearser decides as a candidate would, and writes nothing; *upload.Rehearsal is one.
type Rehearser interface {
	Run(ctx context.Context, o rehearsal.Order) (rehearsal.Verdict, error)
	Replay(ctx context.Context, o rehearsal.ReplayOrder) (rehearsal.Part, error)
	Case(ctx context.Context, o rehearsal.Order) (rehearsal.Case, error)
}

// mostRehearsals is how many a runtime has under way: they are nobody's upload, and wait for each other.
const mostRehearsals = 2

// ForRehearsals are the commands that try a candidate out. open is how the runtime opens sources, rehearse how it
// puts a candidate over one.
func ForRehearsals(open func(context.Context, *bundle.Bundle) (source.Source, error), rehearse func(*bundle.Bundle, source.Source) (Rehearser, error)) map[Name]Do {
	turns := make(chan struct{}, mostRehearsals)
	with := func(do func(context.Context, Rehearser, json.RawMessage) (any, error)) Do {
		return func(ctx context.Context, c Command, b *bundle.Bundle) (result any, err error) {
			if b == nil {
				return nil, errNoBundle
			}
			select {
			case turns <- struct{}{}:
				defer func() { <-turns }()
			case <-ctx.Done():
				return nil, fault.New(fault.Unavailable, "rehearsals_busy", "This runtime is busy with other rehearsals.").WithHint("Try again in a minute.")
			}
			src, err := open(ctx, b)
			if err != nil {
				return nil, sourceFault(err)
			}
			defer func() {
				if closing := src.Close(); closing != nil && err == nil {
					err = sourceFault(closing)
				}
			}()
			r, err := rehearse(b, src)
			if err != nil {
				return nil, err
			}
			return do(ctx, r, c.Argument)
		}
	}
	return map[Name]Do{
		RehearsalRun: with(func(ctx context.Context, r Rehearser, raw json.RawMessage) (any, error) {
			return asked(ctx, raw, r.Run)
		}),
		RehearsalReplay: with(func(ctx context.Context, r Rehearser, raw json.RawMessage) (any, error) {
			return asked(ctx, raw, r.Replay)
		}),
		RehearsalCase: with(func(ctx context.Context, r Rehearser, raw json.RawMessage) (any, error) {
			return asked(ctx, raw, r.Case)
		}),
	}
}

// asked reads an argument and does what it asks for.
func asked[Q, A any](ctx context.Context, raw json.RawMessage, do func(context.Context, Q) (A, error)) (any, error) {
	var q Q
	if err := json.Unmarshal(raw, &q); err != nil {
		return nil, fmt.Errorf("reading the argument of a rehearsal: %w", err)
	}
	return do(ctx, q)
}
