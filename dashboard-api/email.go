package dashboardapi

import "context"

type askForEmailInput struct {
	Body struct {
		Email string `json:"email" maxLength:"254" doc:"The address that you want"`
		ProofFields
	}
}

func (a *api) askForEmail(ctx context.Context, in *askForEmailInput) (*struct{}, error) {
	actor := actorOf(ctx)
	if err := a.throttle(ctx, actor.Email); err != nil {
		return nil, err
	}
	return nil, a.cfg.Plane.Accounts.AskForEmail(ctx, actor, in.Body.Email, in.Body.proof())
}

func (a *api) confirmEmail(ctx context.Context, in *verifyInput) (*verifyOutput, error) {
	if err := a.limits.loginAddress.take(ctx, addressKey(requestOf(ctx).ip), a.cfg.Now()); err != nil {
		return nil, err
	}
	u, err := a.cfg.Plane.Accounts.ConfirmEmail(ctx, actorOf(ctx), in.Body.Token)
	out := &verifyOutput{}
	out.Body.Email = u.Email
	return out, err
}
