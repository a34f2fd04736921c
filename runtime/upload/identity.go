package upload

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"time"

	"turnkey/runtime/source"
)

// strength says how a transaction's operations are recognised when they come again.
type strength uint8

const (
	// unknown: neither operation nor transaction ids. A repeat cannot be told from a new write.
	unknown strength = iota
	// weak: a stock client. By transaction and content, for weakFor.
	weak
	// strong: by client, operation id and content, as long as receipts are kept.
	strong
)

const (
	// weakFor is how long a stock client's repeat counts as one: its transaction ids start over when
	// the app is installed again.
	weakFor = 24 * time.Hour
	// blockBits: 32 consecutive operations of a client share their receipts.
	blockBits = 5
)

// identity is what an operation is recognised by.
type identity struct {
	block int64
	op    int64
	print source.Print
	// nth counts equal operations of this request up to this one: those are never repeats of each other.
	nth int
}

// identities are those of one transaction.
type identities struct {
	strength strength
	owner    source.Owner // of the receipts
	// holder owns rejections that hold later operations back: the client, else the subject.
	holder source.Owner
	list   []identity
	// whole: it is a transaction of the device's; otherwise a piece of its queue.
	whole bool
	// rejection is the one that is replayed; "": none.
	rejection string
}

// claim asks for the history of all operations; nil when nothing can be known of them.
func (ids *identities) claim() *source.Claim {
	if ids.strength == unknown || len(ids.list) == 0 {
		return nil
	}
	blocks := make([]int64, 0, 4)
	for n := range ids.list {
		if len(blocks) == 0 || blocks[len(blocks)-1] != ids.list[n].block {
			blocks = append(blocks, ids.list[n].block)
		}
	}
	slices.Sort(blocks)
	c := &source.Claim{Owner: ids.owner, Blocks: slices.Compact(blocks)}
	if ids.strength == strong {
		c.Ops = make([]int64, len(ids.list))
		for n := range ids.list {
			c.Ops[n] = ids.list[n].op
		}
		c.Whole = true // to be remembered
	}
	return c
}

// owner hashes who an operation belongs to. The verified subject is part of it, so that nobody reaches
// another's receipts, and so is its kind: two ways of counting operations never meet. The prefix is
// the version of owners and fingerprints together.
func owner(instance, subject, client, kind string) source.Owner {
	h := sha256.New()
	h.Write([]byte("turnkey receipts v1"))
	for _, part := range []string{instance, subject, client, kind} {
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], uint64(len(part)))
		h.Write(n[:])
		h.Write([]byte(part))
	}
	return source.Owner(h.Sum(nil)[:16])
}

// identify finds out how a transaction's operations are recognised. It is called once for each
// transaction of a request, in order.
func (e *Engine) identify(q *request, t *Transaction) *identities {
	out := &identities{holder: owner(e.instance, q.user.ID, q.upload.ClientID, "client")}
	out.whole = q.upload.Form == Transactions || t.HasID
	if q.replay != nil {
		out.rejection = q.replay.ID
	}
	ops := t.Operations
	if t.Refused != nil {
		ops = nil // it was not read to its end
	}
	if !leavesReceipts {
		return out
	}
	numbered := len(ops) > 0
	for i := range ops {
		numbered = numbered && ops[i].HasOpID
	}
	switch {
	case q.upload.ClientID != "" && numbered:
		out.strength, out.owner = strong, out.holder
	case t.HasID:
		out.strength, out.owner = weak, owner(e.instance, q.user.ID, q.upload.ClientID, "transaction")
	case numbered:
		out.strength, out.owner = weak, owner(e.instance, q.user.ID, q.upload.ClientID, "operation")
	default:
		return out
	}
	if t.Refused != nil {
		out.list = []identity{{block: t.ID, print: half(sha256.Sum256(t.Raw))}}
		q.count(out)
		return out
	}
	out.list = make([]identity, len(ops))
	var few [512]byte
	buf := few[:0]
	for i := range ops {
		op := &ops[i]
		id := &out.list[i]
		id.print, buf = fingerprint(buf, op)
		switch {
		case out.strength == strong:
			id.block, id.op = op.OpID>>blockBits, op.OpID
		case t.HasID:
			id.block = t.ID
		default:
			id.block = op.OpID
		}
	}
	q.count(out)
	return out
}

// occurrence is an operation that may occur more than once in a request.
type occurrence struct {
	owner source.Owner
	block int64
	op    int64
	print source.Print
}

// count numbers equal operations of the request. Operation ids that only go up, as a queue's do, need
// no memory.
func (q *request) count(ids *identities) {
	if ids.strength == strong && q.seen == nil && ids.ascends(q.last, q.counted) {
		for n := range ids.list {
			ids.list[n].nth = 1
		}
		q.last, q.counted = ids.list[len(ids.list)-1].op, true
		q.ascending = append(q.ascending, ids)
		return
	}
	if q.seen == nil {
		q.seen = make(map[occurrence]int, len(ids.list))
		for _, earlier := range q.ascending {
			q.remember(earlier)
		}
	}
	q.remember(ids)
}

func (q *request) remember(ids *identities) {
	for n := range ids.list {
		id := &ids.list[n]
		k := occurrence{ids.owner, id.block, id.op, id.print}
		q.seen[k]++
		id.nth = q.seen[k]
	}
}

// ascends reports that operation ids go up, from above last when there is one.
func (ids *identities) ascends(last int64, any bool) bool {
	for n := range ids.list {
		if op := ids.list[n].op; any && op <= last {
			return false
		} else {
			last, any = op, true
		}
	}
	return true
}

// fingerprint is the first half of the SHA-256 over the canonical JSON of an operation's op, table, id
// and data as received; previous values and metadata are no part of it. buf is reused.
func fingerprint(buf []byte, op *Operation) (source.Print, []byte) {
	if op.Refused != nil { // it may not have an op, a table or an id
		return half(sha256.Sum256(op.raw)), buf
	}
	buf = appendCanonical(append(buf[:0], `{"data":`...), op.Data)
	buf = appendCanonicalText(append(buf, `,"id":`...), op.RowID)
	buf = append(append(buf, `,"op":"`...), op.Op...)
	buf = appendCanonicalText(append(buf, `","table":`...), op.Table)
	buf = append(buf, '}')
	return half(sha256.Sum256(buf)), buf
}

func half(sum [sha256.Size]byte) source.Print { return source.Print(sum[:16]) }
