// Package migrations holds the control plane's schema as SQL files, one per area, in the order of
// their numbers. Files that were released never change: a correction is a new file, and each file
// keeps the previous version of the program working. It must not know how they are applied
// (controlplane/store does that).
package migrations

import "embed"

// Files are the migrations in goose's format.
//
//go:embed *.sql
var Files embed.FS
