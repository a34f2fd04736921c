package guides_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"turnkey/deploy/guides"
)

func all(t *testing.T) []guides.Guide {
	t.Helper()
	list, err := guides.All()
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// TestEveryFileIsAGuide: a guide that is written is listed, with a title and a sentence about it.
func TestEveryFileIsAGuide(t *testing.T) {
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	var files, listed []string
	for _, e := range entries {
		if name, ok := strings.CutSuffix(e.Name(), ".md"); ok {
			files = append(files, name)
		}
	}
	for _, g := range all(t) {
		listed = append(listed, g.Name)
		if g.Title == "" || g.Summary == "" || len(g.Sections) == 0 {
			t.Errorf("%s: title %q, summary %q, %d sections", g.Name, g.Title, g.Summary, len(g.Sections))
		}
	}
	slices.Sort(listed)
	if !slices.Equal(files, listed) {
		t.Errorf("there are %v, listed are %v", files, listed)
	}
}

// TestSafeHTML: what is rendered stands in a page whose policy allows nothing inline, and whoever uses a keyboard
// reaches what scrolls.
func TestSafeHTML(t *testing.T) {
	forbidden := regexp.MustCompile(`(?i)<script|<style|<iframe|<img|<form|\sstyle=|\son[a-z]+=|javascript:|raw HTML omitted|<h1`)
	for _, g := range all(t) {
		if found := forbidden.FindString(g.HTML); found != "" {
			t.Errorf("%s has %s", g.Name, found)
		}
		for _, scrolling := range []string{"<pre", `<div class="wide"`} {
			if strings.Count(g.HTML, scrolling) != strings.Count(g.HTML, scrolling+` tabindex="0">`) {
				t.Errorf("%s: a %s is out of a keyboard's reach", g.Name, scrolling)
			}
		}
	}
}

// TestLinksResolve: links to other guides and their sections lead somewhere, and all others are to this server or https.
func TestLinksResolve(t *testing.T) {
	list := all(t)
	there := map[string]bool{"/docs": true, "/docs/guides": true}
	id := regexp.MustCompile(` id="([^"]+)"`)
	for _, g := range list {
		there["/docs/guides/"+g.Name] = true
		for _, m := range id.FindAllStringSubmatch(g.HTML, -1) {
			address := "/docs/guides/" + g.Name + "#" + m[1]
			if there[address] {
				t.Errorf("%s is there twice", address)
			}
			there[address] = true
		}
	}
	links := 0
	for _, g := range list {
		for _, m := range regexp.MustCompile(`href="([^"]*)"`).FindAllStringSubmatch(g.HTML, -1) {
			links++
			address := m[1]
			if strings.HasPrefix(address, "#") {
				address = "/docs/guides/" + g.Name + address
			}
			if !there[address] && !strings.HasPrefix(address, "https://") {
				t.Errorf("%s links to %s, which is not there", g.Name, address)
			}
		}
	}
	if links < 10 {
		t.Errorf("only %d links: this test reads nothing", links)
	}
}

// TestNamedPages: pages of the dashboard are written in bold, and a guide names only those that its navigation has.
func TestNamedPages(t *testing.T) {
	navigation, err := os.ReadFile("../../web/app/src/shell/nav.ts")
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range all(t) {
		for _, m := range regexp.MustCompile(`<strong>([^<]+)</strong>`).FindAllStringSubmatch(g.HTML, -1) {
			if !strings.Contains(string(navigation), `label: "`+m[1]+`"`) {
				t.Errorf("%s names the page %s, which the dashboard does not have", g.Name, m[1])
			}
		}
	}
}
