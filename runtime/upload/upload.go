package upload

import (
	"encoding/json"

	"turnkey/runtime/source"
	"turnkey/runtime/value"
)

// Form is the dialect that an upload was sent in. It decides how the answer looks, not what happens
// to the rows.
type Form uint8

const (
	// Transactions is PowerSync's reference write contract: one result per transaction, always 200.
	Transactions Form = iota + 1
	// Batch is the older {batch} contract, whose clients know only the status code.
	Batch
	// Single is one operation by method (PUT, PATCH, DELETE) as the Node demo sends it.
	Single
)

// Upload is one decoded request.
type Upload struct {
	Form         Form
	ClientID     string          // from client.id, or a client_id of request or transaction; "" when stock
	Client       json.RawMessage // the connector's report as received; nil when absent
	Transactions []Transaction
	Left         int // transactions after these that would have been too much to decode at once

	report *report // what Client says, once somebody asked
}

// Transaction is one client transaction: applied as one, answered by one result.
type Transaction struct {
	ID         int64 // the client's transaction id
	HasID      bool
	Operations []Operation
	Raw        []byte   // as received, for a rejection
	Refused    *Refusal // set when limits refuse it before any operation is looked at

	weight int64 // of its operations, decoded
}

// Op is what an operation does.
type Op string

// The operations of a PowerSync upload queue.
const (
	Put    Op = "PUT"
	Patch  Op = "PATCH"
	Delete Op = "DELETE"
)

// Operation is one CRUD entry.
type Operation struct {
	Op       Op
	Table    string // the client's name
	RowID    string // the client's id
	OpID     int64  // position in the client's queue
	HasOpID  bool
	Data     *value.Object // untyped client values; nil: none sent
	Previous *value.Object // previous values; nil: not sent
	Metadata string
	Refused  *Refusal // set when the entry itself cannot be understood

	txID     int64 // the entry's own transaction id, in stock dialects
	hasTxID  bool
	saysOpID bool   // OpID is from op_id itself, which stands over clientId
	raw      []byte // the entry as received
}

// Refusal is a permanent no, with a reason for the device's user and a hint for the developer.
type Refusal struct {
	Code      string
	Message   string
	Hint      string
	Operation int // index in the transaction; -1: the transaction as a whole
	Table     string
	RowID     string
	Details   any    // extra for the client, JSON
	Detail    string // raw database text: operators only

	// group is the rejection that this one waits for; "": it stands for itself.
	group string
	// conflicts are the other half of the case that the rejection becomes.
	conflicts []source.ConflictRecord
	hooked    bool // users' code says so: its codes mean nothing to us
	retry     bool // to be held back, not kept
}

// is reports a refusal of ours by its code.
func (r *Refusal) is(code string) bool { return r.Code == code && !r.hooked }

// The error codes that are ours or shared with PowerSync's reference vocabulary. Codes of database
// constraints come from source.Failure.
const (
	CodeInvalidData     = "INVALID_DATA"
	CodeSchemaMismatch  = "SCHEMA_MISMATCH"
	CodeUnauthorized    = "UNAUTHORIZED"
	CodePayloadTooLarge = "PAYLOAD_TOO_LARGE"
	// CodeDepends refuses what cannot make sense before an earlier refused write is settled.
	CodeDepends = "DEPENDS_ON_REJECTED"
)

func refuse(code, message string) *Refusal {
	return &Refusal{Code: code, Message: message, Operation: -1}
}

func (r *Refusal) hint(text string) *Refusal {
	r.Hint = text
	return r
}

// at names the operation to blame.
func (r *Refusal) at(i int, op *Operation) *Refusal {
	if r == nil {
		return nil
	}
	c := *r
	c.Operation = i
	if op != nil {
		c.Table, c.RowID = op.Table, op.RowID
	}
	return &c
}
