package main

import (
	"context"
	"fmt"

	"turnkey/runtime/torture/stand"
)

// open starts one kind of database.
func open(ctx context.Context, s settings, name, dir string) (stand.Database, error) {
	switch name {
	case "postgres":
		return stand.StartPostgres(ctx, dir)
	case "mongodb":
		return stand.StartMongo(ctx, dir, s.binary)
	}
	return nil, fmt.Errorf("there is no database %q here", name)
}
