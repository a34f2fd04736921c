package controlplane

import (
	"context"
	"time"

	"turnkey/internal/fault"
)

// Project is a customer's app; it groups instances.
type Project struct {
	ID, Organization, Name string
	Version                int64
	CreatedAt, UpdatedAt   time.Time
}

type projectTx interface {
	InsertProject(ctx context.Context, p Project) error
	GetProject(ctx context.Context, id string) (Project, error)
	LockProject(ctx context.Context, id string) (Project, error)
	// ListProjects gives an organization's projects by id, after one id; only those of ids unless nil.
	ListProjects(ctx context.Context, organization string, ids []string, after string, limit int) ([]Project, error)
	UpdateProject(ctx context.Context, p Project) error
	DeleteProject(ctx context.Context, id string, at time.Time) error
	CountInstances(ctx context.Context, project string) (int64, error)
}

// Projects is the service of projects.
type Projects struct{ *core }

// Create makes a project.
func (s *Projects) Create(ctx context.Context, actor Actor, organization, name string) (Project, error) {
	name, err := checkName(name)
	if err != nil {
		return Project{}, err
	}
	id, err := s.ids.New(prefixProject)
	if err != nil {
		return Project{}, err
	}
	p := Project{ID: id, Organization: organization, Name: name, Version: 1, CreatedAt: s.now(), UpdatedAt: s.now()}
	err = s.change(ctx, actor, func(tx Tx) (Event, error) {
		e := Event{Kind: ProjectCreated, Organization: organization, Target: id, Changes: Changes{"name": {To: name}}}
		return e, tx.InsertProject(ctx, p)
	})
	return p, err
}

// List gives the organization's projects that the actor reaches.
func (s *Projects) List(ctx context.Context, actor Actor, organization string, page Page) (list []Project, next string, err error) {
	grant, ok := actor.GrantIn(organization)
	if !ok {
		return nil, "", notFound("organization")
	}
	err = s.read(ctx, func(tx Tx) error {
		list, err = tx.ListProjects(ctx, organization, grant.Projects, page.After, page.size()+1)
		return err
	})
	list, next = cut(page, list, func(p Project) string { return p.ID })
	return list, next, err
}

// Get gives one project.
func (s *Projects) Get(ctx context.Context, id string) (p Project, err error) {
	err = s.read(ctx, func(tx Tx) error {
		p, err = tx.GetProject(ctx, id)
		return err
	})
	return p, err
}

// Rename changes the name, if the project is still at the version that the actor saw.
func (s *Projects) Rename(ctx context.Context, actor Actor, id string, seen int64, name string) (p Project, err error) {
	if name, err = checkName(name); err != nil {
		return Project{}, err
	}
	err = s.change(ctx, actor, func(tx Tx) (Event, error) {
		if p, err = tx.LockProject(ctx, id); err != nil {
			return Event{}, err
		}
		if err := checkVersion(seen, p.Version); err != nil {
			return Event{}, err
		}
		e := Event{Kind: ProjectUpdated, Organization: p.Organization, Target: id, Changes: Changes{"name": {From: p.Name, To: name}}}
		p.Name, p.Version, p.UpdatedAt = name, p.Version+1, s.now()
		return e, tx.UpdateProject(ctx, p)
	})
	return p, err
}

// Delete ends an empty project. One with instances is refused: each of them serves somebody's app, and
// is to be deleted by itself.
func (s *Projects) Delete(ctx context.Context, actor Actor, id string) error {
	return s.change(ctx, actor, func(tx Tx) (Event, error) {
		p, err := tx.LockProject(ctx, id)
		if err != nil {
			return Event{}, err
		}
		switch n, err := tx.CountInstances(ctx, id); {
		case err != nil:
			return Event{}, err
		case n > 0:
			return Event{}, fault.Newf(fault.Conflict, "project_not_empty", "The project still has instances: %d.", n).
				WithHint("Delete its instances first.")
		}
		e := Event{Kind: ProjectDeleted, Organization: p.Organization, Target: id, Changes: Changes{"name": {From: p.Name}}}
		return e, tx.DeleteProject(ctx, id, s.now())
	})
}
