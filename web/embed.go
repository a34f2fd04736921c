// Package web embeds the dashboard's built files and the packages of the JavaScript connector into the binary. Of the
// dashboard only the page in dist/index.html is committed, so that the module builds before any web build; builds go to
// dist/app, which git ignores, and take precedence. Packages are committed, each version for good. It must not know who
// serves the files.
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

// packages are all versions of the connector that were given out. The lock files of apps name their addresses and
// digests, so a version stays, and stays what it was; `npm run release` in web/connector adds one.
//
//go:embed connector/release/*.tgz
var packages embed.FS

// Packages is the root of what npm may fetch.
func Packages() (fs.FS, error) { return fs.Sub(packages, "connector/release") }
