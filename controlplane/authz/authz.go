// Package authz decides which role may do what: a static casbin model with the policy embedded beside
// it. Which role somebody holds comes from the membership (controlplane.Grant); there is nothing to
// load, watch or forget here.
//
// It must not know routes, ids or rows.
package authz

import (
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/casbin/casbin/v2"
	"github.com/casbin/casbin/v2/model"
	"github.com/casbin/casbin/v2/persist"

	"turnkey/controlplane"
)

//go:embed model.conf
var modelText string

//go:embed policy.csv
var policyText string

// Authorizer answers whether a grant allows a permission.
type Authorizer interface {
	Allows(g controlplane.Grant, p Permission) bool
}

// Policy is the Authorizer of the embedded policy. It never changes after New, so it needs no lock.
type Policy struct{ allowed map[question]bool }

type question struct {
	role  controlplane.Role
	whole bool
	p     Permission
}

// New reads the embedded policy.
func New() (*Policy, error) { return parse(modelText, policyText) }

// parse asks casbin every question there is, once: the enforcer is not made for concurrent use without
// locks, and the answers fit in a small map. What is not in the map is denied.
func parse(modelText, policy string) (*Policy, error) {
	m, err := model.NewModelFromString(modelText)
	if err != nil {
		return nil, fmt.Errorf("read the authorization model: %w", err)
	}
	enforcer, err := casbin.NewEnforcer(m)
	if err != nil {
		return nil, fmt.Errorf("build the authorization model: %w", err)
	}
	for line := range strings.Lines(policy) {
		if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if err := check(line); err != nil {
			return nil, err
		}
		if err := persist.LoadPolicyLine(line, m); err != nil {
			return nil, fmt.Errorf("read the authorization policy at %q: %w", line, err)
		}
	}
	if err := enforcer.BuildRoleLinks(); err != nil {
		return nil, fmt.Errorf("link the roles: %w", err)
	}
	policyOf := &Policy{allowed: map[question]bool{}}
	for _, role := range controlplane.Roles {
		for _, whole := range []bool{true, false} {
			for _, p := range Permissions {
				ok, err := enforcer.Enforce(string(role), held(whole), string(p))
				if err != nil {
					return nil, fmt.Errorf("ask whether %s may %s: %w", role, p, err)
				}
				policyOf.allowed[question{role, whole, p}] = ok
			}
		}
	}
	return policyOf, nil
}

// held is how the policy spells a grant for the whole organization, and one for named projects.
func held(whole bool) string {
	if whole {
		return "organization"
	}
	return "project"
}

// check refuses a line that names what does not exist: a typing error would otherwise deny in silence.
func check(line string) error {
	fields := strings.Split(line, ",")
	for i := range fields {
		fields[i] = strings.TrimSpace(fields[i])
	}
	known := func(role string) bool { return controlplane.Role(role).Valid() }
	switch {
	case fields[0] == "g" && len(fields) == 3 && known(fields[1]) && known(fields[2]):
		return nil
	case fields[0] == "p" && len(fields) == 5 && known(fields[1]) && (fields[2] == "organization" || fields[2] == "project") &&
		slices.Contains(Permissions, Permission(fields[3])) && (fields[4] == "allow" || fields[4] == "deny"):
		return nil
	}
	return errors.New("the authorization policy has a line that means nothing: " + line)
}

// Allows implements Authorizer.
func (p *Policy) Allows(g controlplane.Grant, permission Permission) bool {
	if g.Permissions != nil && !slices.Contains(g.Permissions, string(permission)) {
		return false
	}
	return p.allowed[question{g.Role, g.Whole(), permission}]
}
