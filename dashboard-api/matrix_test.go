package dashboardapi

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"turnkey/controlplane"
	"turnkey/controlplane/authz"
)

// asker is one column of the matrix: somebody of a kind, and what they are.
type asker struct {
	name string
	make func(h *house, t *tenant) *person
	// known is false for those who prove nothing; grant is what the others hold in the tenant, nil for strangers.
	known  bool
	script bool
	grant  *controlplane.Grant
}

// elsewhere is a project that no tenant has; scoped members hold it where there is no real one.
const elsewhere = "prj_0000000000000000000000000"

func (t *tenant) project() []string {
	if id := t.ids["project"]; id != "" {
		return []string{id}
	}
	return []string{elsewhere}
}

func askers() []asker {
	list := []asker{
		{name: "anonymous", make: func(*house, *tenant) *person { return nil }},
		{name: "expired token", make: func(h *house, t *tenant) *person {
			p := h.token(t.owner, t.ids["org"], controlplane.NewToken{Role: controlplane.Owner, Life: time.Second})
			h.clock.advance(2 * time.Second)
			return p
		}},
		{name: "revoked token", make: func(h *house, t *tenant) *person {
			p := h.token(t.owner, t.ids["org"], controlplane.NewToken{Role: controlplane.Owner})
			if err := h.plane.Tokens.Revoke(h.Context(), t.owner.Actor, t.ids["org"], p.id); err != nil {
				h.Fatal(err)
			}
			return p
		}},
		{name: "other tenant's owner", known: true, make: func(h *house, _ *tenant) *person { return h.signUp("stranger") }},
		{name: "other tenant's token", known: true, script: true, make: func(h *house, _ *tenant) *person {
			p := h.signUp("stranger")
			return h.token(p, p.Grants[0].Organization, controlplane.NewToken{Role: controlplane.Owner})
		}},
		{name: "member of another project", known: true, grant: &controlplane.Grant{Role: controlplane.Owner, Projects: []string{elsewhere}}, make: func(h *house, t *tenant) *person {
			p := h.signUp("neighbour")
			h.join(p, t.ids["org"], controlplane.Owner, []string{elsewhere})
			return p
		}},
	}
	for _, role := range controlplane.Roles {
		list = append(list,
			asker{name: string(role), known: true, grant: &controlplane.Grant{Role: role}, make: func(h *house, t *tenant) *person {
				p := h.signUp(string(role))
				h.join(p, t.ids["org"], role, nil)
				return p
			}},
			asker{name: string(role) + " of the project", known: true, grant: &controlplane.Grant{Role: role, Projects: []string{"own"}}, make: func(h *house, t *tenant) *person {
				p := h.signUp("scoped " + string(role))
				h.join(p, t.ids["org"], role, t.project())
				return p
			}},
			asker{name: string(role) + "'s token", known: true, script: true, grant: &controlplane.Grant{Role: role}, make: func(h *house, t *tenant) *person {
				return h.token(t.owner, t.ids["org"], controlplane.NewToken{Role: role})
			}})
	}
	return list
}

// which says whose thing a path parameter names.
type which string

const (
	own     which = "own"
	other   which = "other tenant's"
	missing which = "missing"
	random  which = "random"
)

// cell is one request of the matrix.
type cell struct {
	rt    route
	ask   asker
	param string // the one that is not own; empty: all are
	which which
}

func (c cell) String() string {
	return fmt.Sprintf("%s %s as %s, %s %s", c.rt.method, c.rt.path, c.ask.name, c.which, c.param)
}

// want computes the one right status class from the permission column.
func (c cell) want(policy authz.Authorizer) string {
	switch {
	case c.rt.settings().navigation: // a browser is sent on, in any case
		return "303"
	case c.rt.permission == authz.Public:
		return "2xx"
	case !c.ask.known:
		return "401"
	case c.rt.permission == authz.Person && c.ask.script:
		return "403"
	case (c.rt.permission == authz.SignedIn || c.rt.permission == authz.Person) && c.which != own:
		return "404" // what is somebody else's, or nobody's
	case c.rt.permission == authz.SignedIn || c.rt.permission == authz.Person:
		return "2xx"
	case c.ask.grant == nil || c.param == string(c.rt.scope):
		return "404"
	case c.rt.scope != inOrg && c.ask.grant.Projects != nil && c.ask.grant.Projects[0] == elsewhere:
		return "404"
	case !policy.Allows(*c.ask.grant, c.rt.permission):
		return "403"
	case c.which != own:
		return "404"
	}
	return "2xx"
}

// stage is a tenant with the askers that belong to it.
type stage struct {
	*tenant
	people map[string]*person
}

// who gives the asker, made once per stage.
func (s *stage) who(h *house, ask asker) *person {
	p, made := s.people[ask.name]
	if !made {
		p = ask.make(h, s.tenant)
		s.people[ask.name] = p
	}
	return p
}

// TestMatrix sends every route of the table as everybody with everything that its path can name.
// Refusals share one tenant: they leave it as it was, which the events prove. What changes something
// works on a tenant of its route, and what can happen only once on one of its own.
func TestMatrix(t *testing.T) {
	h := newHouse(t)
	bodies, perishable := fixtureBodies()
	newStage := func(name string) *stage { return &stage{h.newTenant(name), map[string]*person{}} }
	shared, foreign := newStage("shared"), h.newTenant("foreign")
	cells, refused := 0, 0
	for _, rt := range h.api.table {
		line := rt.method + " " + rt.path
		body, listed := bodies[line]
		if !listed && (rt.method == post || rt.method == put || rt.method == patch) {
			t.Errorf("%s: no fixture has a body for it", line)
			continue
		}
		var ofRoute *stage
		for _, ask := range askers() {
			for _, c := range variants(rt, ask) {
				want := c.want(h.api.cfg.Authz)
				at := shared
				switch {
				case want == "2xx" && (rt.method == remove || perishable[line]):
					at = newStage("once")
				case want == "2xx" && rt.mutates():
					if ofRoute == nil {
						ofRoute = newStage("of the route")
					}
					at = ofRoute
				}
				request := call{method: rt.method, as: at.who(h, ask), header: map[string]string{}}
				if body != nil {
					request.body = body(h, at.tenant, request.as)
				}
				var ok bool
				if request.path, ok = fill(h, c, at.tenant, foreign); !ok {
					continue
				}
				if rt.settings().ifMatch {
					request.header["If-Match"] = currentETag(h, rt, at.tenant)
				}
				before := h.lastEvent()
				got := h.do(request)
				cells++
				if !matches(got.Code, want) {
					t.Errorf("%v: got %d, want %s: %s", c, got.Code, want, got.Body)
				}
				h.checkEvents(c, want, got, before)
				if want != "2xx" {
					refused++
					h.checkRefusal(c, got, foreign)
				}
			}
		}
	}
	t.Logf("%d cells over %d routes, %d of them refusals", cells, len(h.api.table), refused)
}

// variants lists the cells of a route for one asker.
func variants(rt route, ask asker) []cell {
	list := []cell{{rt, ask, "", own}}
	for n, p := range parameters(rt.path) {
		if rt.method == put && n > 0 && n == len(parameters(rt.path))-1 {
			continue // a PUT makes what it names
		}
		for _, w := range []which{other, missing, random} {
			list = append(list, cell{rt, ask, p, w})
		}
	}
	return list
}

// fill puts ids into the path. A parameter that no fixture knows fails the matrix.
func fill(h *house, c cell, own, foreign *tenant) (string, bool) {
	path := pathParameter.ReplaceAllString(c.rt.path, "{$1}")
	for _, p := range parameters(c.rt.path) {
		id, known := own.ids[p]
		if !known {
			h.Errorf("%v: no fixture has an id for {%s}", c, p)
			return "", false
		}
		if p == c.param {
			switch c.which {
			case other:
				// A name or number can be the same at another tenant; then there is nothing to confuse.
				if foreign.ids[p] == id {
					return "", false
				}
				id = foreign.ids[p]
			case missing:
				kind, _, prefixed := strings.Cut(id, "_")
				if id = kind + "_0" + strings.Repeat("1", 25); !prefixed {
					id = "999999"
				}
			case random:
				id = "nonsense';--"
			}
		}
		path = strings.ReplaceAll(path, "{"+p+"}", id)
	}
	return path, true
}

func currentETag(h *house, rt route, t *tenant) string {
	path := rt.path
	for p, id := range t.ids {
		path = strings.ReplaceAll(path, "{"+p+"}", id)
	}
	return h.do(call{method: get, path: path, as: t.owner}).Header().Get("ETag")
}

func matches(code int, want string) bool {
	return want == "2xx" && code >= 200 && code < 300 || fmt.Sprint(code) == want
}

// checkEvents: a route that changes something leaves exactly the event of its line, everything else none.
func (h *house) checkEvents(c cell, want string, got reply, before string) {
	h.Helper()
	added := h.events(before)
	if want != "2xx" || !c.rt.mutates() || got.Code >= 300 {
		if len(added) != 0 {
			h.Errorf("%v: left %d events, want none", c, len(added))
		}
		return
	}
	if len(added) != 1 || added[0].Kind != c.rt.event {
		h.Errorf("%v: left %d events (%v), want one %s", c, len(added), added, c.rt.event)
		return
	}
	if id := got.Header().Get(requestIDHeader); added[0].RequestID != id || added[0].IP != "203.0.113.7" {
		h.Errorf("%v: the event says request %s from %s, want %s", c, added[0].RequestID, added[0].IP, id)
	}
	if text := string(added[0].Changes); strings.Contains(text, "tk_") || strings.Contains(text, "ti_") || strings.Contains(text, testPassword) {
		h.Errorf("%v: the event holds a secret: %s", c, text)
	}
}

// checkRefusal: every refusal is a problem document and says nothing of the other tenant.
func (h *house) checkRefusal(c cell, got reply, foreign *tenant) {
	h.Helper()
	if c.rt.settings().navigation { // there is nothing to come back from: a page says so
		if !strings.HasPrefix(got.Header().Get("Location"), "/signin?error=") {
			h.Errorf("%v: goes on to %s", c, got.Header().Get("Location"))
		}
		return
	}
	if got.Header().Get("Content-Type") != problemType || got.text("code") == "" || got.text("request_id") != got.Header().Get(requestIDHeader) || got.json["status"] != float64(got.Code) {
		h.Errorf("%v: not a problem document: %v %s", c, got.Header(), got.Body)
	}
	for p, id := range foreign.ids {
		if strings.Contains(id, "_") && strings.Contains(got.Body.String(), id) {
			h.Errorf("%v: the refusal shows the other tenant's %s: %s", c, p, got.Body)
		}
	}
	if got.Code == http.StatusUnauthorized && got.Header().Get("WWW-Authenticate") == "" {
		h.Errorf("%v: 401 without WWW-Authenticate", c)
	}
}
