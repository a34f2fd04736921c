package source

import (
	"context"
	"time"
)

// RejectionStatus is where a rejection is in its life.
type RejectionStatus string

// The states. Open and held ones wait; the others are history.
const (
	// Open: refused, and waiting for somebody to replay or discard it.
	Open RejectionStatus = "open"
	// Held: not wrong by itself; it waits for the rejection that its group is named after.
	Held RejectionStatus = "held"
	// Replayed: its transaction, perhaps edited, was applied.
	Replayed RejectionStatus = "replayed"
	// Discarded: somebody decided that it will never be applied.
	Discarded RejectionStatus = "discarded"
	// Superseded: the client made the same row again, and that was applied.
	Superseded RejectionStatus = "superseded"
)

// WaitingStates are those of which Waiting is true.
func WaitingStates() []RejectionStatus { return []RejectionStatus{Open, Held} }

// MostInGroup bounds how many rejections of one group are listed or settled at once.
const MostInGroup = 1000

// Waiting reports whether something can still become of it.
func (s RejectionStatus) Waiting() bool { return s == Open || s == Held }

// Rejection is a client transaction that was refused for good. The first group of fields is the
// sync-stream contract that users see; the rest stays with operators.
type Rejection struct {
	ID        string          `json:"id"` // sortable, unique
	UserID    string          `json:"user_id"`
	TableName string          `json:"table_name"` // client's names
	RowID     string          `json:"row_id"`
	ErrorCode string          `json:"error_code"`
	Message   string          `json:"message"`
	Hint      string          `json:"hint"`
	Status    RejectionStatus `json:"status"`
	CreatedAt time.Time       `json:"created_at"`

	Owner      Owner  `json:"owner"`
	ClientID   string `json:"client_id"`
	RequestID  string `json:"request_id"`
	Deployment int    `json:"deployment"`
	Operation  int    `json:"operation"`        // index to blame in the transaction; -1: all of it
	Detail     string `json:"detail,omitempty"` // raw database text, operators only
	Group      string `json:"group"`            // id of the rejection that must be settled first; its own when it heads the group
	Provider   string `json:"provider"`         // who vouched for the user
	Claims     []byte `json:"claims,omitempty"` // of the user, JSON, for a replay; nil: none
	Client     []byte `json:"client,omitempty"` // the connector's report as received, JSON; nil: none
	// Payload is the client transaction as received, byte for byte. Lists leave it out.
	Payload      []byte `json:"payload,omitempty"`
	PayloadBytes int    `json:"payload_bytes"`
	// Rows are those that its operations name, while it waits.
	Rows []RejectedRow `json:"rows,omitempty"`

	// What became of it.
	Attempts  int       `json:"attempts"` // replays that failed
	SettledAt time.Time `json:"settled_at,omitzero"`
	SettledBy string    `json:"settled_by,omitempty"` // user id of the actor; "" for the client itself
}

// Outcome is what a replay or a discard made of one rejection.
type Outcome struct {
	ID        string          `json:"id"`
	Status    RejectionStatus `json:"status"` // afterwards
	ErrorCode string          `json:"error_code,omitempty"`
	Message   string          `json:"message,omitempty"`
	Hint      string          `json:"hint,omitempty"`
}

// RejectedRow is one row that a waiting rejection would write.
type RejectedRow struct {
	TableName string `json:"table_name"` // client's names
	RowID     string `json:"row_id"`
	// Creates says that the rejection would have made the row, as far as anybody knew: what the same
	// owner does to it later makes no sense before.
	Creates bool `json:"creates"`

	// Set by the source when it answers.
	Owner     Owner  `json:"-"`
	Rejection string `json:"-"`
	Group     string `json:"-"`
	// Written and Deleted are the notes about accepted operations since: the source's paths of the
	// fields that they wrote, and whether one deleted the row.
	Written []string `json:"written,omitempty"`
	Deleted bool     `json:"deleted,omitempty"`
}

// Note says what an accepted transaction did to a row for which a rejection waits.
type Note struct {
	TableName string // client's names
	RowID     string
	Written   []string // the source's dotted paths
	Deleted   bool
}

// Settlement moves a rejection to another state. Its rows are forgotten when the new state does not
// wait.
type Settlement struct {
	ID   string
	From []RejectionStatus
	To   RejectionStatus
	By   string // user id of the actor; "" for the client itself
	At   time.Time
	// For To Open and Held: why it waits now. Attempts counts up when Failed.
	Failed                   bool
	ErrorCode, Message, Hint string
	Detail                   string
	Operation                int
	Group                    string // "": stays
}

// RejectionFilter selects rejections; zero fields select all.
type RejectionFilter struct {
	Status     []RejectionStatus `json:"status,omitempty"`
	UserID     string            `json:"user_id,omitempty"`
	ClientID   string            `json:"client_id,omitempty"`
	TableName  string            `json:"table_name,omitempty"`
	RowID      string            `json:"row_id,omitempty"`
	ErrorCode  string            `json:"error_code,omitempty"`
	Deployment int               `json:"deployment,omitempty"`
	Group      string            `json:"group,omitempty"`
	// From and To bound CreatedAt: at or after From, before To.
	From time.Time `json:"from,omitzero"`
	To   time.Time `json:"to,omitzero"`
	// After is the last id of the page before; "" begins. Pages are by id, newest first unless
	// OldestFirst.
	After       string `json:"after,omitempty"`
	OldestFirst bool   `json:"oldest_first,omitempty"`
	Limit       int    `json:"limit"` // 1..1000
}

// Inbox is the operators' view of what was refused. Every Source has one.
type Inbox interface {
	// Rejections lists without payloads, claims and rows.
	Rejections(ctx context.Context, f RejectionFilter) ([]Rejection, error)
	// Rejection gives one with everything; nil when there is none.
	Rejection(ctx context.Context, id string) (*Rejection, error)
	// Settle moves rejections, all or none; see Finish.Settle.
	Settle(ctx context.Context, list []Settlement) error
	// Erase removes what we keep of a user beside their rows: rejections and conflicts with their payloads,
	// client records' reports, and who made a tombstone. Receipts, traces and the tombstones themselves stay:
	// they name nobody and keep writes from being applied twice. It gives the number of rejections and conflicts.
	Erase(ctx context.Context, userID string) (int, error)
}
