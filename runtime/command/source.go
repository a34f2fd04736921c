package command

import (
	"context"
	"maps"
	"slices"

	"turnkey/internal/fault"
	"turnkey/runtime/bundle"
	"turnkey/runtime/source"
)

// Prepared is the answer to Prepare.
type Prepared struct {
	Mode     source.Mode    `json:"mode"` // what the source guarantees
	Warnings []fault.Detail `json:"warnings,omitempty"`
}

// unwritable are the tables of a configuration whose writes would wait: they do not exist, or have not the key that it
// says. A warning, as they may be made at any moment.
func unwritable(ctx context.Context, b *bundle.Bundle, s source.Source) (out []fault.Detail) {
	for _, name := range slices.Sorted(maps.Keys(b.Config.Tables)) {
		t := b.Config.Tables[name]
		_, err := s.Columns(ctx, &source.Table{Name: name, Collection: t.Collection, Key: t.Key, ID: t.ID})
		if f := source.FailureOf(err); f != nil && f.Class == source.Misconfigured {
			out = append(out, fault.Detail{Path: "tables." + name, Code: f.Code, Message: f.Message + " Its writes wait on their devices until that is put right.", Hint: f.Hint})
		}
	}
	return out
}

// ForSources are the commands that open a candidate's source. open is how the runtime opens sources.
func ForSources(open func(context.Context, *bundle.Bundle) (source.Source, error)) map[Name]Do {
	with := func(do func(context.Context, *bundle.Bundle, source.Source) (any, error)) Do {
		return func(ctx context.Context, _ Command, b *bundle.Bundle) (result any, err error) {
			if b == nil {
				return nil, errNoBundle
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
			result, err = do(ctx, b, src)
			return result, sourceFault(err)
		}
	}
	return map[Name]Do{
		SourceTest:    with(func(ctx context.Context, _ *bundle.Bundle, s source.Source) (any, error) { return s.Test(ctx) }),
		SourceInspect: with(func(ctx context.Context, _ *bundle.Bundle, s source.Source) (any, error) { return s.Inspect(ctx) }),
		Prepare: with(func(ctx context.Context, b *bundle.Bundle, s source.Source) (any, error) {
			if err := s.Prepare(ctx); err != nil {
				return nil, err
			}
			return Prepared{Mode: s.Mode(), Warnings: unwritable(ctx, b, s)}, nil
		}),
	}
}

// sourceFault tells the developer what the source said. Conflict for what they can set right, so that
// it does not look like our outage; the driver's own text stays in the runtime's log.
func sourceFault(err error) error {
	if err == nil {
		return nil
	}
	if f := fault.Of(err); f.Code != "internal" {
		return err
	}
	f := source.FailureOf(err)
	kind := fault.Unavailable
	if f.Class == source.Misconfigured || f.Class == source.Refused {
		kind = fault.Conflict
	}
	return fault.Wrap(f, kind, f.Code, f.Message).WithHint(f.Hint)
}
