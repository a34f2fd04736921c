package dashboardapi

import (
	"context"
	"time"

	"turnkey/controlplane"
)

type member struct {
	UserID    string    `json:"user_id"`
	Email     string    `json:"email"`
	Name      string    `json:"name"`
	Role      string    `json:"role" enum:"owner,admin,developer,viewer"`
	Projects  []string  `json:"projects,omitempty" doc:"Only these projects; absent: the whole organization"`
	CreatedAt time.Time `json:"created_at"`
}

func shapeMember(m controlplane.Member) member {
	return member{UserID: m.UserID, Email: m.Email, Name: m.Name, Role: string(m.Role), Projects: m.Projects, CreatedAt: m.CreatedAt}
}

type memberOutput struct {
	ETag string `header:"ETag"`
	Body member
}

// MemberPath is the path of one member.
type MemberPath struct {
	OrganizationPath
	User string `path:"user"`
}

// OrganizationPage is the input of an organization's lists.
type OrganizationPage struct {
	OrganizationPath
	PageInput
}

func (a *api) listMembers(ctx context.Context, in *OrganizationPage) (*pageOutput[member], error) {
	p, err := in.open(ctx, a)
	if err != nil {
		return nil, err
	}
	list, next, err := a.cfg.Plane.Members.List(ctx, placeOf(ctx).Organization, p)
	if err != nil {
		return nil, err
	}
	return paged(ctx, a, list, next, shapeMember), nil
}

func (a *api) getMember(ctx context.Context, in *MemberPath) (*memberOutput, error) {
	m, err := a.cfg.Plane.Members.Get(ctx, placeOf(ctx).Organization, in.User)
	if err != nil {
		return nil, err
	}
	return &memberOutput{etag(m.Version), shapeMember(m)}, nil
}

type changeMemberInput struct {
	MemberPath
	Body struct {
		Role     string   `json:"role" enum:"owner,admin,developer,viewer"`
		Projects []string `json:"projects,omitempty" maxItems:"100" doc:"Only these projects; absent: the whole organization"`
	}
}

func (a *api) changeMember(ctx context.Context, in *changeMemberInput) (*memberOutput, error) {
	m, err := a.cfg.Plane.Members.Change(ctx, actorOf(ctx), placeOf(ctx).Organization, in.User, versionSeen(ctx), controlplane.Role(in.Body.Role), in.Body.Projects)
	if err != nil {
		return nil, err
	}
	return &memberOutput{etag(m.Version), shapeMember(m)}, nil
}

func (a *api) removeMember(ctx context.Context, in *MemberPath) (*struct{}, error) {
	return nil, a.cfg.Plane.Members.Remove(ctx, actorOf(ctx), placeOf(ctx).Organization, in.User)
}
