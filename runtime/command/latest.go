package command

import (
	"context"

	"turnkey/runtime/bundle"
	"turnkey/runtime/rehearsal"
)

// LatestList answers the last transactions that devices of a development instance sent to this runtime:
// []rehearsal.Latest, the newest first. Every runtime has its own.
const LatestList Name = "latest_list"

// ForLatest is the command about them; list gives those of one instance.
func ForLatest(list func(instance string) []rehearsal.Latest) map[Name]Do {
	return map[Name]Do{
		LatestList: func(_ context.Context, c Command, _ *bundle.Bundle) (any, error) {
			if out := list(c.Instance); out != nil {
				return out, nil
			}
			return []rehearsal.Latest{}, nil
		},
	}
}
