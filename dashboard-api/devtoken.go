package dashboardapi

import (
	"context"

	minted "turnkey/runtime/token"
)

type devTokenInput struct {
	InstancePath
	Body struct {
		UserID string `json:"user_id" minLength:"1" maxLength:"512" doc:"Any user; nobody proves to be them"`
	}
}

type devTokenOutput struct{ Body minted.Answer }

func (a *api) createDevToken(ctx context.Context, in *devTokenInput) (*devTokenOutput, error) {
	answer, err := a.cfg.Plane.DevTokens.Mint(ctx, actorOf(ctx), placeOf(ctx).Instance, in.Body.UserID)
	if err != nil {
		return nil, err
	}
	return &devTokenOutput{*answer}, nil
}
