package main

import (
	"context"
	"fmt"
	"time"

	"turnkey/internal/devmongo"
	"turnkey/internal/fault"
)

// devmongoCommand serves the double of MongoDB as a process of its own, for fault tests and benchmarks:
// it can be killed at any moment, and what it acknowledged is on disk.
type devmongoCommand struct {
	Listen              string        `default:"127.0.0.1:0" help:"Address on loopback; port 0 lets the kernel pick one."`
	Journal             string        `help:"File that keeps the data; without it everything is in memory and gone at the end."`
	CompactAfter        int64         `default:"0" help:"Bytes that the journal grows before it is compacted; 0: 64 MB."`
	TransactionLifetime time.Duration `default:"60s" help:"Transactions that are open longer are aborted."`
}

// Run implements the sub-command. It prints one line "uri=mongodb://..." when clients may connect.
func (c *devmongoCommand) Run(ctx context.Context, term terminal) error {
	store, err := devmongo.Open(devmongo.Options{Path: c.Journal, Sync: true, CompactAfter: c.CompactAfter, TransactionLifetime: c.TransactionLifetime})
	if err != nil {
		if fault.Of(err).Kind == fault.Internal {
			err = fault.Wrap(err, fault.Invalid, "devmongo_journal", "The journal "+c.Journal+" cannot be opened.").WithHint("Choose another file with --journal.")
		}
		return err
	}
	server, err := devmongo.Listen(store, c.Listen)
	if err != nil {
		_ = store.Close() // nothing was written
		return err
	}
	fmt.Fprintln(term.out, "This is a double of MongoDB for development and tests, not MongoDB. For anything else run a replica set and set TURNKEY_MONGODB_URI.")
	if n := store.Dropped(); n > 0 {
		fmt.Fprintf(term.out, "the journal ended in %d bytes of a record that was never acknowledged; they are cut off\n", n)
	}
	fmt.Fprintln(term.out, "uri="+server.URI())
	select {
	case <-ctx.Done():
	case <-server.Failed():
	}
	server.Close()
	if err := store.Close(); err != nil {
		return fault.Wrap(err, fault.Unavailable, "devmongo_journal", "The journal cannot be written.")
	}
	return nil
}
