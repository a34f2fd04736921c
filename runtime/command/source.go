package command

import (
	"context"

	"turnkey/internal/fault"
	"turnkey/runtime/bundle"
	"turnkey/runtime/source"
)

// ForSources are the commands that open a candidate's source. open is how the runtime opens sources.
func ForSources(open func(context.Context, *bundle.Bundle) (source.Source, error)) map[Name]Do {
	with := func(do func(context.Context, source.Source) (any, error)) Do {
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
			result, err = do(ctx, src)
			return result, sourceFault(err)
		}
	}
	return map[Name]Do{
		SourceTest:    with(func(ctx context.Context, s source.Source) (any, error) { return s.Test(ctx) }),
		SourceInspect: with(func(ctx context.Context, s source.Source) (any, error) { return s.Inspect(ctx) }),
		Prepare:       with(func(ctx context.Context, s source.Source) (any, error) { return struct{}{}, s.Prepare(ctx) }),
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
