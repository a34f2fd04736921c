package dashboardapi

import (
	"context"
	"time"

	"turnkey/controlplane"
)

type invitation struct {
	ID           string    `json:"id"`
	Organization string    `json:"organization"`
	Email        string    `json:"email"`
	Role         string    `json:"role" enum:"owner,admin,developer,viewer"`
	Projects     []string  `json:"projects,omitempty" doc:"Only these projects; absent: the whole organization"`
	InvitedBy    string    `json:"invited_by"`
	CreatedAt    time.Time `json:"created_at"`
	ExpiresAt    time.Time `json:"expires_at"`
	Token        string    `json:"token,omitempty" doc:"What the invited person accepts with; shown once"`
}

func shapeInvitation(i controlplane.Invitation) invitation {
	return invitation{
		ID: i.ID, Organization: i.Organization, Email: i.Email, Role: string(i.Role), Projects: i.Projects,
		InvitedBy: i.InvitedBy, CreatedAt: i.CreatedAt, ExpiresAt: i.ExpiresAt,
	}
}

type invitationOutput struct{ Body invitation }

func (a *api) listInvitations(ctx context.Context, in *OrganizationPage) (*pageOutput[invitation], error) {
	p, err := in.open(ctx, a)
	if err != nil {
		return nil, err
	}
	list, next, err := a.cfg.Plane.Invitations.List(ctx, placeOf(ctx).Organization, p)
	if err != nil {
		return nil, err
	}
	return paged(ctx, a, list, next, shapeInvitation), nil
}

type createInvitationInput struct {
	OrganizationPath
	Body struct {
		Email    string   `json:"email" maxLength:"254"`
		Role     string   `json:"role" enum:"owner,admin,developer,viewer"`
		Projects []string `json:"projects,omitempty" maxItems:"100" doc:"Only these projects; absent: the whole organization"`
	}
}

func (a *api) createInvitation(ctx context.Context, in *createInvitationInput) (*invitationOutput, error) {
	i, secret, err := a.cfg.Plane.Invitations.Create(ctx, actorOf(ctx), placeOf(ctx).Organization, in.Body.Email, controlplane.Role(in.Body.Role), in.Body.Projects)
	if err != nil {
		return nil, err
	}
	out := &invitationOutput{shapeInvitation(i)}
	out.Body.Token = secret.Reveal()
	return out, nil
}

// InvitationPath is the path of one invitation.
type InvitationPath struct {
	OrganizationPath
	Invitation string `path:"invitation"`
}

func (a *api) revokeInvitation(ctx context.Context, in *InvitationPath) (*struct{}, error) {
	return nil, a.cfg.Plane.Invitations.Revoke(ctx, actorOf(ctx), placeOf(ctx).Organization, in.Invitation)
}

type acceptInput struct {
	Body struct {
		Token string `json:"token" maxLength:"200" writeOnly:"true"`
	}
}

func (a *api) acceptInvitation(ctx context.Context, in *acceptInput) (*invitationOutput, error) {
	i, err := a.cfg.Plane.Invitations.Accept(ctx, actorOf(ctx), in.Body.Token)
	if err != nil {
		return nil, err
	}
	return &invitationOutput{shapeInvitation(i)}, nil
}
