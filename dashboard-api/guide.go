package dashboardapi

import (
	"bytes"
	"fmt"
	"html/template"

	"turnkey/deploy/guides"
)

// guidePage is what the template of the guides' pages takes.
type guidePage struct {
	Guides  []guides.Guide
	Current guides.Guide // without a name on the page that lists them
	Body    template.HTML
}

// guidePages serves the guides and their list. They are rendered once, here: what does not render does not start.
func (a *api) guidePages() error {
	list, err := guides.All()
	if err != nil {
		return err
	}
	page, err := template.ParseFS(pageFiles, "pages/guide.html")
	if err != nil {
		return fmt.Errorf("dashboard-api: the guides' template: %w", err)
	}
	for _, g := range append([]guides.Guide{{}}, list...) {
		var out bytes.Buffer
		// The HTML is goldmark's from our own files, without raw HTML in it.
		if err := page.Execute(&out, guidePage{Guides: list, Current: g, Body: template.HTML(g.HTML)}); err != nil {
			return fmt.Errorf("dashboard-api: the guide %s: %w", g.Name, err)
		}
		path := "/docs/guides"
		if g.Name != "" {
			path += "/" + g.Name
		}
		a.page(path, out.Bytes(), "text/html; charset=utf-8")
	}
	return nil
}
