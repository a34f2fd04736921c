package source

import (
	"encoding/hex"
	"errors"
	"time"
)

// Owner stands for who an operation's receipts belong to: a hash over instance, verified subject and
// client id, made by the pipeline. Nobody can write into another's receipts by claiming their client id.
type Owner [16]byte

// String is the owner as operators see it.
func (o Owner) String() string { return hex.EncodeToString(o[:]) }

// MarshalText implements encoding.TextMarshaler.
func (o Owner) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (o *Owner) UnmarshalText(text []byte) error {
	if _, err := hex.Decode(o[:], text[:min(len(text), 2*len(o))]); err != nil || len(text) != 2*len(o) {
		return errors.New("an owner is 32 hexadecimal digits")
	}
	return nil
}

// Print is the fingerprint of an operation's content: the first half of a SHA-256.
type Print [16]byte

// MarshalText implements encoding.TextMarshaler.
func (p Print) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, p[:]), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (p *Print) UnmarshalText(text []byte) error {
	if len(text) != 2*len(p) {
		return errors.New("a print is 32 hexadecimal digits")
	}
	_, err := hex.Decode(p[:], text)
	return err
}

// Receipt records that operations of one owner were processed, and how. One transaction writes one
// receipt for each block that its operations fall into, so that a hundred operations cost a few rows.
//
// Owner, Block and Seq are its key, and unique. Two transactions that process the same operation meet
// in the same block, have read the same receipts of it, and so want the same Seq: only one can commit.
type Receipt struct {
	Owner Owner
	Block int64
	Seq   int32 // one above the block's highest when the transaction read it; 0 when it had none
	// Ops and Prints are parallel: the operations' ids and contents. Ops is nil for clients that send no
	// ids of their own: their receipts are known by content alone, and have no floor.
	Ops    []int64
	Prints []Print
	At     time.Time // in milliseconds
	// Result is what the client was told, JSON, when that was not plain success; nil otherwise.
	Result []byte
}

// Claim asks for what is known of a transaction's operations.
type Claim struct {
	Owner  Owner
	Blocks []int64 // distinct, ascending
	// Ops are the operations themselves where they have ids of their own; nil: every receipt is wanted.
	Ops []int64
	// Whole asks for every receipt of the blocks, and for History.Newest.
	Whole bool
}

// History answers a Claim, from the same snapshot as the rows.
type History struct {
	// Floor is the highest operation id of this owner whose receipt was swept; meaningful when HasFloor.
	Floor    int64
	HasFloor bool
	// Receipts of the claimed blocks, in any order: at least the last of each block, and each one that names
	// a claimed operation. Others may be left out, for a block's neighbours are many.
	Receipts []Receipt
	// Newest is the highest block of this owner that has a receipt; meaningful when HasNewest. Answers
	// Claim.Whole.
	Newest    int64
	HasNewest bool
	// Rejected says that rows of some rejection wait in the database, anybody's. The pipeline then looks
	// closer with Tx.Rejected; while it is false, nothing has to.
	Rejected bool
}

// Finish is what commits together with the changes of a transaction.
type Finish struct {
	Receipts []Receipt
	// Rejection keeps a transaction that was refused; its changes are none then.
	Rejection *Rejection
	// Settle ends rejections. One that is not in a state of From any more fails the commit as a Conflict
	// with the code rejection_moved.
	Settle []Settlement
	// Notes are added to the rows of waiting rejections that they name.
	Notes []Note
	// Deliveries are put into the outbox, pending and due at once. One whose id is there already is from
	// a try whose outcome did not arrive, and stays as it is.
	Deliveries []Delivery
	// Conflicts are recorded. One whose id is there already stays as it is.
	Conflicts []ConflictRecord
	// Close ends conflicts. One that is not in a state of From any more fails the commit as a Conflict with
	// CodeConflictMoved. A rejection that is settled closes what is still open of its case by itself.
	Close []Closing
	// Tombstones and Traces take the place of what is there for their rows.
	Tombstones []Tombstone
	Traces     []Trace
}

// Bare reports that nothing but receipts commits with the changes.
func (f *Finish) Bare() bool {
	return f.Rejection == nil && len(f.Settle)+len(f.Notes)+len(f.Deliveries)+len(f.Conflicts)+len(f.Close)+len(f.Tombstones)+len(f.Traces) == 0
}
