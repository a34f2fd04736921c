package upload

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"turnkey/runtime/source"
	"turnkey/runtime/value"
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
}

// claim asks for the history of all operations; nil when nothing can be known of them.
func (i *identities) claim() *source.Claim {
	if i.strength == unknown || len(i.list) == 0 {
		return nil
	}
	blocks := make([]int64, 0, 4)
	for n := range i.list {
		if len(blocks) == 0 || blocks[len(blocks)-1] != i.list[n].block {
			blocks = append(blocks, i.list[n].block)
		}
	}
	slices.Sort(blocks)
	return &source.Claim{Owner: i.owner, Blocks: slices.Compact(blocks)}
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
	ops := t.Operations
	if t.Refused != nil {
		ops = nil // it was not read to its end
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
	var buf []byte
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

// count numbers equal operations of the request.
func (q *request) count(ids *identities) {
	if q.seen == nil {
		q.seen = make(map[occurrence]int, len(ids.list))
	}
	for n := range ids.list {
		id := &ids.list[n]
		k := occurrence{ids.owner, id.block, id.op, id.print}
		q.seen[k]++
		id.nth = q.seen[k]
	}
}

// fingerprint is the first half of the SHA-256 over the canonical JSON (RFC 8785) of an operation's
// op, table, id and data as received; previous values and metadata are no part of it. Unlike the
// RFC, integers keep all their digits: two 64-bit integers that are one double are different data.
// buf is reused.
func fingerprint(buf []byte, op *Operation) (source.Print, []byte) {
	if op.Refused != nil { // it may not have an op, a table or an id
		return half(sha256.Sum256(op.raw)), buf
	}
	buf = append(buf[:0], `{"data":`...)
	if op.Data == nil {
		buf = append(buf, "null"...)
	} else {
		buf = value.AppendJSON(buf, op.Data)
	}
	buf = append(buf, `,"id":`...)
	buf = value.AppendJSON(buf, op.RowID)
	buf = append(buf, `,"op":"`...)
	buf = append(buf, op.Op...)
	buf = append(buf, `","table":`...)
	buf = value.AppendJSON(buf, op.Table)
	buf = append(buf, '}')
	canonical := jsontext.Value(buf)
	if err := canonical.Canonicalize(jsontext.CanonicalizeRawInts(false)); err != nil {
		return half(sha256.Sum256(op.raw)), buf // cannot happen: the entry was read strictly
	}
	return half(sha256.Sum256(canonical)), canonical
}

func half(sum [sha256.Size]byte) source.Print { return source.Print(sum[:16]) }
