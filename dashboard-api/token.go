package dashboardapi

import (
	"context"
	"time"

	"turnkey/controlplane"
	"turnkey/controlplane/authz"
	"turnkey/internal/fault"
)

type token struct {
	ID          string     `json:"id"`
	Name        string     `json:"name"`
	UserID      string     `json:"user_id" doc:"Who made it; it ends with their membership"`
	Role        string     `json:"role" enum:"owner,admin,developer,viewer"`
	Projects    []string   `json:"projects,omitempty" doc:"Only these projects; absent: the whole organization"`
	Permissions []string   `json:"permissions,omitempty" doc:"Only these permissions; absent: all of the role's"`
	CreatedAt   time.Time  `json:"created_at"`
	ExpiresAt   time.Time  `json:"expires_at"`
	LastUsedAt  *time.Time `json:"last_used_at" doc:"To the minute; null: never"`
	Token       string     `json:"token,omitempty" doc:"The token itself; shown once"`
}

func shapeToken(t controlplane.Token) token {
	return token{
		ID: t.ID, Name: t.Name, UserID: t.UserID, Role: string(t.Role), Projects: t.Projects, Permissions: t.Permissions,
		CreatedAt: t.CreatedAt, ExpiresAt: t.ExpiresAt, LastUsedAt: t.LastUsedAt,
	}
}

type tokenOutput struct{ Body token }

func (a *api) listTokens(ctx context.Context, in *OrganizationPage) (*pageOutput[token], error) {
	p, err := in.open(ctx, a)
	if err != nil {
		return nil, err
	}
	list, next, err := a.cfg.Plane.Tokens.List(ctx, placeOf(ctx).Organization, p)
	if err != nil {
		return nil, err
	}
	return paged(ctx, a, list, next, shapeToken), nil
}

type createTokenInput struct {
	OrganizationPath
	Body struct {
		Name        string   `json:"name" minLength:"1" maxLength:"100"`
		Role        string   `json:"role" enum:"owner,admin,developer,viewer" doc:"At most your own"`
		Projects    []string `json:"projects,omitempty" maxItems:"100" doc:"Only these projects; absent: the whole organization"`
		Permissions []string `json:"permissions,omitempty" maxItems:"100" doc:"Only these permissions; absent: all of the role's"`
		ExpiresIn   int64    `json:"expires_in,omitempty" minimum:"1" maximum:"31622400" doc:"Seconds; 90 days when absent"`
	}
}

func (a *api) createToken(ctx context.Context, in *createTokenInput) (*tokenOutput, error) {
	for _, p := range in.Body.Permissions {
		if !known(authz.Permission(p)) {
			return nil, fault.New(fault.Invalid, "invalid_permission", "There is no such permission.").
				WithDetails(fault.Detail{Path: "body.permissions", Code: "invalid_permission", Message: "no such permission: " + p})
		}
	}
	t, secret, err := a.cfg.Plane.Tokens.Create(ctx, actorOf(ctx), placeOf(ctx).Organization, controlplane.NewToken{
		Name: in.Body.Name, Role: controlplane.Role(in.Body.Role), Projects: in.Body.Projects, Permissions: in.Body.Permissions,
		Life: time.Duration(in.Body.ExpiresIn) * time.Second,
	})
	if err != nil {
		return nil, err
	}
	out := &tokenOutput{shapeToken(t)}
	out.Body.Token = secret.Reveal()
	return out, nil
}

// TokenPath is the path of one API token.
type TokenPath struct {
	OrganizationPath
	Token string `path:"token"`
}

func (a *api) revokeToken(ctx context.Context, in *TokenPath) (*struct{}, error) {
	return nil, a.cfg.Plane.Tokens.Revoke(ctx, actorOf(ctx), placeOf(ctx).Organization, in.Token)
}
