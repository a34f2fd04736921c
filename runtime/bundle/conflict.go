package bundle

import "turnkey/runtime/hook"

import "time"

// RowPolicy says what a write does that meets a row which changed since the device saw it.
type RowPolicy string

// The row policies. Version and Timestamp name a field.
const (
	RowLastWrite RowPolicy = "last_write"
	RowMerge     RowPolicy = "merge"
	RowReject    RowPolicy = "reject"
	RowRecord    RowPolicy = "record"
	RowHook      RowPolicy = "hook"
	RowVersion   RowPolicy = "version"
	RowTimestamp RowPolicy = "timestamp"
)

// OnConflict is a table's row policy. The zero value is last_write.
type OnConflict struct {
	Policy RowPolicy `json:"policy,omitempty"`
	// Field is the client's column that version and timestamp read; empty for the others.
	Field string `json:"field,omitempty"`
}

// MergePolicy says how one field of a row is merged.
type MergePolicy string

// The field policies. Timestamp names a field.
const (
	MergeLastWrite  MergePolicy = "last_write"
	MergeFirstWrite MergePolicy = "first_write"
	MergeServer     MergePolicy = "server"
	MergeMax        MergePolicy = "max"
	MergeMin        MergePolicy = "min"
	MergeCounter    MergePolicy = "counter"
	MergeSet        MergePolicy = "set"
	MergeAppend     MergePolicy = "append"
	MergeText       MergePolicy = "text"
	MergeJSON       MergePolicy = "json"
	MergeTimestamp  MergePolicy = "timestamp"
	MergeHook       MergePolicy = "hook"
)

// Merge is a field's policy. The zero value is last_write.
type Merge struct {
	Policy MergePolicy `json:"policy,omitempty"`
	// Field is the client's column that timestamp reads; empty for the others.
	Field string `json:"field,omitempty"`
}

// Deletes says what a delete does to a row that changed since the device saw it, and what a deleted
// row does to what comes later. Empty is win.
type Deletes string

// The choices for deletes.
const (
	DeletesWin       Deletes = "win"
	DeletesTombstone Deletes = "tombstone"
	DeletesLose      Deletes = "lose"
)

// Conflicts are kept for TTL; devices see the server's values only with ShowServer. A TTL
// of zero is from a compiler that did not know the setting, and stands for its default.
type Conflicts struct {
	TTL        time.Duration `json:"ttl"`
	ShowServer bool          `json:"show_server"`
}

// Tombstones of deleted rows are kept for TTL.
type Tombstones struct {
	TTL time.Duration `json:"ttl"`
}

// FormatFor gives the lowest format whose runtimes serve the configuration as it is meant. A runtime
// ignores members that it does not know, which is right for most additions and wrong for these: one
// that does not know merge: counter would overwrite other devices' counts. So a bundle that names
// a policy asks for format 2, and all others stay readable for runtimes of version N-1. With hooks it is
// 3: without them, what they refuse would be written.
func FormatFor(c *Config, p *hook.Program) int {
	if p != nil {
		return 3
	}
	for _, t := range c.Tables {
		lastWrite := t.OnConflict.Policy == "" || t.OnConflict.Policy == RowLastWrite
		if !lastWrite || t.Deletes != "" && t.Deletes != DeletesWin {
			return 2
		}
	}
	return 1
}
