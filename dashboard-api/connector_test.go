package dashboardapi

import (
	"net/http"
	"strings"
	"testing"
	"testing/fstest"

	"turnkey/controlplane"
)

// packed are three versions of the connector, one of which sorts wrongly by its letters.
var packed = fstest.MapFS{
	"turnkey-powersync-connector-0.9.0.tgz":  {Data: []byte("nine")},
	"turnkey-powersync-connector-0.10.0.tgz": {Data: []byte("ten")},
	"turnkey-powersync-connector-0.2.1.tgz":  {Data: []byte("two")},
}

// TestConnectorPackages: npm fetches each version without a session, and may keep it for ever.
func TestConnectorPackages(t *testing.T) {
	house := newHouse(t, func(_ *controlplane.Config, c *Config) { c.Packages, c.Web = packed, site })
	h, err := New(house.api.cfg)
	if err != nil {
		t.Fatal(err)
	}
	const nine, ten = "/connector/turnkey-powersync-connector-0.9.0.tgz", "/connector/turnkey-powersync-connector-0.10.0.tgz"
	etag := browse(h, get, nine).Header().Get("ETag")
	for name, c := range map[string]struct {
		method, path string
		header       []string
		status       int
		body, kind   string
	}{
		"a version":              {get, nine, nil, 200, "nine", "application/gzip"},
		"another":                {get, ten, nil, 200, "ten", "application/gzip"},
		"only its head":          {http.MethodHead, nine, nil, 200, "", "application/gzip"},
		"unchanged":              {get, nine, []string{"If-None-Match", etag}, 304, "", ""},
		"a part":                 {get, nine, []string{"Range", "bytes=1-2"}, 206, "in", "application/gzip"},
		"in a browser":           {get, nine, []string{"Accept", "text/html"}, 200, "nine", "application/gzip"},
		"no such version":        {get, "/connector/turnkey-powersync-connector-9.9.9.tgz", nil, 404, "the newest is turnkey-powersync-connector-0.10.0.tgz", problemType},
		"something else":         {get, "/connector/embed.go", nil, 404, "no_such_package", problemType},
		"outside":                {get, "/connector/..%2findex.html", nil, 404, "no_such_route", problemType},
		"the folder, for npm":    {get, "/connector/", nil, 404, "no_such_route", problemType},
		"a change":               {http.MethodDelete, nine, nil, 405, "method_not_allowed", problemType},
		"a change from a script": {post, nine, nil, 405, "method_not_allowed", problemType},
	} {
		t.Run(name, func(t *testing.T) {
			w := browse(h, c.method, c.path, c.header...)
			if w.Code != c.status || !strings.Contains(w.Body.String(), c.body) || !strings.HasPrefix(w.Header().Get("Content-Type"), c.kind) {
				t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
			}
			if c.method == http.MethodHead && (w.Body.Len() > 0 || w.Header().Get("Content-Length") != "4") {
				t.Errorf("the head: %v, %d bytes", w.Header(), w.Body.Len())
			}
			if kept := strings.Contains(w.Header().Get("Cache-Control"), "immutable"); kept != (c.status < 400) {
				t.Errorf("kept for ever: %v, with %d", kept, w.Code)
			}
			for header, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'"} {
				if !strings.Contains(w.Header().Get(header), want) {
					t.Errorf("%s is %q", header, w.Header().Get(header))
				}
			}
		})
	}
}

// TestConnectorIsNamed: what Connect tells npm is an address of this dashboard, with the newest version.
func TestConnectorIsNamed(t *testing.T) {
	house := newHouse(t, func(_ *controlplane.Config, c *Config) { c.Packages = packed })
	a, err := build(house.api.cfg)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.handler(); err != nil {
		t.Fatal(err)
	}
	if want := strings.TrimSuffix(a.cfg.BaseURL, "/") + "/connector/turnkey-powersync-connector-0.10.0.tgz"; a.connector != want {
		t.Errorf("it is at %s, want %s", a.connector, want)
	}
	a.cfg.Packages = fstest.MapFS{"notes.txt": {}}
	if err := a.connectors(); err == nil {
		t.Error("a folder with something else in it is served")
	}
}
