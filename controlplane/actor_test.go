package controlplane

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func grants() *rapid.Generator[Grant] {
	return rapid.Custom(func(t *rapid.T) Grant {
		g := Grant{Organization: "org_a", Role: rapid.SampledFrom(Roles).Draw(t, "role")}
		some := func(name string, all ...string) []string {
			if rapid.Bool().Draw(t, name+" all") {
				return nil
			}
			return rapid.SliceOfNDistinct(rapid.SampledFrom(all), 0, len(all), rapid.ID[string]).Draw(t, name)
		}
		g.Projects, g.Permissions = some("projects", "p", "q"), some("permissions", "x", "y")
		return g
	})
}

// TestWithin: a token is never more than its creator, nor more than itself.
func TestWithin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := grants().Draw(t, "a"), grants().Draw(t, "b")
		both := a.Within(b)
		if !a.Covers(both) || !b.Covers(both) {
			t.Fatalf("%+v within %+v is %+v, which is more", a, b, both)
		}
		for _, project := range []string{"p", "q", "r"} {
			if both.Reaches(project) != (a.Reaches(project) && b.Reaches(project)) {
				t.Fatalf("%+v within %+v reaches %s: %v", a, b, project, both.Reaches(project))
			}
		}
	})
}

func TestCovers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := grants().Draw(t, "a"), grants().Draw(t, "b")
		if !a.Covers(a) {
			t.Fatalf("%+v does not cover itself", a)
		}
		foreign := b
		foreign.Organization = "org_b"
		if a.Covers(foreign) || a.Covers(Grant{Organization: "org_a", Role: "root"}) || a.Covers(Grant{Organization: "org_a"}) {
			t.Fatalf("%+v covers another organization or a role that does not exist", a)
		}
		if a.Covers(b) && (slices.Index(Roles, b.Role) < slices.Index(Roles, a.Role) || a.Projects != nil && b.Projects == nil) {
			t.Fatalf("%+v covers %+v", a, b)
		}
	})
	if (Grant{}).Covers(Grant{Organization: "org_a", Role: Viewer}) {
		t.Error("nothing covers something")
	}
}

func TestExceeds(t *testing.T) {
	for i, a := range Roles {
		for j, b := range Roles {
			if a.Exceeds(b) != (i < j) {
				t.Errorf("%s exceeds %s: %v", a, b, a.Exceeds(b))
			}
		}
	}
	if !Role("root").Exceeds(Owner) || Role("root").Valid() || !Viewer.Exceeds("root") {
		t.Error("a role that does not exist is ranked")
	}
}
