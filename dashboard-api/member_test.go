package dashboardapi

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"turnkey/controlplane"
)

// team is one organization with a person of each role.
func team(h *house) (org string, by map[string]*person) {
	h.Helper()
	owner := h.signUp("owner")
	org = owner.Grants[0].Organization
	by = map[string]*person{"owner": owner}
	for _, role := range controlplane.Roles[1:] {
		p := h.signUp(string(role))
		h.join(p, org, role, nil)
		by[string(role)] = p
	}
	return org, by
}

// TestMembers: nobody acts on, or hands out, more than they hold; the last owner stays.
func TestMembers(t *testing.T) {
	h := newHouse(t)
	org, by := team(h)
	at := func(who string) string { return "/orgs/" + org + "/members/" + by[who].id }
	change := func(as, who, role string) call {
		return call{method: patch, path: at(who), as: by[as], body: map[string]any{"role": role}, header: map[string]string{"If-Match": `"v1"`}}
	}
	h.play(t, []scenario{
		{name: "an admin makes an owner", call: change("admin", "developer", "owner"), status: 403, code: "above_your_role"},
		{name: "an admin demotes the owner", call: change("admin", "owner", "viewer"), status: 403, code: "above_your_role"},
		{name: "an admin makes themselves owner", call: change("admin", "admin", "owner"), status: 403, code: "above_your_role"},
		{name: "a role that does not exist", call: change("owner", "viewer", "root"), status: 422, code: "invalid_request"},
		{name: "the last owner steps down", call: change("owner", "owner", "admin"), status: 409, code: "last_owner"},
		{name: "the last owner leaves", call: call{method: remove, path: at("owner"), as: by["owner"]}, status: 409, code: "last_owner"},
		{name: "an admin removes the owner", call: call{method: remove, path: at("owner"), as: by["admin"]}, status: 403, code: "above_your_role"},
		{name: "no projects", call: call{method: patch, path: at("viewer"), as: by["owner"], body: map[string]any{"role": "viewer", "projects": []string{}}, header: map[string]string{"If-Match": `"v1"`}}, status: 422, code: "no_projects"},
		{name: "a project that is not there", call: call{method: patch, path: at("viewer"), as: by["owner"], body: map[string]any{"role": "viewer", "projects": []string{elsewhere}}, header: map[string]string{"If-Match": `"v1"`}}, status: 422, code: "invalid_project"},
		{name: "promoted", call: change("admin", "viewer", "developer"), status: 200, has: []string{`"role":"developer"`, by["viewer"].email}, headers: map[string]string{"ETag": `"v2"`}},
		{name: "on the version before", call: change("admin", "viewer", "viewer"), status: 412, code: "version_mismatch"},
		{name: "a second owner", call: change("owner", "admin", "owner"), status: 200},
		{name: "now the first may go", call: call{method: remove, path: at("owner"), as: by["owner"]}, status: 204},
		{name: "and is a stranger at once", call: call{method: get, path: "/orgs/" + org, as: by["owner"]}, status: 404, code: "not_found"},
		{name: "to its lists, too", call: call{method: get, path: "/orgs/" + org + "/members", as: by["owner"]}, status: 404, code: "not_found", hasNot: []string{by["admin"].email}},
	})
}

// TestPeopleOfAProject: who works on one project only learns who the others on it are, by name, and nothing else of them.
func TestPeopleOfAProject(t *testing.T) {
	h := newHouse(t)
	org, by := team(h)
	project := func(name string) string {
		return h.must(call{method: post, path: "/orgs/" + org + "/projects", as: by["owner"], body: map[string]any{"name": name}}).text("id")
	}
	here, there := project("Here"), project("There")
	guest, stranger := h.signUp("guest"), h.signUp("stranger")
	h.join(guest, org, controlplane.Viewer, []string{here})
	h.join(stranger, org, controlplane.Owner, []string{there})
	at := "/projects/" + here + "/people"
	h.play(t, []scenario{
		{name: "whoever works on it", call: call{method: get, path: at, as: guest}, status: 200, has: []string{guest.id, by["owner"].id, `"developer"`}, hasNot: []string{stranger.id, by["owner"].email, "role"}},
		{name: "whoever works elsewhere", call: call{method: get, path: at, as: stranger}, status: 404, code: "not_found"},
		{name: "the organization's members stay its own", call: call{method: get, path: "/orgs/" + org + "/members", as: guest}, status: 403, code: "forbidden"},
	})
	first := h.must(call{method: get, path: at + "?limit=1", as: guest})
	if next := first.text("next_cursor"); next == "" {
		t.Errorf("a page of one of five has no next: %s", first.Body)
	}
}

// TestTwoOwnersRemoveEachOther: one of them stays, whatever the timing.
func TestTwoOwnersRemoveEachOther(t *testing.T) {
	h := newHouse(t)
	for range 5 {
		ann, bob := h.signUp("ann"), h.signUp("bob")
		org := ann.Grants[0].Organization
		h.join(bob, org, controlplane.Owner, nil)
		var wg sync.WaitGroup
		codes := make(chan int, 2)
		for _, pair := range [][2]*person{{ann, bob}, {bob, ann}} {
			wg.Go(func() {
				codes <- h.do(call{method: remove, path: "/orgs/" + org + "/members/" + pair[1].id, as: pair[0]}).Code
			})
		}
		wg.Wait()
		first, second := <-codes, <-codes
		if (first == http.StatusNoContent) == (second == http.StatusNoContent) {
			t.Errorf("answers %d and %d: want one removal", first, second)
		}
		var owners int
		if err := h.audit.QueryRow(t.Context(), `SELECT count(*) FROM members WHERE organization_id = $1 AND role = 'owner'`, org).Scan(&owners); err != nil || owners != 1 {
			t.Errorf("%d owners are left, %v", owners, err)
		}
	}
}

// TestInvitations: the string and the address together let one person in, once.
func TestInvitations(t *testing.T) {
	h := newHouse(t)
	org, by := team(h)
	guest, thief := h.signUp("guest"), h.signUp("thief")
	invite := func(as, email, role string) call {
		return call{method: post, path: "/orgs/" + org + "/invitations", as: by[as], body: map[string]any{"email": email, "role": role}}
	}
	accept := func(as *person, token string) call {
		return call{method: post, path: "/invitations/accept", as: as, body: map[string]any{"token": token}}
	}
	first := h.must(invite("admin", strings.ToUpper(guest.email), "developer"))
	token := first.text("token")
	h.play(t, []scenario{
		{name: "an admin invites an owner", call: invite("admin", "x@example.com", "owner"), status: 403, code: "above_your_role"},
		{name: "not an address", call: invite("admin", "x", "viewer"), status: 422, code: "invalid_email"},
		{name: "the list does not show the string", call: call{method: get, path: "/orgs/" + org + "/invitations", as: by["admin"]}, status: 200, has: []string{first.text("id")}, hasNot: []string{token, `"token"`}},
		{name: "somebody else with the string", call: accept(thief, token), status: 404, code: "invitation_not_found"},
		{name: "a cut string", call: accept(guest, token[:len(token)-1]), status: 404, code: "invitation_not_found"},
		{name: "the guest", call: accept(guest, token), status: 200, has: []string{org, `"developer"`}, hasNot: []string{token}},
		{name: "the guest again", call: accept(guest, token), status: 404, code: "invitation_not_found"},
		{name: "the guest is in", call: call{method: get, path: "/orgs/" + org + "/members", as: guest}, status: 200, has: []string{guest.email}},
		{name: "used up, so it cannot be revoked", call: call{method: remove, path: "/orgs/" + org + "/invitations/" + first.text("id"), as: by["admin"]}, status: 404, code: "not_found"},
	})
	again := h.must(invite("admin", guest.email, "viewer"))
	revoked := h.must(invite("admin", thief.email, "viewer"))
	h.must(call{method: remove, path: "/orgs/" + org + "/invitations/" + revoked.text("id"), as: by["admin"]})
	late := h.must(invite("admin", thief.email, "viewer"))
	h.play(t, []scenario{
		{name: "a member already", call: accept(guest, again.text("token")), status: 409, code: "already_member"},
		{name: "revoked", call: accept(thief, revoked.text("token")), status: 404, code: "invitation_not_found"},
	})
	h.clock.advance(invitationDays)
	h.relogin(thief)
	h.play(t, []scenario{{name: "too late", call: accept(thief, late.text("token")), status: 404, code: "invitation_not_found"}})
}

// TestTokens: at most their creator's role, now and later; dead when cut, revoked, expired, or when the
// creator or the organization is gone.
func TestTokens(t *testing.T) {
	h := newHouse(t)
	org, by := team(h)
	path := "/orgs/" + org + "/tokens"
	create := func(as string, body map[string]any) call {
		body["name"] = "ci"
		return call{method: post, path: path, as: by[as], body: body}
	}
	h.play(t, []scenario{
		{name: "above the creator", call: create("developer", map[string]any{"role": "admin"}), status: 403, code: "above_your_role"},
		{name: "a permission that does not exist", call: create("developer", map[string]any{"role": "viewer", "permissions": []string{"organization:*"}}), status: 422, code: "invalid_permission"},
		{name: "for ever", call: create("developer", map[string]any{"role": "viewer", "expires_in": 400 * 86400}), status: 422, code: "invalid_request"},
		{name: "a project that is not there", call: create("developer", map[string]any{"role": "viewer", "projects": []string{elsewhere}}), status: 422, code: "invalid_project"},
	})
	made := h.must(create("admin", map[string]any{"role": "admin"}))
	script := &person{bearer: made.text("token")}
	list := call{method: get, path: "/orgs/" + org + "/members", as: script}
	if r := h.must(call{method: get, path: path, as: by["developer"]}); strings.Contains(r.Body.String(), script.bearer) || !strings.Contains(r.Body.String(), made.text("id")) {
		t.Errorf("the list: %s", r.Body)
	}
	for i := range script.bearer {
		if r := h.do(call{method: get, path: list.path, as: &person{bearer: script.bearer[:i]}}); r.Code != 401 {
			t.Fatalf("a token cut to %d characters: %d", i, r.Code)
		}
	}
	narrow := h.must(create("admin", map[string]any{"role": "admin", "permissions": []string{"member:read"}}))
	h.play(t, []scenario{
		{name: "works", call: list, status: 200, has: []string{by["owner"].email}},
		{name: "is not a person", call: call{method: post, path: "/orgs", as: script, body: map[string]any{"name": "x"}}, status: 403, code: "person_required"},
		{name: "says who it is", call: call{method: get, path: "/auth/me", as: script}, status: 200, has: []string{made.text("id"), by["admin"].id}},
		{name: "narrowed: what it may", call: call{method: get, path: list.path, as: &person{bearer: narrow.text("token")}}, status: 200},
		{name: "narrowed: what it may not", call: call{method: get, path: "/orgs/" + org, as: &person{bearer: narrow.text("token")}}, status: 403, code: "forbidden"},
		{name: "a token makes no wider token", call: call{method: post, path: path, as: &person{bearer: h.must(create("admin", map[string]any{"role": "admin", "permissions": []string{"token:write"}})).text("token")},
			body: map[string]any{"name": "x", "role": "admin"}}, status: 403, code: "above_your_role"},
		{name: "a developer revokes an admin's token", call: call{method: remove, path: path + "/" + made.text("id"), as: by["developer"]}, status: 403, code: "above_your_role"},
	})
	var used bool
	if err := h.audit.QueryRow(t.Context(), `SELECT last_used_at IS NOT NULL AND position($2::bytea in token_hash) = 0 FROM tokens WHERE id = $1`, made.text("id"), []byte(script.bearer)).Scan(&used); err != nil || !used {
		t.Errorf("last used: %v, %v", used, err)
	}

	demote := h.must(call{method: patch, path: "/orgs/" + org + "/members/" + by["admin"].id, as: by["owner"], body: map[string]any{"role": "viewer"}, header: map[string]string{"If-Match": `"v1"`}})
	h.play(t, []scenario{
		{name: "its creator is demoted: it still reads", call: list, status: 200},
		{name: "and no longer writes", call: call{method: post, path: "/orgs/" + org + "/invitations", as: script, body: map[string]any{"email": "x@example.com", "role": "viewer"}}, status: 403, code: "forbidden"},
	})
	if demote.text("role") != "viewer" {
		t.Errorf("demoted: %s", demote.Body)
	}
	h.must(call{method: remove, path: "/orgs/" + org + "/members/" + by["admin"].id, as: by["owner"]})
	owners := h.must(create("owner", map[string]any{"role": "owner", "expires_in": 60}))
	revoked := h.must(create("owner", map[string]any{"role": "owner"}))
	h.must(call{method: remove, path: path + "/" + revoked.text("id"), as: by["owner"]})
	last := h.must(create("owner", map[string]any{"role": "owner"}))
	h.play(t, []scenario{
		{name: "its creator left", call: list, status: 401, code: "unauthenticated"},
		{name: "revoked", call: call{method: get, path: list.path, as: &person{bearer: revoked.text("token")}}, status: 401, code: "unauthenticated"},
		{name: "revoked twice", call: call{method: remove, path: path + "/" + revoked.text("id"), as: by["owner"]}, status: 404, code: "not_found"},
		{name: "before it expires", call: call{method: get, path: list.path, as: &person{bearer: owners.text("token")}}, status: 200},
	})
	h.clock.advance(tokenMinute)
	h.play(t, []scenario{
		{name: "expired", call: call{method: get, path: list.path, as: &person{bearer: owners.text("token")}}, status: 401, code: "unauthenticated"},
		{name: "the organization goes", call: call{method: remove, path: "/orgs/" + org, as: &person{bearer: last.text("token")}}, status: 204},
		{name: "and the token with it", call: call{method: get, path: list.path, as: &person{bearer: last.text("token")}}, status: 401, code: "unauthenticated"},
		{name: "its owner sees nothing of it", call: call{method: get, path: "/orgs", as: by["owner"]}, status: 200, hasNot: []string{org}},
	})
}

// TestAuditLog: filtered, newest first, with what changed and without secrets.
func TestAuditLog(t *testing.T) {
	h := newHouse(t)
	org, by := team(h)
	path := "/orgs/" + org + "/audit-events"
	h.must(call{method: patch, path: "/orgs/" + org, as: by["admin"], body: map[string]any{"name": "New name"}, header: map[string]string{"If-Match": `"v1"`}})
	token := h.must(call{method: post, path: "/orgs/" + org + "/tokens", as: by["developer"], body: map[string]any{"name": "ci", "role": "viewer"}})
	h.play(t, []scenario{
		{name: "everything", call: call{method: get, path: path, as: by["owner"]}, status: 200, has: []string{"account.created", "organization.updated", "token.created", `"to":"New name"`, "[redacted]", `"203.0.113.7"`}, hasNot: []string{token.text("token"), testPassword}},
		{name: "by kind", call: call{method: get, path: path + "?kind=token.created", as: by["owner"]}, status: 200, has: []string{token.text("id")}, hasNot: []string{"organization.updated"}},
		{name: "by person", call: call{method: get, path: path + "?user_id=" + by["admin"].id, as: by["owner"]}, status: 200, has: []string{"organization.updated"}, hasNot: []string{"token.created"}},
		{name: "by target", call: call{method: get, path: path + "?target=" + token.text("id"), as: by["owner"]}, status: 200, has: []string{"token.created"}, hasNot: []string{"organization.updated"}},
		{name: "since later", call: call{method: get, path: path + "?since=2030-01-01T00:00:00Z", as: by["owner"]}, status: 200, has: []string{`"data":[]`}},
		{name: "until earlier", call: call{method: get, path: path + "?until=2020-01-01T00:00:00Z", as: by["owner"]}, status: 200, has: []string{`"data":[]`}},
		{name: "a time that is none", call: call{method: get, path: path + "?since=yesterday", as: by["owner"]}, status: 422, code: "invalid_request"},
		{name: "not for developers", call: call{method: get, path: path, as: by["developer"]}, status: 403, code: "forbidden", hasNot: []string{"New name"}},
	})
	r := h.must(call{method: get, path: path + "?limit=1", as: by["owner"]})
	newest := r.json["data"].([]any)[0].(map[string]any)
	if newest["kind"] != "token.created" || r.json["next_cursor"] == nil {
		t.Errorf("the newest: %s", r.Body)
	}
	older := h.must(call{method: get, path: path + "?limit=1&cursor=" + r.text("next_cursor"), as: by["owner"]})
	if !strings.Contains(older.Body.String(), "organization.updated") {
		t.Errorf("the one before: %s", older.Body)
	}
	if err := h.plane.Audit.Verify(t.Context(), org); err != nil {
		t.Errorf("the chain: %v", err)
	}
}
