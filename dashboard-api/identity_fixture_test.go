package dashboardapi

import (
	"crypto/rand"

	"turnkey/controlplane"
)

// identityFixture is a member, an invitation and a token that tests may change and remove.
var identityFixture = fixture{
	build: func(h *house, t *tenant) {
		h.Helper()
		victim := h.signUp("victim")
		h.join(victim, t.ids["org"], controlplane.Viewer, nil)
		t.ids["user"] = victim.id
		inv, _, err := h.plane.Invitations.Create(h.Context(), t.owner.Actor, t.ids["org"], "invited@example.com", controlplane.Viewer, nil)
		if err != nil {
			h.Fatal(err)
		}
		t.ids["invitation"] = inv.ID
		t.ids["token"] = h.token(t.owner, t.ids["org"], controlplane.NewToken{Role: controlplane.Viewer}).id
	},
	bodies: map[string]func(h *house, t *tenant, as *person) any{
		"POST /auth/signup": func(*house, *tenant, *person) any {
			return map[string]any{"email": rand.Text() + "@example.com", "password": testPassword}
		},
		"POST /auth/login": func(_ *house, t *tenant, _ *person) any {
			return map[string]any{"email": t.owner.email, "password": testPassword}
		},
		"POST /auth/logout":                nil,
		"POST /orgs":                       func(*house, *tenant, *person) any { return map[string]any{"name": "Another"} },
		"PATCH /orgs/{org}":                func(*house, *tenant, *person) any { return map[string]any{"name": "Renamed"} },
		"PATCH /orgs/{org}/members/{user}": func(*house, *tenant, *person) any { return map[string]any{"role": "viewer"} },
		"POST /orgs/{org}/invitations": func(*house, *tenant, *person) any {
			return map[string]any{"email": "somebody@example.com", "role": "viewer"}
		},
		"POST /invitations/accept": func(h *house, _ *tenant, as *person) any {
			host := h.signUp("host")
			email := "nobody@example.com"
			if as != nil && as.email != "" {
				email = as.email
			}
			_, secret, err := h.plane.Invitations.Create(h.Context(), host.Actor, host.Grants[0].Organization, email, controlplane.Viewer, nil)
			if err != nil {
				h.Fatal(err)
			}
			return map[string]any{"token": secret.Reveal()}
		},
		"POST /orgs/{org}/tokens": func(*house, *tenant, *person) any { return map[string]any{"name": "ci", "role": "viewer"} },
	},
}
