package dashboardapi

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"time"

	"turnkey/controlplane/oidc"
	"turnkey/internal/fault"
)

// sentOn answers a browser that came by navigation: it goes on to a page, whatever happened.
type sentOn struct {
	SetCookie []http.Cookie `header:"Set-Cookie"`
	Location  string        `header:"Location"`
}

// signInPage is where the pages tell what went wrong, by the problem's code.
func (a *api) signInPage(ctx context.Context, err error) *sentOn {
	return a.refusal(ctx, "/signin", err)
}

func (a *api) refusal(ctx context.Context, page string, err error) *sentOn {
	p := newProblem(ctx, fault.Of(err))
	a.note(ctx, p)
	return &sentOn{Location: page + "?error=" + url.QueryEscape(p.Code)}
}

// flow is what the browser keeps while it is at the provider.
type flow struct {
	oidc.Flow
	ReturnTo   string
	Invitation string
	// Links is set where nobody signs in: whoever is signed in already wants to, from now on, with the provider.
	Links bool
}

const flowPurpose = "oidc flow"

func (a *api) flowCookie(value string) http.Cookie {
	name := "turnkey_signin"
	if a.secure {
		name = "__Host-" + name
	}
	return http.Cookie{Name: name, Value: value, Path: "/", HttpOnly: true, Secure: a.secure, SameSite: http.SameSiteLaxMode, MaxAge: int(oidc.FlowLife.Seconds())}
}

type startInput struct {
	Provider   string `path:"provider" doc:"From /auth/providers"`
	Next       string `query:"next" maxLength:"2000" doc:"A path of ours to go to afterwards"`
	Invitation string `query:"invitation" maxLength:"200" doc:"Where signing up needs one"`
	Link       bool   `query:"link" doc:"Do not sign in: come back to /account with an identity for POST /auth/identities"`
}

// startOIDC sends the browser to the provider.
func (a *api) startOIDC(ctx context.Context, in *startInput) (*sentOn, error) {
	if err := a.limits.loginAddress.take(ctx, addressKey(requestOf(ctx).ip), a.cfg.Now()); err != nil {
		return a.signInPage(ctx, err), nil
	}
	location, begun, err := a.cfg.Providers.Start(ctx, in.Provider)
	if err != nil {
		return a.signInPage(ctx, err), nil
	}
	text, err := json.Marshal(flow{begun, oidc.ReturnPath(in.Next), in.Invitation, in.Link})
	if err != nil {
		return nil, err
	}
	sealed := base64.RawURLEncoding.EncodeToString(a.box.seal(flowPurpose, text))
	return &sentOn{SetCookie: []http.Cookie{a.flowCookie(sealed)}, Location: location}, nil
}

type callbackInput struct {
	Provider  string `path:"provider"`
	State     string `query:"state"`
	Code      string `query:"code"`
	Error     string `query:"error"`
	Issuer    string `query:"iss"`
	UserAgent string `header:"User-Agent" hidden:"true"`
}

// finishOIDC is where the provider sends the browser back. The sealed cookie of the same browser takes the
// place of the cross-origin check: without it, nobody can be made to sign in as somebody else.
func (a *api) finishOIDC(ctx context.Context, in *callbackInput) (*sentOn, error) {
	gone := a.flowCookie("")
	gone.MaxAge = -1
	begun := a.openFlow(requestOf(ctx).http)
	out, err := a.signInBack(ctx, in, begun)
	if err != nil && begun.Links {
		out = a.refusal(ctx, "/account", err)
	} else if err != nil {
		out = a.signInPage(ctx, err)
	}
	out.SetCookie = append(out.SetCookie, gone)
	return out, nil
}

func (a *api) signInBack(ctx context.Context, in *callbackInput, begun flow) (*sentOn, error) {
	q := requestOf(ctx)
	if err := a.limits.loginAddress.take(ctx, addressKey(q.ip), a.cfg.Now()); err != nil {
		return nil, err
	}
	if begun.Provider != in.Provider {
		begun = flow{} // none, or another provider's
		begun.Provider = in.Provider
	}
	identity, err := a.cfg.Providers.Finish(ctx, begun.Flow, oidc.Return{State: in.State, Code: in.Code, Error: in.Error, Issuer: in.Issuer})
	if err != nil {
		return nil, err
	}
	if begun.Links {
		return a.propose(q.session, identity)
	}
	now := a.cfg.Now()
	u, secret, err := a.cfg.Plane.Accounts.SignInWith(ctx, q.actor, identity, begun.Invitation, browserOf(ctx, in.UserAgent))
	if err != nil {
		return nil, err
	}
	if begun.Invitation != "" && !u.CreatedAt.Before(now.Truncate(time.Microsecond)) {
		begun.ReturnTo = "/" // signing up has used the invitation, so its page has nothing left to do
	}
	return &sentOn{SetCookie: []http.Cookie{a.cookie(secret)}, Location: begun.ReturnTo}, nil
}

// openFlow reads the browser's cookie; an empty flow fits nothing that comes back.
func (a *api) openFlow(r *http.Request) (f flow) {
	c, err := r.Cookie(a.flowCookie("").Name)
	if err != nil {
		return f
	}
	sealed, err := base64.RawURLEncoding.DecodeString(c.Value)
	if err != nil {
		return f
	}
	text, err := a.box.open(flowPurpose, sealed)
	if err != nil || json.Unmarshal(text, &f) != nil {
		return flow{}
	}
	return f
}
