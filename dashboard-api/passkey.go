package dashboardapi

import (
	"context"
	"encoding/json"
	"time"

	"turnkey/controlplane"
	"turnkey/internal/redact"
)

type passkey struct {
	ID         string     `json:"id"`
	Name       string     `json:"name"`
	CreatedAt  time.Time  `json:"created_at"`
	LastUsedAt *time.Time `json:"last_used_at" doc:"null: never"`
}

func shapePasskey(p controlplane.Passkey) passkey {
	return passkey{ID: p.ID, Name: p.Name, CreatedAt: p.CreatedAt, LastUsedAt: p.LastUsedAt}
}

type passkeyOutput struct{ Body passkey }

type passkeysOutput struct {
	Body struct {
		Data []passkey `json:"data" nullable:"false"`
	}
}

func (a *api) listPasskeys(ctx context.Context, _ *struct{}) (*passkeysOutput, error) {
	list, err := a.cfg.Plane.Accounts.Passkeys(ctx, actorOf(ctx))
	if err != nil {
		return nil, err
	}
	out := &passkeysOutput{}
	out.Body.Data = make([]passkey, len(list))
	for i, p := range list {
		out.Body.Data[i] = shapePasskey(p)
	}
	return out, nil
}

type ceremonyOutput struct {
	Body struct {
		Challenge string         `json:"challenge" doc:"Comes back with the answer, within five minutes"`
		Options   map[string]any `json:"options" nullable:"false" doc:"For PublicKeyCredential.parse...OptionsFromJSON"`
	}
}

func shapeCeremony(c controlplane.Ceremony) (*ceremonyOutput, error) {
	out := &ceremonyOutput{}
	out.Body.Challenge = c.Challenge
	return out, json.Unmarshal(c.Options, &out.Body.Options)
}

type beginPasskeyInput struct {
	Body struct {
		Password string `json:"password,omitempty" maxLength:"256" writeOnly:"true" doc:"Yours; only an account without one leaves it out"`
	}
}

func (a *api) beginPasskey(ctx context.Context, in *beginPasskeyInput) (*ceremonyOutput, error) {
	actor := actorOf(ctx)
	if err := a.throttle(ctx, actor.Email); err != nil {
		return nil, err
	}
	c, err := a.cfg.Plane.Accounts.BeginPasskey(ctx, actor, redact.New(in.Body.Password))
	if err != nil {
		return nil, err
	}
	return shapeCeremony(c)
}

type addPasskeyInput struct {
	Body struct {
		Challenge  string         `json:"challenge" maxLength:"200"`
		Name       string         `json:"name" minLength:"1" maxLength:"100"`
		Credential map[string]any `json:"credential" writeOnly:"true" doc:"What the browser made, as toJSON gives it"`
	}
}

func (a *api) addPasskey(ctx context.Context, in *addPasskeyInput) (*passkeyOutput, error) {
	response, err := json.Marshal(in.Body.Credential)
	if err != nil {
		return nil, err
	}
	p, err := a.cfg.Plane.Accounts.AddPasskey(ctx, actorOf(ctx), in.Body.Challenge, in.Body.Name, response)
	if err != nil {
		return nil, err
	}
	return &passkeyOutput{shapePasskey(p)}, nil
}

// PasskeyPath is the path of one of the actor's own passkeys.
type PasskeyPath struct {
	Passkey string `path:"passkey"`
}

type renamePasskeyInput struct {
	PasskeyPath
	Body struct {
		Name string `json:"name" minLength:"1" maxLength:"100"`
	}
}

func (a *api) renamePasskey(ctx context.Context, in *renamePasskeyInput) (*passkeyOutput, error) {
	p, err := a.cfg.Plane.Accounts.RenamePasskey(ctx, actorOf(ctx), in.Passkey, in.Body.Name)
	if err != nil {
		return nil, err
	}
	return &passkeyOutput{shapePasskey(p)}, nil
}

func (a *api) deletePasskey(ctx context.Context, in *PasskeyPath) (*struct{}, error) {
	return nil, a.cfg.Plane.Accounts.DeletePasskey(ctx, actorOf(ctx), in.Passkey)
}

func (a *api) beginPasskeyLogIn(ctx context.Context, _ *struct{}) (*ceremonyOutput, error) {
	if err := a.limits.loginAddress.take(ctx, addressKey(requestOf(ctx).ip), a.cfg.Now()); err != nil {
		return nil, err
	}
	c, err := a.cfg.Plane.Accounts.BeginPasskeyLogIn(ctx)
	if err != nil {
		return nil, err
	}
	return shapeCeremony(c)
}

type passkeyLogInInput struct {
	UserAgent string `header:"User-Agent" hidden:"true"`
	Body      struct {
		Challenge  string         `json:"challenge" maxLength:"200"`
		Credential map[string]any `json:"credential" writeOnly:"true" doc:"What the browser answered, as toJSON gives it"`
	}
}

func (a *api) logInByPasskey(ctx context.Context, in *passkeyLogInInput) (*signedIn, error) {
	if err := a.limits.loginAddress.take(ctx, addressKey(requestOf(ctx).ip), a.cfg.Now()); err != nil {
		return nil, err
	}
	response, err := json.Marshal(in.Body.Credential)
	if err != nil {
		return nil, err
	}
	u, secret, err := a.cfg.Plane.Accounts.LogInByPasskey(ctx, actorOf(ctx), in.Body.Challenge, response, browserOf(ctx, in.UserAgent))
	if err != nil {
		return nil, err
	}
	return a.signedIn(u, secret), nil
}
