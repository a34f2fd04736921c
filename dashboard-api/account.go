package dashboardapi

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"turnkey/controlplane"
	"turnkey/controlplane/authz"
	"turnkey/internal/fault"
	"turnkey/internal/redact"
)

// user is a person's own account.
type user struct {
	ID            string            `json:"id"`
	Email         string            `json:"email"`
	Name          string            `json:"name"`
	CreatedAt     time.Time         `json:"created_at"`
	EmailVerified bool              `json:"email_verified" doc:"Somebody proved to read mail to the address"`
	MustVerify    bool              `json:"must_verify" doc:"Until the address is verified you can change nothing but your account"`
	HasPassword   bool              `json:"has_password" doc:"false: you sign in with a provider or a passkey"`
	TokenID       string            `json:"token_id,omitempty" doc:"The API token that asks; absent for a browser"`
	Organizations []membershipShape `json:"organizations,omitempty" doc:"What you belong to; only in /auth/me"`
}

type membershipShape struct {
	Organization string   `json:"organization"`
	Role         string   `json:"role" enum:"owner,admin,developer,viewer"`
	Projects     []string `json:"projects,omitempty" doc:"Only these projects; absent: the whole organization"`
	Permissions  []string `json:"permissions,omitempty" doc:"Only these permissions; absent: all of the role's"`
	May          []string `json:"may" nullable:"false" doc:"The permissions that this comes to, within the projects named"`
}

func (a *api) shapeUser(u controlplane.User) user {
	return user{
		ID: u.ID, Email: u.Email, Name: u.Name, CreatedAt: u.CreatedAt, HasPassword: u.PasswordHash != "",
		EmailVerified: u.EmailVerifiedAt != nil, MustVerify: u.EmailVerifiedAt == nil && a.cfg.Plane.Accounts.VerifiesEmail(),
	}
}

type signUpInput struct {
	UserAgent string `header:"User-Agent" hidden:"true"`
	Body      struct {
		Email        string `json:"email" maxLength:"254"`
		Password     string `json:"password" minLength:"10" maxLength:"256" writeOnly:"true"`
		Name         string `json:"name,omitempty" maxLength:"100"`
		Organization string `json:"organization,omitempty" maxLength:"100" doc:"Name of your first organization"`
		Invitation   string `json:"invitation,omitempty" maxLength:"200" doc:"Join with this invitation instead of making an organization"`
	}
}

type signedIn struct {
	SetCookie http.Cookie `header:"Set-Cookie"`
	Body      user
}

func (a *api) signUp(ctx context.Context, in *signUpInput) (*signedIn, error) {
	q := requestOf(ctx)
	if err := a.limits.loginAddress.take(ctx, addressKey(q.ip), a.cfg.Now()); err != nil {
		return nil, err
	}
	u, secret, err := a.cfg.Plane.Accounts.SignUp(ctx, q.actor, controlplane.NewAccount{
		Email: in.Body.Email, Name: in.Body.Name, Password: redact.New(in.Body.Password), Organization: in.Body.Organization,
		Invitation: in.Body.Invitation, UserAgent: in.UserAgent,
	})
	if err != nil {
		return nil, err
	}
	return a.signedIn(u, secret), nil
}

func (a *api) signedIn(u controlplane.User, secret redact.Secret) *signedIn {
	return &signedIn{a.cookie(secret), a.shapeUser(u)}
}

type logInInput struct {
	UserAgent string `header:"User-Agent" hidden:"true"`
	Body      struct {
		Email    string `json:"email" maxLength:"254"`
		Password string `json:"password" maxLength:"256" writeOnly:"true"`
	}
}

func (a *api) logIn(ctx context.Context, in *logInInput) (*signedIn, error) {
	if err := a.throttle(ctx, in.Body.Email); err != nil {
		return nil, err
	}
	u, secret, err := a.cfg.Plane.Accounts.LogIn(ctx, actorOf(ctx), controlplane.LogIn{
		Email: in.Body.Email, Password: redact.New(in.Body.Password), Browser: browserOf(ctx, in.UserAgent),
	})
	var second *controlplane.SecondFactor
	if errors.As(err, &second) {
		p := newProblem(ctx, fault.Of(err))
		p.Challenge = second.Challenge.Reveal()
		return nil, p
	}
	if err != nil {
		return nil, err
	}
	return a.signedIn(u, secret), nil
}

// throttle counts an attempt to prove who somebody is, by address and by account.
func (a *api) throttle(ctx context.Context, account string) error {
	now := a.cfg.Now()
	if err := a.limits.loginAddress.take(ctx, addressKey(requestOf(ctx).ip), now); err != nil {
		return err
	}
	return a.limits.loginAccount.take(ctx, strings.ToLower(strings.TrimSpace(account)), now)
}

func browserOf(ctx context.Context, userAgent string) controlplane.Browser {
	return controlplane.Browser{UserAgent: userAgent, Replaces: requestOf(ctx).session}
}

type codeInput struct {
	UserAgent string `header:"User-Agent" hidden:"true"`
	Body      struct {
		Challenge string `json:"challenge" maxLength:"200" writeOnly:"true" doc:"From the problem mfa_required of /auth/login"`
		Code      string `json:"code" minLength:"1" maxLength:"40" writeOnly:"true" doc:"A code of the authenticator app, or a recovery code"`
	}
}

func (a *api) logInByCode(ctx context.Context, in *codeInput) (*signedIn, error) {
	if err := a.limits.loginAddress.take(ctx, addressKey(requestOf(ctx).ip), a.cfg.Now()); err != nil {
		return nil, err
	}
	u, secret, err := a.cfg.Plane.Accounts.LogInByCode(ctx, actorOf(ctx), controlplane.LogInCode{
		Challenge: in.Body.Challenge, Code: in.Body.Code, Browser: browserOf(ctx, in.UserAgent),
	})
	if err != nil {
		return nil, err
	}
	return a.signedIn(u, secret), nil
}

// signedOut answers 204.
type signedOut struct {
	SetCookie http.Cookie `header:"Set-Cookie"`
}

func (a *api) logOut(ctx context.Context, _ *struct{}) (*signedOut, error) {
	q := requestOf(ctx)
	if q.session == "" {
		return nil, fault.New(fault.Invalid, "no_session", "There is no session to end.")
	}
	if err := a.cfg.Plane.Accounts.LogOut(ctx, q.actor, q.session); err != nil {
		return nil, err
	}
	gone := a.cookie(redact.Secret{})
	gone.MaxAge = -1
	return &signedOut{gone}, nil
}

type userOutput struct{ Body user }

func (a *api) me(ctx context.Context, _ *struct{}) (*userOutput, error) {
	actor := actorOf(ctx)
	u, err := a.cfg.Plane.Accounts.Me(ctx, actor)
	if err != nil {
		return nil, err
	}
	body := a.shapeUser(u)
	body.TokenID = actor.TokenID
	for _, g := range actor.Grants {
		body.Organizations = append(body.Organizations, a.shapeMembership(g))
	}
	return &userOutput{body}, nil
}

func (a *api) shapeMembership(g controlplane.Grant) membershipShape {
	m := membershipShape{Organization: g.Organization, Role: string(g.Role), Projects: g.Projects, Permissions: g.Permissions, May: []string{}}
	for _, p := range authz.Permissions {
		if a.cfg.Authz.Allows(g, p) {
			m.May = append(m.May, string(p))
		}
	}
	return m
}

type renameMeInput struct {
	Body struct {
		Name string `json:"name" minLength:"1" maxLength:"100"`
	}
}

func (a *api) renameMe(ctx context.Context, in *renameMeInput) (*userOutput, error) {
	u, err := a.cfg.Plane.Accounts.Rename(ctx, actorOf(ctx), in.Body.Name)
	if err != nil {
		return nil, err
	}
	return &userOutput{a.shapeUser(u)}, nil
}

// cookieName: browsers refuse to let anybody but this very host, over https, set a __Host- cookie.
func (a *api) cookieName() string {
	if a.secure {
		return "__Host-turnkey_session"
	}
	return "turnkey_session"
}

// cookie lives as long as the browser; the server decides when the session ends.
func (a *api) cookie(secret redact.Secret) http.Cookie {
	return http.Cookie{
		Name: a.cookieName(), Value: secret.Reveal(), Path: "/", HttpOnly: true, Secure: a.secure, SameSite: http.SameSiteLaxMode,
	}
}
