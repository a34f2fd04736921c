package main

import (
	"context"
	"fmt"

	"turnkey/runtime/torture/stand"
)

// open starts one kind of database.
func open(ctx context.Context, name, dir string) (stand.Database, error) {
	switch name {
	case "postgres":
		return stand.StartPostgres(ctx, dir)
	}
	return nil, fmt.Errorf("there is no database %q here", name)
}

// merges tells which policies the product has.
func merges(policy string) bool { return false }
