package dashboardapi

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"

	"turnkey/controlplane"
)

// dashboard serves the built web application: one page for every address that people may have open, and
// below /static/ files whose names carry a hash of their content, so that browsers keep them for ever.
type dashboard struct {
	files fs.FS
	page  []byte
}

// dashboardPolicy lets the page load its own scripts and workers and talk to this API. Styles that
// components make at run time carry the answer's nonce. No inline script, no other host, no frame around it.
const dashboardPolicy = "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self' 'nonce-%s'; connect-src 'self'; img-src 'self' data:; font-src 'self'; " +
	"manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// newDashboard reads the page; its placeholders {{NONCE}}, {{SIGNUP}} and {{DEVELOPMENT}} are filled by each answer.
func newDashboard(files fs.FS, cfg Config) (*dashboard, error) {
	text, err := fs.ReadFile(files, "index.html")
	if err != nil {
		return nil, fmt.Errorf("dashboard-api: read the dashboard's page: %w", err)
	}
	text = bytes.ReplaceAll(text, []byte("{{SIGNUP}}"), []byte(cmp.Or(cfg.Signup, controlplane.SignupOff)))
	text = bytes.ReplaceAll(text, []byte("{{DEVELOPMENT}}"), []byte(strconv.FormatBool(cfg.Development)))
	return &dashboard{files: files, page: text}, nil
}

// wants reports whether a request that no route took is a person opening a page.
func (d *dashboard) wants(r *http.Request) bool {
	return (r.Method == http.MethodGet || r.Method == http.MethodHead) && !strings.HasPrefix(r.URL.Path, "/api/") &&
		(r.URL.Path == "/" || strings.Contains(r.Header.Get("Accept"), "text/html"))
}

func (d *dashboard) servePage(w http.ResponseWriter, _ *http.Request) {
	raw := make([]byte, 16)
	_, _ = rand.Read(raw) // never fails (crypto/rand ends the program instead)
	nonce := base64.RawURLEncoding.EncodeToString(raw)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", fmt.Sprintf(dashboardPolicy, nonce))
	w.Header().Set("Cache-Control", "no-store") // the nonce is for one answer
	_, _ = w.Write(bytes.ReplaceAll(d.page, []byte("{{NONCE}}"), []byte(nonce)))
}

// serveStatic answers /static/...; the build has put a .gz beside what is worth it.
func (d *dashboard) serveStatic(w http.ResponseWriter, r *http.Request) bool {
	name := strings.TrimPrefix(r.URL.Path, "/")
	if !fs.ValidPath(name) {
		return false
	}
	content, err := fs.ReadFile(d.files, name)
	if err != nil {
		return false
	}
	w.Header().Set("Vary", "Accept-Encoding")
	if packed, err := fs.ReadFile(d.files, name+".gz"); err == nil && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		content = packed
		w.Header().Set("Content-Encoding", "gzip")
	}
	w.Header().Set("Content-Type", mime.TypeByExtension(path.Ext(name)))
	// A worker is a document of its own: what it may do is said with its script.
	w.Header().Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; connect-src 'self'; frame-ancestors 'none'")
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	w.Header().Set("Content-Length", strconv.Itoa(len(content)))
	_, _ = w.Write(content) // the caller may have gone
	return true
}
