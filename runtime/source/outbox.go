package source

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"strconv"
	"time"
)

// DeliveryKind says what a delivery is.
type DeliveryKind string

// The kinds.
const (
	// Webhook is a signed request to the outbox that it names.
	Webhook DeliveryKind = "webhook"
	// AfterCommit is a call of a hook, after the transaction that asked for it.
	AfterCommit DeliveryKind = "after_commit"
)

// DeliveryKinds lists them.
func DeliveryKinds() []DeliveryKind { return []DeliveryKind{Webhook, AfterCommit} }

// AfterCommitLane is the lane of every delivery of that kind; no outbox has this name.
const AfterCommitLane = "afterCommit"

// DeliveryStatus is what became of a delivery.
type DeliveryStatus string

// The states. Pending is the only one that attempts are made in, one at a time.
const (
	Pending   DeliveryStatus = "pending"
	Delivered DeliveryStatus = "delivered"
	// Dead: every attempt failed, or the receiver wants no more. Somebody may have it delivered again.
	Dead DeliveryStatus = "dead"
	// Dropped: somebody decided that it will not be delivered.
	Dropped DeliveryStatus = "discarded"
)

// DeliveryStatuses lists them.
func DeliveryStatuses() []DeliveryStatus {
	return []DeliveryStatus{Pending, Delivered, Dead, Dropped}
}

// MaxDelivery bounds a delivery's payload in bytes: it is one row of the customer's database. Who
// enqueues refuses what is larger.
const MaxDelivery = 8 << 20

// DeliveryID makes the id of the n-th delivery of one operation. at, the time of the client
// transaction, and seed, which names it (a request and a place in it, or a rejection and the number of
// its replay), are the same for every attempt at that transaction and for no other transaction. So an
// attempt whose outcome did not arrive and its repetition write one delivery, and receivers can tell
// repeats by the id. Ids sort by time.
func DeliveryID(at time.Time, seed string, operation, n int) string {
	const alphabet = "0123456789abcdefghjkmnpqrstvwxyz" // Crockford's base 32
	sum := sha256.Sum256([]byte("turnkey delivery v1\x00" + seed + "\x00" + strconv.Itoa(operation) + "\x00" + strconv.Itoa(n)))
	var bits [16]byte
	binary.BigEndian.PutUint64(bits[:], uint64(at.UnixMilli())<<16)
	copy(bits[6:], sum[:10])
	high, low := binary.BigEndian.Uint64(bits[:8]), binary.BigEndian.Uint64(bits[8:])
	var out [26]byte
	for i := len(out) - 1; i >= 0; i-- {
		out[i] = alphabet[low&31]
		low = low>>5 | high<<59
		high >>= 5
	}
	return "dlv_" + string(out[:])
}

// Delivery is a row of the outbox: something to do outside of the database because of a transaction
// that has committed, at least once. The first group is written with the data, the rest is what became
// of it.
type Delivery struct {
	ID         string       `json:"id"` // sortable, unique; see DeliveryID
	Kind       DeliveryKind `json:"kind"`
	Lane       string       `json:"lane"` // the outbox's name, or AfterCommitLane
	UserID     string       `json:"user_id"`
	TableName  string       `json:"table_name,omitempty"` // of the operation, the client's names
	RowID      string       `json:"row_id,omitempty"`
	RequestID  string       `json:"request_id"`
	Deployment int          `json:"deployment"`
	CreatedAt  time.Time    `json:"created_at"` // in milliseconds
	// Payload is what is sent, byte for byte. Lists and claims leave it out.
	Payload      []byte `json:"payload,omitempty"`
	PayloadBytes int    `json:"payload_bytes"`

	Status   DeliveryStatus `json:"status"`
	DueAt    time.Time      `json:"due_at,omitzero"` // while pending: when it is tried next, or when its lease ends
	Attempts int            `json:"attempts"`        // that were begun
	Leased   bool           `json:"leased,omitempty"`
	Last     *Attempt       `json:"last,omitempty"` // nil: none has ended

	SettledAt time.Time `json:"settled_at,omitzero"`
	SettledBy string    `json:"settled_by,omitempty"` // user id of the actor; "": an attempt settled it
}

// Attempt is how one attempt ended.
type Attempt struct {
	At         time.Time `json:"at"`
	DurationMS int64     `json:"duration_ms"`
	Status     int       `json:"status,omitempty"` // of the answer; 0: there was none
	Code       string    `json:"code,omitempty"`   // why it failed
	Message    string    `json:"message,omitempty"`
	Excerpt    string    `json:"excerpt,omitempty"` // the beginning of the answer, or of the hook's log
}

// LaneClaim asks for deliveries that are due.
type LaneClaim struct {
	// Lane is where they are; "": anywhere but in the lanes of Not.
	Lane  string
	Not   []string
	Limit int // 1..100
	Now   time.Time
	// Lease is a new, unique text: with it, and only while it holds, the claimer reports. Until is when
	// the deliveries are due again, for anybody.
	Lease string
	Until time.Time
}

// DeliveryReport ends one attempt.
type DeliveryReport struct {
	ID    string
	Lease string
	To    DeliveryStatus // Pending: try again at Due; else it was settled then
	Due   time.Time
	Last  *Attempt // nil: the attempt was not made, and does not count
}

// DeliveryMove is somebody's decision about a delivery.
type DeliveryMove struct {
	ID string
	To DeliveryStatus // Pending: deliver it again, with all attempts ahead; Dropped
	By string         // user id of the actor
	At time.Time
}

// DeliveryFilter selects deliveries; zero fields select all.
type DeliveryFilter struct {
	Status []DeliveryStatus `json:"status,omitempty"`
	Kind   DeliveryKind     `json:"kind,omitempty"`
	Lane   string           `json:"lane,omitempty"`
	UserID string           `json:"user_id,omitempty"`
	// After is the last id of the page before; "" begins. Newest first.
	After string `json:"after,omitempty"`
	Limit int    `json:"limit"` // 1..1000
}

// Outbox is what the deliverer and operators do with deliveries; rows come into it by Finish.Deliveries.
// Any number of runtimes use one outbox at once. Times are the callers': clocks that differ by more than
// a lease make an attempt overlap another, which receivers recognise by the id. Every Source has one.
type Outbox interface {
	// NextDelivery tells which lane has the next pending delivery, outside of some lanes, and when it is
	// due; zero: there is none.
	NextDelivery(ctx context.Context, not []string) (lane string, due time.Time, err error)
	// ClaimDeliveries leases deliveries that are due, oldest first, and counts an attempt for each.
	ClaimDeliveries(ctx context.Context, c LaneClaim) ([]Delivery, error)
	// ReportDelivery ends an attempt. held is false when the lease did not hold any more: nothing is written.
	ReportDelivery(ctx context.Context, r DeliveryReport) (held bool, err error)

	// Deliveries lists without payloads.
	Deliveries(ctx context.Context, f DeliveryFilter) ([]Delivery, error)
	// Delivery gives one with its payload; nil when there is none.
	Delivery(ctx context.Context, id string) (*Delivery, error)
	// MoveDelivery reports false when the delivery is not there or its state does not allow it: what is
	// being attempted is not delivered again at the same time, and what was delivered is not discarded.
	MoveDelivery(ctx context.Context, m DeliveryMove) (moved bool, err error)

	// EraseDeliveries removes a user's deliveries, those that are pending, too. It gives their number.
	EraseDeliveries(ctx context.Context, userID string) (int, error)
	// SweepDeliveries removes what was settled before one instant, and anything made before the other.
	SweepDeliveries(ctx context.Context, settled, made time.Time) (int, error)
}
