package dashboardapi

import (
	"context"
	"time"

	"turnkey/controlplane"
)

type project struct {
	ID             string    `json:"id"`
	OrganizationID string    `json:"organization_id"`
	Name           string    `json:"name"`
	CreatedAt      time.Time `json:"created_at"`
	UpdatedAt      time.Time `json:"updated_at"`
}

func shapeProject(p controlplane.Project) project {
	return project{ID: p.ID, OrganizationID: p.Organization, Name: p.Name, CreatedAt: p.CreatedAt, UpdatedAt: p.UpdatedAt}
}

type projectOutput struct {
	ETag string `header:"ETag"`
	Body project
}

func projectAnswer(p controlplane.Project) *projectOutput {
	return &projectOutput{etag(p.Version), shapeProject(p)}
}

// ProjectPath is the path of what belongs to a project.
type ProjectPath struct {
	Project string `path:"project"`
}

func (a *api) listProjects(ctx context.Context, in *OrganizationPage) (*pageOutput[project], error) {
	p, err := in.open(ctx, a)
	if err != nil {
		return nil, err
	}
	list, next, err := a.cfg.Plane.Projects.List(ctx, actorOf(ctx), placeOf(ctx).Organization, p)
	if err != nil {
		return nil, err
	}
	return paged(ctx, a, list, next, shapeProject), nil
}

type createProjectInput struct {
	OrganizationPath
	Body named
}

func (a *api) createProject(ctx context.Context, in *createProjectInput) (*projectOutput, error) {
	p, err := a.cfg.Plane.Projects.Create(ctx, actorOf(ctx), placeOf(ctx).Organization, in.Body.Name)
	if err != nil {
		return nil, err
	}
	return projectAnswer(p), nil
}

func (a *api) getProject(ctx context.Context, _ *ProjectPath) (*projectOutput, error) {
	p, err := a.cfg.Plane.Projects.Get(ctx, placeOf(ctx).Project)
	if err != nil {
		return nil, err
	}
	return projectAnswer(p), nil
}

type renameProjectInput struct {
	ProjectPath
	Body named
}

func (a *api) renameProject(ctx context.Context, in *renameProjectInput) (*projectOutput, error) {
	p, err := a.cfg.Plane.Projects.Rename(ctx, actorOf(ctx), placeOf(ctx).Project, versionSeen(ctx), in.Body.Name)
	if err != nil {
		return nil, err
	}
	return projectAnswer(p), nil
}

func (a *api) deleteProject(ctx context.Context, _ *ProjectPath) (*struct{}, error) {
	return nil, a.cfg.Plane.Projects.Delete(ctx, actorOf(ctx), placeOf(ctx).Project)
}
