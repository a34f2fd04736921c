package command

import (
	"context"
	"encoding/json"
	"fmt"

	"turnkey/runtime/bundle"
	"turnkey/runtime/rehearsal"
)

// The commands about the candidate that runs beside an instance's deployment. Every runtime has its own.
const (
	// ShadowStart takes a rehearsal.ShadowOrder and the candidate; it takes the place of the one before.
	ShadowStart Name = "shadow_start"
	// ShadowGet answers a rehearsal.ShadowState.
	ShadowGet Name = "shadow_get"
	// ShadowStop ends it, and answers the rehearsal.ShadowState that it came to.
	ShadowStop Name = "shadow_stop"
)

// Shadows are a runtime's.
type Shadows interface {
	Start(ctx context.Context, b *bundle.Bundle, o rehearsal.ShadowOrder) error
	State(instance string) rehearsal.ShadowState
	Stop(instance string) rehearsal.ShadowState
}

// ForShadows are the commands that work on shadows.
func ForShadows(s Shadows) map[Name]Do {
	return map[Name]Do{
		ShadowStart: func(ctx context.Context, c Command, b *bundle.Bundle) (any, error) {
			if b == nil {
				return nil, errNoBundle
			}
			var o rehearsal.ShadowOrder
			if err := json.Unmarshal(c.Argument, &o); err != nil {
				return nil, fmt.Errorf("reading the order of a shadow: %w", err)
			}
			return struct{}{}, sourceFault(s.Start(ctx, b, o))
		},
		ShadowGet:  func(_ context.Context, c Command, _ *bundle.Bundle) (any, error) { return s.State(c.Instance), nil },
		ShadowStop: func(_ context.Context, c Command, _ *bundle.Bundle) (any, error) { return s.Stop(c.Instance), nil },
	}
}
