package dashboardapi

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"turnkey/controlplane"
)

type organization struct {
	ID        string    `json:"id"`
	Name      string    `json:"name"`
	LogDays   int       `json:"log_days" doc:"How many days instances keep their log, unless they say otherwise"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

func shapeOrganization(o controlplane.Organization) organization {
	return organization{ID: o.ID, Name: o.Name, LogDays: o.LogDays, CreatedAt: o.CreatedAt, UpdatedAt: o.UpdatedAt}
}

type organizationOutput struct {
	ETag string `header:"ETag"`
	Body organization
}

func organizationAnswer(o controlplane.Organization) *organizationOutput {
	return &organizationOutput{etag(o.Version), shapeOrganization(o)}
}

// named is the body of what has only a name to set.
type named struct {
	Name string `json:"name" minLength:"1" maxLength:"100"`
}

// OrganizationPath is the path of what belongs to an organization.
type OrganizationPath struct {
	Org string `path:"org"`
}

func (a *api) listOrganizations(ctx context.Context, in *PageInput) (*pageOutput[organization], error) {
	p, err := in.open(ctx, a)
	if err != nil {
		return nil, err
	}
	list, next, err := a.cfg.Plane.Organizations.List(ctx, actorOf(ctx), p)
	if err != nil {
		return nil, err
	}
	return paged(ctx, a, list, next, shapeOrganization), nil
}

func (a *api) createOrganization(ctx context.Context, in *struct{ Body named }) (*organizationOutput, error) {
	o, err := a.cfg.Plane.Organizations.Create(ctx, actorOf(ctx), in.Body.Name)
	if err != nil {
		return nil, err
	}
	return organizationAnswer(o), nil
}

func (a *api) getOrganization(ctx context.Context, _ *OrganizationPath) (*organizationOutput, error) {
	o, err := a.cfg.Plane.Organizations.Get(ctx, placeOf(ctx).Organization)
	if err != nil {
		return nil, err
	}
	return organizationAnswer(o), nil
}

type renameInput struct {
	OrganizationPath
	Body struct {
		Name    string `json:"name" minLength:"1" maxLength:"100"`
		LogDays *int   `json:"log_days,omitempty" minimum:"1" maximum:"90"`
	}
}

func (a *api) renameOrganization(ctx context.Context, in *renameInput) (*organizationOutput, error) {
	o, err := a.cfg.Plane.Organizations.Rename(ctx, actorOf(ctx), placeOf(ctx).Organization, versionSeen(ctx), in.Body.Name, in.Body.LogDays)
	if err != nil {
		return nil, err
	}
	return organizationAnswer(o), nil
}

func (a *api) deleteOrganization(ctx context.Context, _ *OrganizationPath) (*struct{}, error) {
	return nil, a.cfg.Plane.Organizations.Delete(ctx, actorOf(ctx), placeOf(ctx).Organization)
}

// etag spells a version as a strong ETag.
func etag(version int64) string { return fmt.Sprintf("%q", "v"+strconv.FormatInt(version, 10)) }

// versionSeen is the version in If-Match. What is no ETag of ours, also * and weak ones, is -1, which
// no row has: the edit then fails as one of an old version does.
func versionSeen(ctx context.Context) int64 {
	text, ok := strings.CutPrefix(strings.TrimSpace(requestOf(ctx).ifMatch), `"v`)
	text, closed := strings.CutSuffix(text, `"`)
	v, err := strconv.ParseInt(text, 10, 64)
	if !ok || !closed || err != nil || v < 0 {
		return -1
	}
	return v
}
