package source

import (
	"context"
	"time"
)

// ConflictStatus is where a conflict is in its life.
type ConflictStatus string

// The states. The first two can be resolved; the others are history.
const (
	// ConflictOpen: nothing was decided. Its transaction waits as a rejection, and both are one case.
	ConflictOpen ConflictStatus = "open"
	// ConflictDecided: a policy decided, and its values were stored.
	ConflictDecided ConflictStatus = "decided"
	// ConflictResolved: somebody decided, or the case's rejection was replayed.
	ConflictResolved ConflictStatus = "resolved"
	// ConflictDismissed: somebody let it be, or the case's rejection was discarded.
	ConflictDismissed ConflictStatus = "dismissed"
	// ConflictSuperseded: its case met newer conflicts, which stand in its place.
	ConflictSuperseded ConflictStatus = "superseded"
)

// Resolvable reports whether somebody can still decide.
func (s ConflictStatus) Resolvable() bool { return s == ConflictOpen || s == ConflictDecided }

// ResolvableStates are those of which Resolvable is true.
func ResolvableStates() []ConflictStatus { return []ConflictStatus{ConflictOpen, ConflictDecided} }

// ConflictRecord is one operation that met a row which somebody else had changed, where something else was
// stored than the device wrote. The first group of fields is the sync-stream contract that users see; the rest stays
// with operators.
type ConflictRecord struct {
	ID        string         `json:"id"` // sortable, unique
	UserID    string         `json:"user_id"`
	TableName string         `json:"table_name"` // client's names
	RowID     string         `json:"row_id"`
	Status    ConflictStatus `json:"status"`
	CreatedAt time.Time      `json:"created_at"`
	// ClientData and ServerData are JSON excerpts: the conflicting columns as the device wrote them, and
	// as they were stored; nil: not to be shown. ClientData of a deletion is null.
	ClientData []byte `json:"client_data,omitempty"`
	ServerData []byte `json:"server_data,omitempty"`

	Owner      Owner  `json:"owner"`
	ClientID   string `json:"client_id"`
	RequestID  string `json:"request_id"`
	Deployment int    `json:"deployment"`
	Operation  int    `json:"operation"` // index in the client's transaction
	Op         string `json:"op"`        // PUT, PATCH or DELETE
	// Policy is what decided: a row policy, or "deletes: lose".
	Policy   string `json:"policy"`
	Outcome  string `json:"outcome"` // server, merged or recorded; of several fields merged
	Provider string `json:"provider"`
	// Rejection is the other half of a case; "": the transaction was applied.
	Rejection string          `json:"rejection,omitempty"`
	Fields    []ConflictField `json:"fields"`
	// Values is the full record, JSON of {base, server, client, decided}, each an object of columns in the
	// client's names and form; Claims are the user's, JSON. Lists leave both out.
	Values []byte `json:"values,omitempty"`
	Claims []byte `json:"claims,omitempty"`

	// What became of it.
	SettledAt time.Time `json:"settled_at,omitzero"`
	SettledBy string    `json:"settled_by,omitempty"` // user id of the actor
	// Resolution says how it was resolved, JSON; nil: it was not, or by the case's replay.
	Resolution []byte `json:"resolution,omitempty"`
}

// ConflictField is what was decided about one column.
type ConflictField struct {
	Name    string `json:"name"` // the client's
	Policy  string `json:"policy"`
	Outcome string `json:"outcome"` // client, server, merged or recorded
}

// Closing moves a conflict to a state in which nobody decides about it any more.
type Closing struct {
	ID         string
	From       []ConflictStatus
	To         ConflictStatus
	By         string
	At         time.Time
	Resolution []byte // JSON; nil: none
}

// CodeConflictMoved is the code of the Failure of a Closing whose conflict is in no state of From.
const CodeConflictMoved = "conflict_moved"

// ConflictFilter selects conflicts; zero fields select all.
type ConflictFilter struct {
	Status     []ConflictStatus `json:"status,omitempty"`
	UserID     string           `json:"user_id,omitempty"`
	ClientID   string           `json:"client_id,omitempty"`
	TableName  string           `json:"table_name,omitempty"`
	RowID      string           `json:"row_id,omitempty"`
	Policy     string           `json:"policy,omitempty"`
	Outcome    string           `json:"outcome,omitempty"`
	Rejection  string           `json:"rejection,omitempty"`
	Deployment int              `json:"deployment,omitempty"`
	// From and To bound CreatedAt: at or after From, before To.
	From time.Time `json:"from,omitzero"`
	To   time.Time `json:"to,omitzero"`
	// After is the last id of the page before; "" begins. Pages are by id, newest first unless OldestFirst.
	After       string `json:"after,omitempty"`
	OldestFirst bool   `json:"oldest_first,omitempty"`
	Limit       int    `json:"limit"` // 1..1000
}

// Archive is the operators' view of recorded conflicts. Every Source has one.
type Archive interface {
	// Conflicts lists without values and claims.
	Conflicts(ctx context.Context, f ConflictFilter) ([]ConflictRecord, error)
	// Conflict gives one with everything; nil when there is none.
	Conflict(ctx context.Context, id string) (*ConflictRecord, error)
	// CloseConflicts moves conflicts, all or none; see Finish.Close.
	CloseConflicts(ctx context.Context, list []Closing) error
}
