package dashboardapi

import (
	"context"
	"time"

	"turnkey/internal/fault"
	"turnkey/internal/redact"
)

type totpOutput struct {
	Body struct {
		Enabled       bool       `json:"enabled" doc:"Signing in with the password asks for a code"`
		ConfirmedAt   *time.Time `json:"confirmed_at"`
		RecoveryCodes int        `json:"recovery_codes" doc:"How many are left"`
	}
}

func (a *api) getTOTP(ctx context.Context, _ *struct{}) (*totpOutput, error) {
	t, err := a.cfg.Plane.Accounts.TOTP(ctx, actorOf(ctx))
	if err != nil && !fault.IsKind(err, fault.NotFound) {
		return nil, err
	}
	out := &totpOutput{}
	out.Body.Enabled, out.Body.ConfirmedAt, out.Body.RecoveryCodes = t.Enabled(), t.ConfirmedAt, t.RecoveryCodes
	return out, nil
}

type beginTOTPInput struct {
	Body struct {
		Password string `json:"password,omitempty" maxLength:"256" writeOnly:"true" doc:"Yours; only an account without one leaves it out"`
	}
}

type beginTOTPOutput struct {
	Body struct {
		Secret string `json:"secret" doc:"To type into the app; shown once"`
		URI    string `json:"uri" doc:"The same, to show as a QR code"`
	}
}

func (a *api) beginTOTP(ctx context.Context, in *beginTOTPInput) (*beginTOTPOutput, error) {
	actor := actorOf(ctx)
	if err := a.throttle(ctx, actor.Email); err != nil {
		return nil, err
	}
	secret, uri, err := a.cfg.Plane.Accounts.BeginTOTP(ctx, actor, redact.New(in.Body.Password))
	out := &beginTOTPOutput{}
	out.Body.Secret, out.Body.URI = secret.Reveal(), uri.Reveal()
	return out, err
}

type confirmTOTPInput struct {
	Body struct {
		Code string `json:"code" minLength:"1" maxLength:"40" writeOnly:"true" doc:"The app's code of now"`
	}
}

type recoveryCodesOutput struct {
	Body struct {
		RecoveryCodes []string `json:"recovery_codes" nullable:"false" doc:"Each signs you in once without the app; shown once"`
	}
}

func shapeCodes(codes []redact.Secret) *recoveryCodesOutput {
	out := &recoveryCodesOutput{}
	for _, c := range codes {
		out.Body.RecoveryCodes = append(out.Body.RecoveryCodes, c.Reveal())
	}
	return out
}

func (a *api) enableTOTP(ctx context.Context, in *confirmTOTPInput) (*recoveryCodesOutput, error) {
	actor := actorOf(ctx)
	if err := a.throttle(ctx, actor.Email); err != nil {
		return nil, err
	}
	codes, err := a.cfg.Plane.Accounts.EnableTOTP(ctx, actor, in.Body.Code)
	return shapeCodes(codes), err
}

func (a *api) removeTOTP(ctx context.Context, in *proofInput) (*struct{}, error) {
	actor := actorOf(ctx)
	if err := a.throttle(ctx, actor.Email); err != nil {
		return nil, err
	}
	return nil, a.cfg.Plane.Accounts.RemoveTOTP(ctx, actor, in.Body.proof())
}

func (a *api) renewRecoveryCodes(ctx context.Context, in *proofInput) (*recoveryCodesOutput, error) {
	actor := actorOf(ctx)
	if err := a.throttle(ctx, actor.Email); err != nil {
		return nil, err
	}
	codes, err := a.cfg.Plane.Accounts.RenewRecoveryCodes(ctx, actor, in.Body.proof())
	return shapeCodes(codes), err
}
