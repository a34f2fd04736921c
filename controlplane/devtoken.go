package controlplane

import (
	"context"
	"time"

	"turnkey/internal/fault"
	"turnkey/runtime/token"
)

// DevTokens mints tokens for developers at work. The control plane does it itself, with the opened key,
// the same code as runtimes and the same conditions: it works while no runtime does, and needs no
// command that could mint tokens over the network.
type DevTokens struct{ *core }

// Mint gives a token for any user of a development instance that allows it.
func (s *DevTokens) Mint(ctx context.Context, actor Actor, instance, userID string) (answer *token.Answer, err error) {
	err = s.change(ctx, actor, func(tx Tx) (Event, error) {
		i, err := tx.GetInstance(ctx, instance)
		if err != nil {
			return Event{}, err
		}
		if i.Deployment == 0 {
			return Event{}, fault.New(fault.Conflict, "not_deployed", "The instance has no deployment, so it gives no tokens.").
				WithHint("Deploy a configuration with auth.development_tokens: true.")
		}
		b, err := s.build(ctx, tx, i)
		if err != nil {
			return Event{}, err
		}
		authority, err := token.New(b, token.Deps{Now: func() time.Time { return s.now() }})
		if err != nil {
			return Event{}, err
		}
		if answer, err = authority.Exchange(ctx, token.Request{UserID: userID}); err != nil {
			return Event{}, forCaller(err)
		}
		return Event{Kind: DevTokenCreated, Organization: i.Organization, Target: instance, Changes: Changes{"user_id": {To: userID}}}, nil
	})
	return answer, err
}

// forCaller keeps a refusal of the token service from looking as if the caller's own session had ended.
func forCaller(err error) error {
	if f := fault.Of(err); f.Kind == fault.Unauthenticated || f.Kind == fault.Forbidden {
		c := *f
		c.Kind = fault.Conflict
		return &c
	}
	return err
}
