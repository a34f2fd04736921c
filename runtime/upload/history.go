package upload

import (
	"cmp"
	"encoding/json"
	"slices"
	"time"

	"turnkey/runtime/source"
)

// CodeExpired refuses an operation that comes so late that nobody can tell whether it was applied.
const CodeExpired = "OP_EXPIRED"

// memory is what the source knows of one transaction's operations.
type memory struct {
	known  []bool            // by operation: processed before
	stored []*source.Receipt // by operation: which receipt says so
	worst  *source.Receipt   // the first known outcome that is not success; nil when all are
	next   numbers           // of the next receipt, by block
	few    [1]number         // room for next
	// expired is the first operation at or below the floor without a receipt; -1: none.
	expired int
	fresh   int // operations that are new
	// base is where the owner's receipts stood; nil: that is not known.
	base *recent
}

// number is that of a block's next receipt, numbers those of a transaction's blocks, which are few.
type (
	number struct {
		block int64
		next  int32
	}
	numbers []number
)

// of is zero for a block without receipts.
func (list numbers) of(block int64) int32 {
	for i := len(list) - 1; i >= 0; i-- {
		if list[i].block == block {
			return list[i].next
		}
	}
	return 0
}

// raise makes a block's number at least next.
func (list numbers) raise(block int64, next int32) numbers {
	for i := len(list) - 1; i >= 0; i-- {
		if list[i].block == block {
			list[i].next = max(list[i].next, next)
			return list
		}
	}
	return append(list, number{block, next})
}

// recall holds a transaction's operations against the history of their blocks. An operation is known
// when the block has at least as many receipts for it as this request has seen of it. operations is
// the transaction's length, which counts when nothing can be recognised.
func (ids *identities) recall(h *source.History, operations int, now time.Time) *memory {
	n := max(len(ids.list), operations)
	m := &memory{known: make([]bool, n), stored: make([]*source.Receipt, n), expired: -1}
	if len(ids.list) == 0 {
		m.fresh = operations
		return m
	}
	found := ids.index(h, m, now)
	for n := range ids.list {
		id := &ids.list[n]
		if of := found[occurrence{ids.owner, id.block, id.op, id.print}]; len(of) >= id.nth {
			m.stored[n] = of[len(of)-id.nth]
		}
	}
	switch {
	case found == nil:
	case ids.rejection != "":
		ids.redo(m, found)
	case ids.strength == strong:
		ids.anew(h, m, found)
	}
	for n, r := range m.stored {
		switch {
		case r != nil:
			m.known[n] = true
			if r.Result != nil && m.worst == nil {
				m.worst = r
			}
			continue
		case ids.strength == strong && h.HasFloor && ids.list[n].op <= h.Floor && m.expired < 0:
			m.expired = n
		}
		m.fresh++
	}
	if ids.strength == strong {
		m.base = ids.found(h, m.next, now)
	}
	return m
}

// index finds the receipts of each operation, the oldest first, and the next number of each block.
func (ids *identities) index(h *source.History, m *memory, now time.Time) map[occurrence][]*source.Receipt {
	if len(h.Receipts) == 0 {
		return nil
	}
	wanted := make(map[source.Print]bool, len(ids.list))
	for n := range ids.list {
		wanted[ids.list[n].print] = true
	}
	var found map[occurrence][]*source.Receipt
	for i := range h.Receipts {
		r := &h.Receipts[i]
		m.next = m.next.raise(r.Block, r.Seq+1)
		if ids.strength == weak && now.Sub(r.At) > weakFor {
			continue
		}
		for n, print := range r.Prints {
			if !wanted[print] {
				continue // almost always: neighbours in the block
			}
			if found == nil {
				found = make(map[occurrence][]*source.Receipt, len(ids.list))
			}
			k := occurrence{owner: ids.owner, block: r.Block, print: print}
			if n < len(r.Ops) {
				k.op = r.Ops[n]
			}
			found[k] = append(found[k], r)
		}
	}
	for _, of := range found {
		slices.SortStableFunc(of, func(a, b *source.Receipt) int { return cmp.Compare(a.Seq, b.Seq) })
	}
	return found
}

// forget makes operations new that are known only as refused: a replay does them after all. What was
// applied before stays known, and nothing is too late for a replay.
func (m *memory) forget() {
	m.worst, m.expired = nil, -1
	for n, r := range m.stored {
		if r != nil && r.Result != nil {
			m.known[n], m.stored[n] = false, nil
			m.fresh++
		}
	}
}

// receipts are those that a transaction leaves for its new operations; told is what the client hears,
// nil for success.
func (ids *identities) receipts(m *memory, now time.Time, told []byte) []source.Receipt {
	if ids.strength == unknown {
		return nil
	}
	return ids.appendReceipts(make([]source.Receipt, 0, ids.mostReceipts()), m, now, told)
}

// mostReceipts is how many there are at most if operations follow each other.
func (ids *identities) mostReceipts() int {
	if ids.strength == unknown {
		return 0
	}
	return 2 + len(ids.list)>>blockBits
}

func (ids *identities) appendReceipts(list []source.Receipt, m *memory, now time.Time, told []byte) []source.Receipt {
	if ids.strength == unknown {
		return list
	}
	own := len(list)
	for n := range ids.list {
		if m != nil && m.known[n] {
			continue
		}
		id := &ids.list[n]
		r := receiptOf(list[own:], id.block)
		if r == nil {
			list = append(list, source.Receipt{Owner: ids.owner, Block: id.block, At: now, Result: told})
			r = &list[len(list)-1]
			most := min(len(ids.list)-n, 1<<blockBits)
			r.Prints = make([]source.Print, 0, most)
			if ids.strength == strong {
				r.Ops = make([]int64, 0, most)
			}
			if m != nil {
				r.Seq = m.next.of(id.block)
			}
		}
		r.Prints = append(r.Prints, id.print)
		if ids.strength == strong {
			r.Ops = append(r.Ops, id.op)
		}
	}
	return list
}

// receiptOf finds a block's receipt, which is nearly always the last.
func receiptOf(list []source.Receipt, block int64) *source.Receipt {
	for i := len(list) - 1; i >= 0; i-- {
		if list[i].Block == block {
			return &list[i]
		}
	}
	return nil
}

// toldResult is a result as a receipt keeps it.
func toldResult(r result) []byte {
	raw, err := json.Marshal(r)
	if err != nil { // nothing in a result can fail
		return nil
	}
	return raw
}

// retold is the stored result of a repeat.
func retold(r *source.Receipt) result {
	if r == nil {
		return result{Status: success}
	}
	var out result
	if err := json.Unmarshal(r.Result, &out); err != nil || out.Status != fatal || out.RequiresClientHandling == nil || out.FailedOperation == nil {
		no := refuse("UNCLASSIFIED_ERROR", "This write was refused earlier.")
		return fatalResult(no, false)
	}
	return out
}

// repeats reports that an operation occurs twice in the request: then the history must be looked at.
func (ids *identities) repeats() bool {
	for n := range ids.list {
		if ids.list[n].nth > 1 {
			return true
		}
	}
	return false
}
