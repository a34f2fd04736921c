// Package source is the seam between the write pipeline and a customer's database: one interface,
// implemented by packages mongo and postgres, both proven by the suite in sourcetest.
//
// It must not know the wire format of uploads, rules or tokens, and nothing of either driver.
package source

import (
	"context"
	"time"

	"turnkey/runtime/bundle"
	"turnkey/runtime/value"
)

// Source is one customer's database. Implementations are safe for concurrent use, hold bounded
// connections, dial only through the guarded dialer, and translate every driver error to a *Failure.
type Source interface {
	// Begin starts one atomic transaction (MongoDB: snapshot and majority with journal, whatever the
	// connection string says; PostgreSQL: REPEATABLE READ, synchronous_commit on). It may be lazy:
	// nothing need travel before the first Read or Apply.
	Begin(ctx context.Context, as Session) (Tx, error)

	// Reject stores refused transactions durably, each with its payload, all or none. Storing a
	// rejection whose ID is there already does nothing.
	Reject(ctx context.Context, rejections []Rejection) error

	// Columns tells what the database itself knows about a table's fields (PostgreSQL: the catalog;
	// MongoDB: nothing, nil). The map is by top-level name and must not be changed.
	Columns(ctx context.Context, table *Table) (map[string]bundle.Type, error)

	// Lookup finds the one row whose fields equal match and returns the value of its field take.
	// found is false when no row matches; more than one row is a Failure.
	Lookup(ctx context.Context, collection string, match map[string]value.Value, take string) (v value.Value, found bool, err error)

	// Prepare creates or upgrades our own tables. Idempotent, versioned, called at activation, never
	// inside an upload. Without the privilege it returns a *Failure with code SOURCE_NOT_PREPARED
	// whose Hint has the exact statements to run.
	Prepare(ctx context.Context) error

	// Test connects and checks what serving needs; a finding is not an error.
	Test(ctx context.Context) (*TestReport, error)

	// Inspect samples the database and proposes tables.
	Inspect(ctx context.Context) (*Inspection, error)

	// Mode names the guarantee that this source gives, for the instance's status.
	Mode() Mode

	// Close ends every connection and waits for its goroutines.
	Close() error
}

// Creator is implemented by sources that can insert rows without reading first. It is a shortcut of
// the pipeline's for new rows, and never the only way.
type Creator interface {
	// Create inserts rows, all or none, as one atomic transaction. created is false when any of them
	// exists already or the source would rather not: then nothing was written, and the ordinary way
	// finds out why.
	Create(ctx context.Context, as Session, changes []Change) (created bool, err error)
}

// Tx is one open transaction. Not safe for concurrent use. After an error from any method the
// transaction is over; Rollback may always be called.
type Tx interface {
	// Read returns the rows of refs, in their order, locked or guarded so that a concurrent writer
	// makes one of the two transactions fail with a Conflict. A missing row has a nil Doc. One
	// command per table, whatever the number of refs. A ref that appears twice is read once.
	Read(ctx context.Context, refs []Ref) ([]Row, error)

	// Apply sends changes in the given order, in as few commands as the order allows, and commits
	// with them when commit is true. Each change must touch a different row than every other change
	// of the call. The database's own checks may report the first failing change by Failure.Change.
	Apply(ctx context.Context, changes []Change, commit bool) error

	// Rollback ends the transaction without effect. Safe after Apply with commit.
	Rollback(ctx context.Context)
}

// Session is who a transaction runs as; PostgreSQL with row-level security uses it.
type Session struct {
	UserID string
	Claims map[string]any
}

// Table says where a client table's rows live. Compiled once per bundle; compared by pointer.
type Table struct {
	Name       string // the client's name
	Collection string // MongoDB collection, or PostgreSQL schema.table
	Key        string // PostgreSQL key column; MongoDB "_id"
	ID         bundle.TypeName
}

// Ref names one row.
type Ref struct {
	Table *Table
	ID    value.Value
}

// Row is a row as stored: every member, the key included under Table.Key. The transaction may keep
// Doc to know what is stored: Clone it before changing it.
type Row struct {
	Doc *value.Object // nil: no such row
}

// ChangeKind is what happens to a row.
type ChangeKind uint8

// The kinds of change.
const (
	Insert ChangeKind = iota + 1
	Update
	Delete
)

// Change is the net effect on one row.
type Change struct {
	Kind  ChangeKind
	Table *Table
	ID    value.Value
	// Doc is the row afterwards, without the key: Insert writes it; Update has it for sources that
	// store whole columns.
	Doc *value.Object
	// Set lists the changed leaves of an Update, so that untouched parts keep their stored bytes.
	Set []Assignment
	// Operation is the index of the client operation to blame when the database refuses the change.
	Operation int
}

// Assignment writes one leaf. A nil Value writes null; Remove takes the leaf away (where the
// database has only columns: null).
type Assignment struct {
	Path   []string
	Value  value.Value
	Remove bool
}

// Mode is the atomicity that a source gives.
type Mode struct {
	// Atomicity is "transactions"; a source without them is refused.
	Atomicity string `json:"atomicity"`
	// Note is shown with the instance's status, such as that the server is the development double.
	Note string `json:"note,omitempty"`
}

// Rejection is a client transaction that was refused for good. The first group of fields is the
// sync-stream contract that users see; the second stays with operators.
type Rejection struct {
	ID           string // sortable, unique
	UserID       string
	TableName    string // client's names
	RowID        string
	ErrorCode    string
	Message      string
	Hint         string
	CreatedAt    time.Time
	ClientID     string
	RequestID    string
	Deployment   int
	Operation    int    // index to blame in the transaction; -1: all of it
	Detail       string // raw database text, operators only
	Client       []byte // the connector's report as received, JSON; nil: none
	Payload      []byte // the client transaction as received, byte for byte
	PayloadBytes int
}
