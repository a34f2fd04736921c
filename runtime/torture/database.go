package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
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
		if exec.CommandContext(ctx, s.binary, devmongoCommand, "--help").Run() == nil {
			const never = "1000000000000" // the journal is our log of changes
			return stand.StartMongo(ctx, dir, s.binary, devmongoCommand, "--compact-after", never)
		}
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

// merges tells whether the product has a merge policy.
func (s settings) merges(policy string) bool { return s.policies[policy] }

// policies asks the product which merge policies it has: it checks the configuration before it looks
// for the secret, which is not there.
func policies(ctx context.Context, binary string) (map[string]bool, error) {
	folder, err := os.MkdirTemp("", "turnkey-policies")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	out := map[string]bool{}
	for _, policy := range []string{"counter", "append"} {
		const table = "probe"
		document := stand.Configuration("postgres", []stand.Table{{Name: table, Merge: policy}})
		if err := os.WriteFile(filepath.Join(folder, "turnkey.yaml"), []byte(document), 0o600); err != nil {
			return nil, err
		}
		said, err := exec.CommandContext(ctx, binary, "serve", folder, "--development").CombinedOutput()
		if err == nil {
			return nil, fmt.Errorf("turnkey serve started without a secret: %s", said)
		}
		if !bytes.Contains(said, []byte("SOURCE_URI")) && !bytes.Contains(said, []byte("tables."+table)) {
			return nil, fmt.Errorf("turnkey serve said neither that it has the policy %s nor that it has not: %s", policy, said)
		}
		out[policy] = !bytes.Contains(said, []byte("\n  tables."+table))
	}
	return out, nil
}

// hasPlanes tells whether the binary has both planes as processes of their own.
func (s settings) hasPlanes(ctx context.Context) bool {
	return exec.CommandContext(ctx, s.binary, "runtime", "--help").Run() == nil
}
