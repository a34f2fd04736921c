package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"turnkey/internal/devmongo"
	"turnkey/runtime/torture/stand"
)

// devmongoCommand makes this program the double of MongoDB.
const devmongoCommand = "devmongo"

// open starts one kind of database.
func open(ctx context.Context, s settings, name, dir string) (stand.Database, error) {
	switch name {
	case "postgres":
		return stand.StartPostgres(ctx, dir)
	case "mongodb":
		self, err := os.Executable()
		if err != nil {
			return nil, err
		}
		return stand.StartMongo(ctx, dir, self, devmongoCommand)
	}
	return nil, fmt.Errorf("there is no database %q here", name)
}

// serveDevmongo is a process of its own, so that it can be killed.
func serveDevmongo(args []string) (code int) {
	flags := flag.NewFlagSet(devmongoCommand, flag.ContinueOnError)
	listen, journal := flags.String("listen", "", "address"), flags.String("journal", "", "file")
	if flags.Parse(args) != nil {
		return 2
	}
	store, err := devmongo.Open(devmongo.Options{Path: *journal, Sync: true})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	server, err := devmongo.Listen(store, *listen)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	<-ctx.Done()
	server.Close()
	if store.Close() != nil {
		return 1
	}
	return 0
}

// merges tells which policies the product has.
func (s settings) merges(policy string) bool { return false }

// hasPlanes tells whether the binary has both planes as processes of their own.
func (s settings) hasPlanes(ctx context.Context) bool {
	return exec.CommandContext(ctx, s.binary, "runtime", "--help").Run() == nil
}
