package authz

import (
	"strings"
	"sync"
	"testing"

	"turnkey/controlplane"
)

// table is the policy as people agreed on it, apart from policy.csv: O owner, A admin, D developer,
// V viewer of the whole organization; lower case: of named projects.
var table = map[Permission]string{
	OrganizationRead:   "OADVoadv",
	OrganizationWrite:  "OA",
	OrganizationDelete: "O",
	MemberRead:         "OADV",
	MemberWrite:        "OA",
	TokenRead:          "OAD",
	TokenWrite:         "OAD",
	AuditRead:          "OA",
	AlertRead:          "OADV",
	AlertWrite:         "OA",
	ExportRead:         "OADV",
	ExportWrite:        "OA",

	ProjectRead:     "OADVoadv",
	ProjectCreate:   "OAD",
	ProjectWrite:    "OADoad",
	ProjectDelete:   "OA",
	InstanceRead:    "OADVoadv",
	InstanceWrite:   "OADoad",
	InstanceDelete:  "OAoa",
	ConfigWrite:     "OADoad",
	SecretWrite:     "OADoad",
	SourceTest:      "OADoad",
	DeploymentWrite: "OADoad",
	KeyWrite:        "OAoa",
	DevTokenCreate:  "OADoad",
	RejectionRead:   "OADVoadv",
	RejectionWrite:  "OADoad",
	RejectionForce:  "OAoa",
	DeliveryRead:    "OADVoadv",
	DeliveryWrite:   "OADoad",
	ConflictRead:    "OADVoadv",
	ConflictWrite:   "OADoad",
	ConflictForce:   "OAoa",
	RehearsalRun:    "OADoad",
	LogRead:         "OADVoadv",
	MetricRead:      "OADVoadv",
	UserErase:       "OAoa",
}

var letters = map[controlplane.Role]string{controlplane.Owner: "O", controlplane.Admin: "A", controlplane.Developer: "D", controlplane.Viewer: "V"}

func TestPolicy(t *testing.T) {
	policy, err := New()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range Permissions {
		holders, agreed := table[p]
		if !agreed {
			t.Errorf("nobody agreed on who may %s: add it to the table", p)
		}
		for role, letter := range letters {
			for _, g := range []controlplane.Grant{{Role: role}, {Role: role, Projects: []string{"prj_a"}}} {
				want := letter
				if g.Projects != nil {
					want = strings.ToLower(letter)
				}
				if got := policy.Allows(g, p); got != strings.Contains(holders, want) {
					t.Errorf("%s (projects %v) may %s: %v", role, g.Projects, p, got)
				}
			}
		}
	}
}

// TestDenied: what is not said is no; nothing matches by pattern.
func TestDenied(t *testing.T) {
	policy, err := New()
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range []controlplane.Grant{{}, {Role: "root"}, {Role: "*"}, {Role: "Owner"}} {
		for _, p := range Permissions {
			if policy.Allows(g, p) {
				t.Errorf("the role %q may %s", g.Role, p)
			}
		}
	}
	owner := controlplane.Grant{Role: controlplane.Owner}
	for _, p := range []Permission{"", "*", "organization:*", "organization:read ", Public, SignedIn, Person} {
		if policy.Allows(owner, p) {
			t.Errorf("an owner may %q", p)
		}
	}
	owner.Permissions = []string{string(MemberRead)}
	if policy.Allows(owner, OrganizationRead) || !policy.Allows(owner, MemberRead) {
		t.Error("a narrowed grant is not narrow")
	}
	owner.Permissions = []string{}
	if policy.Allows(owner, MemberRead) {
		t.Error("a grant narrowed to nothing allows something")
	}
}

// TestEmptyPolicy and a deny line: the effect is some(allow) && !some(deny).
func TestEmptyPolicy(t *testing.T) {
	empty, err := parse(modelText, "")
	if err != nil {
		t.Fatal(err)
	}
	denying, err := parse(modelText, policyText+"\np, viewer, project, organization:read, deny\n")
	if err != nil {
		t.Fatal(err)
	}
	for _, role := range controlplane.Roles {
		for _, p := range Permissions {
			if empty.Allows(controlplane.Grant{Role: role}, p) {
				t.Errorf("an empty policy lets %s %s", role, p)
			}
		}
		if denying.Allows(controlplane.Grant{Role: role}, OrganizationRead) {
			t.Errorf("a deny does not win for %s", role)
		}
	}
}

func TestBadPolicy(t *testing.T) {
	for _, line := range []string{
		"p, viewer, project, organisation:read, allow", "p, root, project, organization:read, allow", "p, viewer, everywhere, organization:read, allow",
		"p, viewer, project, organization:read", "p, viewer, project, organization:read, perhaps", "g, viewer, root", "x", "p, viewer, project, *, allow",
	} {
		if _, err := parse(modelText, line); err == nil {
			t.Errorf("takes %q", line)
		}
	}
	if _, err := parse("[nonsense", ""); err == nil {
		t.Error("takes a broken model")
	}
}

func TestConcurrentUse(t *testing.T) {
	policy, err := New()
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 10_000 {
				if policy.Allows(controlplane.Grant{Role: controlplane.Viewer}, OrganizationDelete) || !policy.Allows(controlplane.Grant{Role: controlplane.Owner}, OrganizationDelete) {
					t.Error("a wrong answer under load")
					return
				}
			}
		})
	}
	wg.Wait()
}
