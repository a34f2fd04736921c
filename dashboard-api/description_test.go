package dashboardapi

import (
	"encoding/json"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"turnkey/controlplane"
	"turnkey/controlplane/authz"
	"turnkey/internal/redact"
)

const (
	invitationDays = 7 * 24 * time.Hour
	tokenMinute    = time.Minute
)

// described is what we read of the OpenAPI document.
type described struct {
	OpenAPI string `json:"openapi"`
	Paths   map[string]map[string]struct {
		OperationID string `json:"operationId"`
		Summary     string `json:"summary"`
		Parameters  []struct {
			Name, In string
			Required bool
		} `json:"parameters"`
		Responses map[string]struct {
			Content map[string]struct {
				Schema struct {
					Ref string `json:"$ref"`
				} `json:"schema"`
			} `json:"content"`
		} `json:"responses"`
		Security []map[string][]string `json:"security"`
	} `json:"paths"`
	Components struct {
		Schemas map[string]any `json:"schemas"`
	} `json:"components"`
}

// TestOpenAPI: the served document is 3.1 and describes each route of the table and nothing else, with
// its parameters and errors, and every reference in it resolves.
func TestOpenAPI(t *testing.T) {
	h := newHouse(t)
	r := h.must(call{method: get, path: "/openapi.json"})
	var d described
	if err := json.Unmarshal(r.Body.Bytes(), &d); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(d.OpenAPI, "3.1") {
		t.Errorf("OpenAPI %s", d.OpenAPI)
	}
	count, ids := 0, map[string]bool{}
	for _, item := range d.Paths {
		count += len(item)
	}
	if count != len(h.api.table) {
		t.Errorf("%d operations for %d routes", count, len(h.api.table))
	}
	for _, rt := range h.api.table {
		op, ok := d.Paths[prefix+pathParameter.ReplaceAllString(rt.path, "{$1}")][strings.ToLower(rt.method)]
		line := rt.method + " " + rt.path
		if !ok || op.Summary == "" || op.OperationID == "" || ids[op.OperationID] {
			t.Errorf("%s is described as %+v", line, op)
		}
		ids[op.OperationID] = true
		named := map[string]bool{}
		for _, p := range op.Parameters {
			named[p.In+" "+p.Name] = true
		}
		for _, p := range parameters(rt.path) {
			if !named["path "+p] {
				t.Errorf("%s: {%s} is not described, so its handler does not get it", line, p)
			}
		}
		if rt.settings().ifMatch != named["header If-Match"] {
			t.Errorf("%s: If-Match described %v", line, named["header If-Match"])
		}
		if (rt.permission == authz.Public) != (len(op.Security) == 0) {
			t.Errorf("%s: security %v", line, op.Security)
		}
		if settles := rt.settings().settle != nil; settles && op.Responses["202"].Content["application/json"].Schema.Ref == "" {
			t.Errorf("%s: a pending answer is described as %+v", line, op.Responses["202"])
		}
		if op.Responses["default"].Content[problemType].Schema.Ref != "#/components/schemas/Problem" {
			t.Errorf("%s: errors are described as %+v", line, op.Responses["default"])
		}
	}
	log := d.Paths[prefix+"/instances/{instance}/logs"]["get"].Responses["200"].Content
	if log["application/json"].Schema.Ref != "#/components/schemas/PageLogEntry" || len(log) != 2 {
		t.Errorf("the log's two answers are described as %+v", log)
	}
	for _, ref := range regexp.MustCompile(`"#/components/schemas/([^"]+)"`).FindAllStringSubmatch(r.Body.String(), -1) {
		if d.Components.Schemas[ref[1]] == nil {
			t.Errorf("the schema %s is missing", ref[1])
		}
	}
}

// TestEventsHaveRoutes: each event of the catalogue is emitted by a route, but those that come from
// what runtimes report.
func TestEventsHaveRoutes(t *testing.T) {
	h := newHouse(t)
	emitted := map[controlplane.EventKind]bool{controlplane.DeploymentBraked: true}
	for _, rt := range h.api.table {
		emitted[rt.event] = true
	}
	for kind := range controlplane.Catalogue {
		if !emitted[kind] {
			t.Errorf("no route emits %s", kind)
		}
	}
}

// TestPagesLoad: the pages work without the internet: everything they name is ours, nothing is inline,
// and the policy would stop it otherwise.
func TestPagesLoad(t *testing.T) {
	h := newHouse(t, func(_ *controlplane.Config, c *Config) { c.Web = site })
	inline := regexp.MustCompile(`(?i)<script[^>]*>[^<]|<style|\son[a-z]+=|\sstyle=|javascript:`)
	for _, page := range []string{"//docs", "//docs/guides", "//docs/guides/quickstart", "//docs/guides/conflicts"} {
		r := h.must(call{method: get, path: page})
		if !strings.HasPrefix(r.Header().Get("Content-Type"), "text/html") || inline.MatchString(r.Body.String()) || strings.Contains(r.Body.String(), "{{") {
			t.Errorf("%s: %s", page, r.Body)
		}
		policy := r.Header().Get("Content-Security-Policy")
		if !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") || strings.Contains(policy, "http") || r.Header().Get("X-Frame-Options") != "DENY" {
			t.Errorf("%s: policy %s", page, policy)
		}
		for _, link := range regexp.MustCompile(`(?:src|href)="([^"]+)"`).FindAllStringSubmatch(r.Body.String(), -1) {
			if strings.HasPrefix(link[1], "#") {
				continue // on the page itself
			}
			if !strings.HasPrefix(link[1], "/") {
				t.Errorf("%s loads %s", page, link[1])
			} else if got := h.do(call{method: get, path: "/" + link[1]}); got.Code != 200 {
				t.Errorf("%s: %s answers %d", page, link[1], got.Code)
			}
		}
	}
	if icon, err := os.ReadFile("../web/app/src/icon.svg"); err != nil || h.must(call{method: get, path: "//assets/icon.svg"}).Body.String() != string(icon) {
		t.Error("these pages and the dashboard have different icons", err)
	}
	if r := h.do(call{method: get, path: "//docs/guides/none"}); r.Code != 404 {
		t.Errorf("a guide that is not there answers %d", r.Code)
	}
	for _, name := range []string{"docs.js", "guide.js"} {
		script := h.must(call{method: get, path: "//assets/" + name}).Body.String()
		if strings.Contains(script, "innerHTML") || strings.Contains(script, "eval(") || strings.Contains(script, "://") {
			t.Errorf("%s writes HTML or names another host", name)
		}
	}
}

// TestRefusesToStart: a configuration or a route that could not be right is an error, not a surprise.
func TestRefusesToStart(t *testing.T) {
	h := newHouse(t)
	for name, change := range map[string]func(*Config){
		"no plane":           func(c *Config) { c.Plane = nil },
		"no authorizer":      func(c *Config) { c.Authz = nil },
		"a short key":        func(c *Config) { c.Key = redact.New("short") },
		"http in production": func(c *Config) { c.BaseURL = "http://dashboard.example" },
		"no host":            func(c *Config) { c.BaseURL = "https://" },
		"a base with a path": func(c *Config) { c.BaseURL = "https://dashboard.example/x" },
		"another scheme":     func(c *Config) { c.BaseURL, c.Development = "ftp://dashboard.example", true },
	} {
		cfg := h.api.cfg
		change(&cfg)
		if _, err := New(cfg); err == nil || strings.Contains(err.Error(), "short key") {
			t.Errorf("%s: starts, or says %v", name, err)
		}
	}
	good := route{get, "/orgs/{org}", authz.OrganizationRead, inOrg, quiet, "x", handle(h.api.getOrganization), nil}
	for name, change := range map[string]func(*route){
		"no permission":                 func(r *route) { r.permission = "" },
		"a permission nobody has":       func(r *route) { r.permission = "organization:fly" },
		"a public route in a scope":     func(r *route) { r.permission = authz.Public },
		"a permission without a scope":  func(r *route) { r.scope = nowhere },
		"a scope that the path lacks":   func(r *route) { r.scope = inProject },
		"no handler":                    func(r *route) { r.handler = nil },
		"a GET that changes":            func(r *route) { r.event = controlplane.OrganizationUpdated },
		"an event not in the catalogue": func(r *route) { r.method, r.event = post, "organization.flown" },
		"a route that is there already": func(*route) {},
	} {
		fresh, err := build(h.api.cfg)
		if err != nil {
			t.Fatal(err)
		}
		bad := good
		change(&bad)
		fresh.table = append(fresh.table, bad)
		if _, err := fresh.handler(); err == nil {
			t.Errorf("%s: starts", name)
		}
	}
}

// TestDevelopment: over plain http on a developer's machine the cookie has a plain name and still hides from scripts.
func TestDevelopment(t *testing.T) {
	h := newHouse(t, func(_ *controlplane.Config, c *Config) {
		c.BaseURL, c.Development, c.Web = "http://localhost:8080", true, site
	})
	r := h.must(call{method: post, path: "/auth/signup", body: map[string]any{"email": "a@example.com", "password": testPassword}})
	c := sessionCookie(t, r)
	if c.Name != "turnkey_session" || c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || r.Header().Get("Strict-Transport-Security") != "" {
		t.Errorf("%+v", c)
	}
	if page := h.must(call{method: get, path: "//"}); !strings.Contains(page.Body.String(), `content="open true"`) {
		t.Errorf("the page: %s", page.Body)
	}
}
