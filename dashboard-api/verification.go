package dashboardapi

import "context"

type verifyInput struct {
	Body struct {
		Token string `json:"token" maxLength:"200" writeOnly:"true" doc:"From the mailed link"`
	}
}

type verifyOutput struct {
	Body struct {
		Email string `json:"email" doc:"The address that is verified now"`
	}
}

func (a *api) verify(ctx context.Context, in *verifyInput) (*verifyOutput, error) {
	if err := a.limits.loginAddress.take(ctx, addressKey(requestOf(ctx).ip), a.cfg.Now()); err != nil {
		return nil, err
	}
	u, err := a.cfg.Plane.Accounts.Verify(ctx, actorOf(ctx), in.Body.Token)
	out := &verifyOutput{}
	out.Body.Email = u.Email
	return out, err
}

func (a *api) resendVerification(ctx context.Context, _ *struct{}) (*struct{}, error) {
	return nil, a.cfg.Plane.Accounts.ResendVerification(ctx, actorOf(ctx))
}
