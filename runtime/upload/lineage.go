package upload

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"time"

	"turnkey/runtime/source"
)

// A device that lost power, or was restored from a backup, goes back to an earlier state of its file and counts again. Its
// operation ids then have several histories, and a transaction was processed before only if one history of its device can have had all of
// it that the receipts know:
//
//	receipts, the oldest first   7:a 8:b │ 7:c         the device went back before 7, and counted again
//	7:a 8:b                      known   known         of the first history
//	7:c 8:b                      known   anew          where 7 was c, nothing has been 8 yet
//	7:d 8:b                      anew    anew          of a third history
//
// What comes behind an operation that is anew is anew, too: it cannot have come before it. What stands before it in a
// transaction was written at the same moment, so it is anew unless its receipt is younger than all that name what follows: then the client has cut
// its queue, and this is the part that came before. Where a request is no transaction of the device's but a piece of its queue, what stands before
// may well be from before the power was lost.
//
// So nothing is left that could be mistaken but what equals the beginning of a history that was. Nobody can tell that from a repeat.

// anew forgets receipts that cannot be of this transaction, although they name an operation of its with the same content. found are the
// receipts of each operation, the oldest first.
func (ids *identities) anew(h *source.History, m *memory, found map[occurrence][]*source.Receipt) {
	if !ids.contested(h) {
		return // nearly always: no operation has another content than before
	}
	past := ids.past(h)
	if ids.whole && past.had(ids, m, found) {
		return
	}
	for n := range ids.list {
		last, named := past.last[ids.list[n].op]
		if named && (m.stored[n] == nil || ids.whole && !last.here) {
			clear(m.stored[n:])
			if ids.whole {
				past.keepYounger(m.stored[:n], ids.list[n:])
			}
			return
		}
	}
}

// had finds the receipts of a transaction that can be of one history, and reports whether that are those of all its operations.
func (p *past) had(ids *identities, m *memory, found map[occurrence][]*source.Receipt) bool {
	all := true
	for n := range ids.list {
		id := &ids.list[n]
		of := found[occurrence{ids.owner, id.block, id.op, id.print}]
		m.stored[n] = p.possible(id, of[:max(0, len(of)-id.nth+1)])
		all = all && m.stored[n] != nil
	}
	return all
}

// contested reports that a receipt names an operation's id with another content.
func (ids *identities) contested(h *source.History) bool {
	contents := ids.contents()
	for i := range h.Receipts {
		r := &h.Receipts[i]
		for n, op := range r.Ops {
			if here := contents[op]; here != nil && !slices.Contains(here, r.Prints[n]) {
				return true
			}
		}
	}
	return false
}

// contents are those of the transaction's operation ids: one each, but for clients that do not count.
func (ids *identities) contents() map[int64][]source.Print {
	out := make(map[int64][]source.Print, len(ids.list))
	for n := range ids.list {
		out[ids.list[n].op] = append(out[ids.list[n].op], ids.list[n].print)
	}
	return out
}

// past is a device's history as far as it matters for a transaction.
type past struct {
	of   map[*source.Receipt]moment
	last map[int64]mention // by operation id
}

// moment is where a receipt stands in the order of time.
type moment struct {
	rank int
	// other is the lowest of the transaction's operation ids that had another content then; math.MaxInt64: none.
	other int64
}

// mention is the newest receipt that names an operation's id.
type mention struct {
	rank int
	here bool // with the content that it has here
}

// possible is the youngest of an operation's receipts at whose time no operation before it had another content; nil: there is none.
func (p *past) possible(id *identity, of []*source.Receipt) *source.Receipt {
	for _, r := range slices.Backward(of) {
		if p.of[r].other >= id.op {
			return r
		}
	}
	return nil
}

// keepYounger forgets the receipts that are not younger than all that name one of the operations.
func (p *past) keepYounger(stored []*source.Receipt, than []identity) {
	newest := -1
	for i := range than {
		if last, named := p.last[than[i].op]; named {
			newest = max(newest, last.rank)
		}
	}
	for i, r := range stored {
		if r != nil && p.of[r].rank <= newest {
			stored[i] = nil
		}
	}
}

// past reads the receipts in the order of time, and notes what each operation id of the transaction meant then.
func (ids *identities) past(h *source.History) *past {
	contents := ids.contents()
	order := slices.Sorted(maps.Keys(contents))
	place := make(map[int64]int, len(order))
	for i, op := range order {
		place[op] = i
	}
	p := &past{of: make(map[*source.Receipt]moment, len(h.Receipts)), last: make(map[int64]mention, len(order))}
	others, lowest := make([]bool, len(order)), len(order)
	for rank, r := range byTime(h.Receipts) {
		for n, op := range r.Ops {
			i, ours := place[op]
			if !ours {
				continue
			}
			others[i] = !slices.Contains(contents[op], r.Prints[n])
			p.last[op] = mention{rank, !others[i]}
			if others[i] {
				lowest = min(lowest, i)
			}
		}
		for lowest < len(order) && !others[lowest] {
			lowest++
		}
		p.of[r] = moment{rank: rank, other: math.MaxInt64}
		if lowest < len(order) {
			p.of[r] = moment{rank: rank, other: order[lowest]}
		}
	}
	return p
}

// byTime orders receipts: within a block by their numbers, else by the runtimes' clocks, and those of one commit by their blocks.
func byTime(list []source.Receipt) []*source.Receipt {
	type timed struct {
		*source.Receipt
		at time.Time
	}
	all := make([]timed, len(list))
	for i := range list {
		all[i] = timed{&list[i], list[i].At}
	}
	slices.SortFunc(all, func(a, b timed) int { return cmp.Or(cmp.Compare(a.Block, b.Block), cmp.Compare(a.Seq, b.Seq)) })
	for i := 1; i < len(all); i++ { // clocks may differ
		if all[i].Block == all[i-1].Block && all[i].at.Before(all[i-1].at) {
			all[i].at = all[i-1].at
		}
	}
	slices.SortStableFunc(all, func(a, b timed) int { return a.at.Compare(b.at) })
	out := make([]*source.Receipt, len(all))
	for i := range all {
		out[i] = all[i].Receipt
	}
	return out
}

// redo forgets, for the replay of a rejection, the receipts of operations that were refused with it: what has the same content was
// written by itself, before or after, and says nothing of it. What was applied before it came, it leaves alone: the client has cut its queue.
func (ids *identities) redo(m *memory, found map[occurrence][]*source.Receipt) {
	for n := range ids.list {
		id := &ids.list[n]
		for _, r := range found[occurrence{ids.owner, id.block, id.op, id.print}] {
			if r.Result != nil && retold(r).RejectionID == ids.rejection {
				m.stored[n] = nil
				break
			}
		}
	}
}
