package controlplane

import (
	"context"
	"slices"
	"time"

	"turnkey/internal/fault"
)

// Member is a person in an organization.
type Member struct {
	Organization, UserID string
	Email, Name          string // the person's, for lists
	Role                 Role
	Projects             []string // nil: the whole organization
	Version              int64
	CreatedAt            time.Time
}

func (m Member) grant() Grant {
	return Grant{Organization: m.Organization, Role: m.Role, Projects: m.Projects}
}

type memberTx interface {
	// InsertMember returns Conflict already_member.
	InsertMember(ctx context.Context, m Member) error
	GetMember(ctx context.Context, organization, userID string) (Member, error)
	ListMembers(ctx context.Context, organization, after string, limit int) ([]Member, error)
	UpdateMember(ctx context.Context, m Member) error
	DeleteMember(ctx context.Context, organization, userID string) error
	// CountOwners counts the living owners of the whole organization.
	CountOwners(ctx context.Context, organization string) (int64, error)
	// ListGrants gives what a user holds in every living organization.
	ListGrants(ctx context.Context, userID string) ([]Grant, error)
}

// Members is the service of members.
type Members struct{ *core }

// List gives an organization's members by user id.
func (s *Members) List(ctx context.Context, organization string, page Page) (list []Member, next string, err error) {
	err = s.read(ctx, func(tx Tx) error {
		list, err = tx.ListMembers(ctx, organization, page.After, page.size()+1)
		return err
	})
	list, next = cut(page, list, func(m Member) string { return m.UserID })
	return list, next, err
}

// Reaching gives the members whose role reaches into a project, by user id. A page may be shorter than was asked for: the
// others of the organization are left out of it.
func (s *Members) Reaching(ctx context.Context, organization, project string, page Page) (list []Member, next string, err error) {
	list, next, err = s.List(ctx, organization, page)
	return slices.DeleteFunc(list, func(m Member) bool { return !m.grant().Reaches(project) }), next, err
}

// Get gives one member.
func (s *Members) Get(ctx context.Context, organization, userID string) (m Member, err error) {
	err = s.read(ctx, func(tx Tx) error {
		m, err = tx.GetMember(ctx, organization, userID)
		return err
	})
	return m, err
}

// Change gives a member another role or other projects. The actor must hold what the member had and gets.
func (s *Members) Change(ctx context.Context, actor Actor, organization, userID string, seen int64, role Role, projects []string) (m Member, err error) {
	err = s.change(ctx, actor, func(tx Tx) (Event, error) {
		if m, err = s.lock(ctx, tx, actor, organization, userID); err != nil {
			return Event{}, err
		}
		if err := checkVersion(seen, m.Version); err != nil {
			return Event{}, err
		}
		after := m
		after.Role, after.Projects, after.Version = role, projects, m.Version+1
		if err := checkGrant(ctx, tx, actor, after.grant()); err != nil {
			return Event{}, err
		}
		if err := keepOwner(ctx, tx, m, after.Role == Owner && after.Projects == nil); err != nil {
			return Event{}, err
		}
		e := Event{Kind: MemberUpdated, Organization: organization, Target: userID, Changes: Changes{
			"role": {From: m.Role, To: role}, "projects": {From: m.Projects, To: projects},
		}}
		m = after
		return e, tx.UpdateMember(ctx, m)
	})
	return m, err
}

// Remove ends a membership; the person's sessions and tokens lose the organization at once.
func (s *Members) Remove(ctx context.Context, actor Actor, organization, userID string) error {
	return s.change(ctx, actor, func(tx Tx) (Event, error) {
		m, err := s.lock(ctx, tx, actor, organization, userID)
		if err != nil {
			return Event{}, err
		}
		if err := keepOwner(ctx, tx, m, false); err != nil {
			return Event{}, err
		}
		e := Event{Kind: MemberRemoved, Organization: organization, Target: userID, Changes: Changes{"role": {From: m.Role}, "email": {From: m.Email}}}
		return e, tx.DeleteMember(ctx, organization, userID)
	})
}

// lock reads a member for an edit. Edits of one organization's members queue up behind its row, so
// that two owners cannot remove each other at once.
func (s *Members) lock(ctx context.Context, tx Tx, actor Actor, organization, userID string) (Member, error) {
	if _, err := tx.LockOrganization(ctx, organization); err != nil {
		return Member{}, err
	}
	m, err := tx.GetMember(ctx, organization, userID)
	if err != nil {
		return Member{}, err
	}
	if own, _ := actor.GrantIn(organization); !own.Covers(m.grant()) {
		return Member{}, aboveYou()
	}
	return m, nil
}

// checkGrant refuses roles that do not exist or exceed the actor's, and projects of others.
func checkGrant(ctx context.Context, tx Tx, actor Actor, g Grant) error {
	if !g.Role.Valid() {
		return fault.New(fault.Invalid, "invalid_role", "A role is owner, admin, developer or viewer.").
			WithDetails(fault.Detail{Path: "role", Code: "invalid_role", Message: "no such role"})
	}
	if g.Projects != nil && len(g.Projects) == 0 {
		return fault.New(fault.Invalid, "no_projects", "Name at least one project, or leave projects out for the whole organization.").
			WithDetails(fault.Detail{Path: "projects", Code: "no_projects", Message: "empty"})
	}
	if own, _ := actor.GrantIn(g.Organization); !own.Covers(g) {
		return aboveYou()
	}
	for _, id := range g.Projects {
		place, err := tx.FindPlace(ctx, id)
		if fault.IsKind(err, fault.NotFound) || err == nil && (place.Organization != g.Organization || place.Project != id) {
			return fault.New(fault.Invalid, "invalid_project", "The organization has no such project.").
				WithDetails(fault.Detail{Path: "projects", Code: "invalid_project", Message: "no such project: " + id})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func aboveYou() error {
	return fault.New(fault.Forbidden, "above_your_role", "That is more than your own role allows.").
		WithHint("Ask an owner of the organization.")
}

// keepOwner refuses to take the last owner away; stays says that the member remains one.
func keepOwner(ctx context.Context, tx Tx, m Member, stays bool) error {
	if m.Role != Owner || m.Projects != nil || stays {
		return nil
	}
	n, err := tx.CountOwners(ctx, m.Organization)
	if err != nil {
		return err
	}
	if n <= 1 {
		return fault.New(fault.Conflict, "last_owner", "An organization keeps at least one owner.").
			WithHint("Make somebody else an owner first, or delete the organization.")
	}
	return nil
}
