package dashboardapi

import (
	"embed"
	"net/http"
)

//go:embed pages
var pageFiles embed.FS

// pagePolicy lets a page load its own script and style and talk to this API, and nothing else: no
// inline script, no other host, no frame around it, no form that posts away.
const pagePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// pages serves the dashboard, the docs page, the guides, the connector's packages and what they load; all is embedded, so they work without
// the internet.
func (a *api) pages() error {
	a.file("/docs", "docs.html", "text/html; charset=utf-8")
	a.file("/assets/style.css", "style.css", "text/css; charset=utf-8")
	a.file("/assets/icon.svg", "icon.svg", "image/svg+xml")
	a.file("/assets/docs.js", "docs.js", "text/javascript; charset=utf-8")
	a.file("/assets/guide.js", "guide.js", "text/javascript; charset=utf-8")
	if err := a.guidePages(); err != nil {
		return err
	}
	if err := a.connectors(); err != nil {
		return err
	}
	if a.cfg.Web == nil {
		return nil
	}
	site, err := newDashboard(a.cfg.Web, a.cfg)
	if err != nil {
		return err
	}
	a.dashboard = site
	a.router.NewRoute().PathPrefix("/static/").Methods(get, http.MethodHead).HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !site.serveStatic(w, r) {
			a.notFound(w, r)
		}
	})
	return nil
}

// file serves an embedded file as it is.
func (a *api) file(path, name, kind string) {
	content, err := pageFiles.ReadFile("pages/" + name)
	if err != nil {
		panic("dashboard-api: " + name + " is not embedded") // only a broken build gets here; a test loads each page
	}
	a.page(path, content, kind)
}

func (a *api) page(path string, content []byte, kind string) {
	a.router.NewRoute().Path(path).Methods(get, http.MethodHead).HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		w.Header().Set("Content-Security-Policy", pagePolicy)
		w.Header().Set("Cache-Control", "no-cache")
		_, _ = w.Write(content) // the caller may have gone
	})
}
