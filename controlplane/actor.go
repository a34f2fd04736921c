package controlplane

import "slices"

// Role is what a member may do; each includes the ones below it.
type Role string

// The roles, strongest first.
const (
	Owner     Role = "owner"
	Admin     Role = "admin"
	Developer Role = "developer"
	Viewer    Role = "viewer"
)

// Roles lists the roles, strongest first.
var Roles = []Role{Owner, Admin, Developer, Viewer}

// Valid reports whether r is one of Roles.
func (r Role) Valid() bool { return slices.Contains(Roles, r) }

// Exceeds reports whether r may do more than other. A role that does not exist exceeds everything, so
// that nobody can grant it.
func (r Role) Exceeds(other Role) bool {
	i, j := slices.Index(Roles, r), slices.Index(Roles, other)
	return i < 0 || j >= 0 && i < j || j < 0
}

// Grant is what an actor holds in one organization.
type Grant struct {
	Organization string
	Role         Role
	// Projects names the projects that the role is for; nil is the whole organization.
	Projects []string
	// Permissions narrows the role to these; nil is all of the role's. Only API tokens narrow.
	Permissions []string
}

// Whole reports whether the grant is for the whole organization.
func (g Grant) Whole() bool { return g.Projects == nil }

// Reaches reports whether the grant is for that project.
func (g Grant) Reaches(project string) bool {
	return g.Projects == nil || slices.Contains(g.Projects, project)
}

// Covers reports whether everything that other allows, g allows too. Nobody hands out more than they hold.
func (g Grant) Covers(other Grant) bool {
	if g.Organization != other.Organization || other.Role.Exceeds(g.Role) {
		return false
	}
	if g.Projects != nil && (other.Projects == nil || !containsAll(g.Projects, other.Projects)) {
		return false
	}
	return g.Permissions == nil || other.Permissions != nil && containsAll(g.Permissions, other.Permissions)
}

// Within returns what g and limit both allow.
func (g Grant) Within(limit Grant) Grant {
	if g.Role.Exceeds(limit.Role) {
		g.Role = limit.Role
	}
	g.Projects = intersect(g.Projects, limit.Projects)
	g.Permissions = intersect(g.Permissions, limit.Permissions)
	return g
}

func containsAll(set, wanted []string) bool {
	return !slices.ContainsFunc(wanted, func(s string) bool { return !slices.Contains(set, s) })
}

// intersect treats nil as everything; its result for two lists is never nil.
func intersect(a, b []string) []string {
	if a == nil {
		return b
	}
	if b == nil {
		return a
	}
	both := []string{}
	for _, s := range a {
		if slices.Contains(b, s) {
			both = append(both, s)
		}
	}
	return both
}

// Actor is who asks, as proved by a session or an API token. The zero Actor is nobody.
type Actor struct {
	UserID, Email string
	// One of these two says how the actor proved who they are.
	SessionID, TokenID string
	Grants             []Grant
	// Unverified says that the account's address has to be verified before it may change anything but itself.
	Unverified bool

	// IP and RequestID go into the audit log.
	IP, RequestID string
}

// Known reports whether the actor proved who they are.
func (a Actor) Known() bool { return a.UserID != "" }

// GrantIn returns what the actor holds in an organization.
func (a Actor) GrantIn(organization string) (Grant, bool) {
	i := slices.IndexFunc(a.Grants, func(g Grant) bool { return g.Organization == organization })
	if i < 0 {
		return Grant{}, false
	}
	return a.Grants[i], true
}

// Place is where in the tree something lies. Below an organization the other two may be empty.
type Place struct {
	Organization, Project, Instance string
}
