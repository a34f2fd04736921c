// Package source is the seam between the write pipeline and a customer's database: one interface,
// implemented by packages mongo and postgres, both proven by the suite in sourcetest.
//
// It must not know the wire format of uploads, rules or tokens, and nothing of either driver.
package source

import (
	"context"

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

	Inbox
	Archive
	Sweeper
	Outbox

	// Columns tells what the database itself knows about a table's fields (PostgreSQL: the catalog;
	// MongoDB: nothing, nil). The map is by top-level name and must not be changed.
	Columns(ctx context.Context, table *Table) (map[string]bundle.Type, error)

	// Alone reports a table whose writes may change other rows in passing (triggers, foreign keys that act), or whose
	// rows have several ids. They must not share a transaction with those of other clients.
	Alone(ctx context.Context, table *Table) (bool, error)

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

// Direct is implemented by sources that can write rows without reading them first. It is a shortcut of
// the pipeline's, and never the only way.
type Direct interface {
	// Write sends Inserts of rows that are new, or Updates of rows that are as the changes Expect, all or none, as
	// one atomic transaction, with their receipts (none when the operations have no identity). The changes are
	// of one kind. done is false when an inserted row exists already, when an updated one is missing, is not as
	// expected or would stay as it is, when any rejection waits, or when the source would rather not: then nothing was
	// written, and the ordinary way finds out why.
	//
	// With numbered the receipts' Seq counts, and one that is taken makes done false. Otherwise the source fills
	// it in, and done is false when a receipt of the same block names one of the operations (one without
	// Ops: when the block has any), or when the owner's floor is at or above one of them.
	Write(ctx context.Context, as Session, changes []Change, receipts []Receipt, numbered bool) (done bool, err error)
}

// Tx is one open transaction. Not safe for concurrent use. After an error from any method the
// transaction is over; Rollback may always be called.
type Tx interface {
	// Read returns the rows of refs, in their order, locked or guarded so that a concurrent writer
	// makes one of the two transactions fail with a Conflict. A missing row has a nil Doc. One
	// command per table, whatever the number of refs. A ref that appears twice is read once. What is
	// known of the claimed operations comes from the same snapshot; a nil claim asks for nothing, but
	// History.Rejected is told in any case. No refs and no claim is allowed.
	Read(ctx context.Context, refs []Ref, claim *Claim) ([]Row, History, error)

	// ReadAll is Read for a transaction that carries those of several clients: one history for each claim,
	// in their order. There is at least one claim; no two that have blocks have the same owner, and one
	// without blocks asks for nothing.
	ReadAll(ctx context.Context, refs []Ref, claims []*Claim) ([]Row, []History, error)

	// Rejected gives the rows of waiting rejections among those named, whoever owns them, from the
	// transaction's snapshot.
	Rejected(ctx context.Context, rows []RowName) ([]RejectedRow, error)

	// Marks gives what is noted about rows, from the transaction's snapshot: their tombstones, and what
	// this owner's merges left. Rows of which nothing is noted are left out.
	Marks(ctx context.Context, owner Owner, rows []RowName) ([]Mark, error)

	// Find gives the rows that a query selects, from the transaction's snapshot with its own writes. fits is
	// false when they are larger than MaxFoundBytes together: none are given then, and the transaction goes
	// on. Rows that were found may be changed as if Read had given them: a concurrent writer of one makes one of
	// the two transactions fail with a Conflict. What was only looked at is not guarded: two transactions that
	// each read what the other writes may both commit (write skew, as snapshot isolation has it), and nothing
	// keeps a row from appearing that would have been found. With row-level security the session finds what
	// its user may see.
	Find(ctx context.Context, q *Query) (rows []Row, fits bool, err error)

	// Describe tells what Source.Columns and Source.Alone tell, without a second connection: when every
	// transaction waits for one, nobody gets any.
	Describe(ctx context.Context, table *Table) (columns map[string]bundle.Type, alone bool, err error)

	// Count gives the number of rows that a query selects, whatever its Sort, Limit and Skip.
	Count(ctx context.Context, q *Query) (int64, error)

	// Apply sends changes, in any order with the same effect as the given one and in as few commands as
	// that allows, and commits when finish is given, together with what it holds. Each change must touch a
	// different row than every other change of the call. The database's own checks may report the first
	// failing change by Failure.Change. A receipt whose key is taken is a Conflict. With row-level
	// security our own records are read and written as the connection's own user.
	Apply(ctx context.Context, changes []Change, finish *Finish) error

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

// RowName names a row as the client does.
type RowName struct {
	TableName string
	RowID     string
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
	// Expect is what an Update by Direct.Write takes for granted: top-level members and their values, nil for
	// null. Values are compared to the bit.
	Expect []value.Member
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
