package dashboardapi

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"turnkey/controlplane"
)

// site is a small built dashboard.
var site = fstest.MapFS{
	"index.html":            {Data: []byte(`<meta name="csp-nonce" content="{{NONCE}}"><meta name="s" content="{{SIGNUP}} {{DEVELOPMENT}}"><script type="module" src="/static/index-a1.js"></script>`)},
	"static/index-a1.js":    {Data: []byte("plain text of the script")},
	"static/index-a1.js.gz": {Data: []byte("packed")},
	"secret.txt":            {Data: []byte("not for browsers")},
}

// browse asks as a browser would.
func browse(h http.Handler, method, path string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "https://dashboard.example"+path, http.NoBody)
	for n := 0; n+1 < len(header); n += 2 {
		r.Header.Set(header[n], header[n+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// TestDashboard: every address that is not the API's opens the one page, under a policy whose nonce is
// new for each answer; files are kept for ever; the API's own unknown addresses stay problems.
func TestDashboard(t *testing.T) {
	house := newHouse(t, func(_ *controlplane.Config, c *Config) { c.Web = site })
	h, err := New(house.api.cfg)
	if err != nil {
		t.Fatal(err)
	}
	const html = "text/html,application/xhtml+xml,*/*;q=0.8"
	for name, c := range map[string]struct {
		method, path, accept, encoding string
		status                         int
		has, kind, cache               string
	}{
		"the start":                       {get, "/", html, "", 200, "open false", "text/html", "no-store"},
		"the start, for curl":             {get, "/", "*/*", "", 200, "index-a1.js", "text/html", "no-store"},
		"a deep link":                     {get, "/instances/ins_1/logs?level=error", html, "", 200, "index-a1.js", "text/html", "no-store"},
		"a deep link, head only":          {http.MethodHead, "/orgs/org_1", html, "", 200, "", "text/html", "no-store"},
		"an unknown address of the API":   {get, "/api/v1/nothing", html, "", 404, "no_such_route", problemType, ""},
		"an unknown address, for scripts": {get, "/nothing", "application/json", "", 404, "no_such_route", problemType, ""},
		"a post elsewhere":                {post, "/orgs/org_1", html, "", 404, "no_such_route", problemType, ""},
		"a file":                          {get, "/static/index-a1.js", "*/*", "", 200, "plain text", "text/javascript", "immutable"},
		"a packed file":                   {get, "/static/index-a1.js", "*/*", "gzip, br", 200, "packed", "text/javascript", "immutable"},
		"a file that is not there":        {get, "/static/none.js", "*/*", "", 404, "no_such_route", problemType, ""},
		"a file outside":                  {get, "/static/../secret.txt", "*/*", "", 404, "no_such_route", problemType, ""},
		"a file of the root":              {get, "/secret.txt", "*/*", "", 404, "no_such_route", problemType, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := browse(h, c.method, c.path, "Accept", c.accept, "Accept-Encoding", c.encoding)
			if w.Code != c.status || !strings.Contains(w.Body.String(), c.has) || !strings.HasPrefix(w.Header().Get("Content-Type"), c.kind) || !strings.Contains(w.Header().Get("Cache-Control"), c.cache) {
				t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
			}
			if strings.Contains(w.Body.String(), "{{") || strings.Contains(w.Body.String(), "not for browsers") {
				t.Errorf("it shows %s", w.Body)
			}
		})
	}

	nonce := regexp.MustCompile(`content="([A-Za-z0-9_-]{22})"`)
	seen := map[string]bool{}
	for range 3 {
		w := browse(h, get, "/")
		m, policy := nonce.FindStringSubmatch(w.Body.String()), w.Header().Get("Content-Security-Policy")
		if m == nil || !strings.Contains(policy, "'nonce-"+m[1]+"'") || seen[m[1]] || strings.Contains(policy, "unsafe") || !strings.Contains(policy, "default-src 'none'") || !strings.Contains(policy, "frame-ancestors 'none'") {
			t.Fatalf("policy %q for %q", policy, w.Body)
		}
		seen[m[1]] = true
	}
}

// TestDashboardIsWhole: a dashboard without its page is an error at start.
func TestDashboardIsWhole(t *testing.T) {
	cfg := newHouse(t).api.cfg
	cfg.Web = fstest.MapFS{"static/x.js": {}}
	if _, err := New(cfg); err == nil {
		t.Error("it starts without a page")
	}
}
