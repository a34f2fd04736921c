package source

import "time"

// Mark is what we have noted about one row beside it, from the transaction's snapshot.
type Mark struct {
	TableName string // client's names
	RowID     string
	// Deleted is the row's tombstone; nil: it has none.
	Deleted *Tombstone
	// Left are the prints of values that the asking owner's merges left in the row and that its device has not
	// seen, by the source's dotted path.
	Left map[string]Print
}

// Tombstone remembers a deletion, so that a late creation does not bring the row back.
type Tombstone struct {
	TableName string // client's names
	RowID     string
	At        time.Time // in milliseconds
	Owner     Owner
	UserID    string // "" once the user is erased
	ClientID  string
}

// Trace remembers which values an owner's merges left in a row: what its device makes of them before it
// has seen them conflicts with nobody. There is one for each owner and row; a newer one replaces it.
type Trace struct {
	Owner     Owner
	TableName string // client's names
	RowID     string
	Left      map[string]Print
	At        time.Time
}
