package dashboardapi

import (
	"cmp"
	"context"

	"turnkey/controlplane"
)

type provider struct {
	Name  string `json:"name" doc:"In /auth/oidc/{provider}/start"`
	Title string `json:"title" doc:"For the button"`
}

type providersOutput struct {
	Body struct {
		Signup      string     `json:"signup" enum:"open,invite,off" doc:"Who may make an account"`
		Providers   []provider `json:"providers" nullable:"false" doc:"Identity providers to sign in with"`
		Passkeys    bool       `json:"passkeys" doc:"Passkeys work at this address"`
		Mail        bool       `json:"mail" doc:"Mail can be sent, so a password can be reset"`
		Development bool       `json:"development" doc:"Mails are shown at /development/mails instead of being sent"`
	}
}

func (a *api) listProviders(context.Context, *struct{}) (*providersOutput, error) {
	out := &providersOutput{}
	b := &out.Body
	b.Signup = string(cmp.Or(a.cfg.Signup, controlplane.SignupOff))
	b.Providers = []provider{}
	for _, p := range a.cfg.Providers.List() {
		b.Providers = append(b.Providers, provider{p.Name, p.Title})
	}
	b.Passkeys = a.cfg.Plane.Accounts.HasPasskeys()
	b.Mail, b.Development = a.cfg.Plane.Accounts.Mails(), a.cfg.Development && a.cfg.Mailbox
	return out, nil
}
