// Package web embeds the dashboard's built files into the binary. Only the page in dist/index.html is
// committed, so that the module builds before any web build; builds go to dist/app, which git ignores,
// and take precedence. It must not know who serves the files.
package web

import (
	"embed"
	"io/fs"
)

//go:embed all:dist
var dist embed.FS

// Files is the root of what a browser may fetch, with index.html at the top.
func Files() (fs.FS, error) {
	if _, err := fs.Stat(dist, "dist/app/index.html"); err == nil {
		return fs.Sub(dist, "dist/app")
	}
	return fs.Sub(dist, "dist")
}
