package stand

import (
	"context"

	"turnkey/runtime/torture/client"
	"turnkey/runtime/torture/history"
)

// Table to make: all have the columns id, tag, n and items.
type Table struct {
	Name  string
	Seeds map[string]history.Row
	// Merge is the policy of n (counter) or items (append); "" for last_write.
	Merge string
	// Hook is the text of hooks/<name>.ts; "" for none. ReceiverURL in it becomes the receiver's address.
	Hook string
	// Outboxes lead to the receiver.
	Outboxes []string
	// Create is the rule for new rows.
	Create string
}

// Database is one kind of source, seen directly: not through the runtimes.
type Database interface {
	// Name is the source's type in the configuration.
	Name() string
	// Addr is where the server listens; it stays the same across restarts.
	Addr() string
	// URI to reach the server at another address, such as a proxy's. It holds the password.
	URI(addr string) string
	// Prepare makes the tables, with their seeds, and starts the log of changes.
	Prepare(ctx context.Context, tables []Table) error
	// Restart ends the server, by a crash or in order, and starts it again.
	Restart(ctx context.Context, crash bool) error
	// Terminate ends every session of the runtimes and says how many.
	Terminate(ctx context.Context) (int, error)
	// View is one table in one snapshot, committed rows only.
	View(ctx context.Context, table string) (client.View, error)
	// Touch writes a foreign tag into rows, as somebody else's write would, where nothing holds them.
	Touch(ctx context.Context, table string, ids []string) error
	// Changes is the log of changes in the order of commits.
	Changes(ctx context.Context) ([]history.Change, error)
	// Hasten makes every pending delivery of the outbox due, whoever has it, as if their leases and pauses were over, and
	// says how many there are.
	Hasten(ctx context.Context) (pending int, err error)
	// Rejections are all that Turnkey keeps.
	Rejections(ctx context.Context) ([]history.Rejection, error)
	// Close ends the server.
	Close() error
}
