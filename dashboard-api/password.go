package dashboardapi

import (
	"context"
	"time"

	"turnkey/internal/redact"
)

// forgetFor is how long asking for a reset takes, so that the time does not tell whether there is such an
// account.
const forgetFor = 300 * time.Millisecond

type forgetInput struct {
	Body struct {
		Email string `json:"email" maxLength:"254"`
	}
}

// forgetPassword answers the same for every address.
func (a *api) forgetPassword(ctx context.Context, in *forgetInput) (*struct{}, error) {
	if err := a.throttle(ctx, in.Body.Email); err != nil {
		return nil, err
	}
	enough := time.NewTimer(a.forgetFor)
	defer enough.Stop()
	err := a.cfg.Plane.Accounts.ForgetPassword(ctx, actorOf(ctx), in.Body.Email)
	select {
	case <-enough.C:
	case <-ctx.Done():
	}
	return nil, err
}

type resetInput struct {
	Body struct {
		Token    string `json:"token" maxLength:"200" writeOnly:"true" doc:"From the mailed link"`
		Password string `json:"password" minLength:"10" maxLength:"256" writeOnly:"true"`
	}
}

func (a *api) resetPassword(ctx context.Context, in *resetInput) (*struct{}, error) {
	if err := a.limits.loginAddress.take(ctx, addressKey(requestOf(ctx).ip), a.cfg.Now()); err != nil {
		return nil, err
	}
	return nil, a.cfg.Plane.Accounts.ResetPassword(ctx, actorOf(ctx), in.Body.Token, redact.New(in.Body.Password))
}

type changePasswordInput struct {
	Body struct {
		Password    string `json:"password" maxLength:"256" writeOnly:"true" doc:"The one until now"`
		NewPassword string `json:"new_password" minLength:"10" maxLength:"256" writeOnly:"true"`
	}
}

func (a *api) changePassword(ctx context.Context, in *changePasswordInput) (*struct{}, error) {
	actor := actorOf(ctx)
	if err := a.throttle(ctx, actor.Email); err != nil {
		return nil, err
	}
	return nil, a.cfg.Plane.Accounts.ChangePassword(ctx, actor, redact.New(in.Body.Password), redact.New(in.Body.NewPassword))
}
