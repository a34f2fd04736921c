package upload

import (
	"slices"
	"sync"
	"time"

	"turnkey/runtime/source"
)

// Reading what is known of a transaction's operations costs the database about as much as writing them,
// and for a device that is just writing it is known already: we have written it ourselves. So an engine
// remembers, for devices with our connector, where their receipts stand: the newest block, how many
// receipts it has, and the operations that they name.
//
// This is no more than a guess at what a read would give, but a guess that the commit checks. The receipts
// that a transaction leaves are numbered on from what was remembered. Had anybody else left a receipt in
// the block meanwhile, the number is taken, the commit fails as a Conflict, the memory is dropped, and the
// next try reads. Where there is no commit to check it, because the transaction is refused, the memory
// is dropped, too, and the transaction decided again by what is read. The argument of doc.go holds as it stands: for "read", say "read earlier", since
// between that and the commit nobody wrote.
//
// It needs two things that a read in the transaction's own snapshot would give by itself. Blocks above the
// newest must be empty, or have receipts under whose numbers ours cannot slip: a first read finds that none
// was above it, what anybody adds later is young, and the sweeper takes nothing that is younger than a
// day. And an operation at or below the floor must not pass for new: the floor is remembered, too, and
// until the memory ends, after recentFor, only receipts below the remembered ones can be swept.
const (
	recentFor = 10 * time.Minute
	// mostRecent bounds how many devices are remembered, mostNamed how much of each.
	mostRecent = 512
	mostNamed  = 64
)

// recent is where one owner's receipts stand.
type recent struct {
	read  time.Time // when it was read from the source, of which it is a continuation
	block int64     // the newest
	next  int32     // the number of its next receipt
	named []named   // by its receipts
	last  int64     // the highest operation of those

	floor    int64
	hasFloor bool
}

type named struct {
	op    int64
	print source.Print
}

// recents are those of an engine. Safe for concurrent use.
type recents struct {
	mu sync.Mutex
	of map[source.Owner]*recent
}

// recall is what is known of a transaction's operations without asking; nil: it has to be read.
func (rs *recents) recall(ids *identities, now time.Time) *memory {
	if ids.strength != strong {
		return nil
	}
	rs.mu.Lock()
	r := rs.of[ids.owner]
	rs.mu.Unlock()
	if r == nil || now.Sub(r.read) >= recentFor || now.Before(r.read) {
		return nil
	}
	for n := range ids.list {
		id := &ids.list[n]
		if id.block < r.block || id.nth > 1 || r.hasFloor && id.op <= r.floor || id.block == r.block && r.names(id) {
			return nil
		}
	}
	m := &memory{known: make([]bool, len(ids.list)), expired: -1, fresh: len(ids.list), base: r}
	m.next = append(m.few[:0], number{r.block, r.next})
	return m
}

func (r *recent) names(id *identity) bool {
	if len(r.named) == 0 || id.op > r.last { // nearly always: a queue counts up
		return false
	}
	for i := range r.named {
		if r.named[i].op == id.op && r.named[i].print == id.print {
			return true
		}
	}
	return false
}

func (r *recent) name(op int64, print source.Print) {
	if len(r.named) == 0 || op > r.last {
		r.last = op
	}
	r.named = append(r.named, named{op, print})
}

// found is where receipts stand by a whole history; nil when there are newer blocks than the claimed ones.
func (ids *identities) found(h *source.History, next numbers, now time.Time) *recent {
	r := &recent{read: now, floor: h.Floor, hasFloor: h.HasFloor}
	for n := range ids.list {
		if n == 0 || ids.list[n].block > r.block {
			r.block = ids.list[n].block
		}
	}
	if h.HasNewest && h.Newest > r.block {
		return nil
	}
	r.next = next.of(r.block)
	for i := range h.Receipts {
		if h.Receipts[i].Block != r.block {
			continue
		}
		for n, op := range h.Receipts[i].Ops {
			r.name(op, h.Receipts[i].Prints[n])
		}
	}
	return r
}

// wrote takes in what a committed transaction has left.
func (rs *recents) wrote(ids *identities, m *memory) {
	if m == nil || m.base == nil {
		return
	}
	r := new(recent)
	*r = *m.base
	rs.mu.Lock()
	defer rs.mu.Unlock()
	if rs.of[ids.owner] != m.base { // else nobody has gone on from it before, and the room behind what it names is ours
		r.named = slices.Clip(r.named)
	}
	for n := range ids.list {
		if id := &ids.list[n]; id.block > r.block {
			r.block, r.named = id.block, nil
		}
	}
	r.next = m.next.of(r.block)
	if r.named == nil {
		r.named = make([]named, 0, 1<<blockBits)
	}
	wrote := false
	for n := range ids.list {
		if id := &ids.list[n]; id.block == r.block && !m.known[n] {
			r.name(id.op, id.print)
			wrote = true
		}
	}
	r.next++                                // a transaction leaves one receipt in a block
	if !wrote || len(r.named) > mostNamed { // a block in which nothing is young may be swept
		delete(rs.of, ids.owner)
		return
	}
	if _, is := rs.of[ids.owner]; !is && len(rs.of) >= mostRecent {
		for other := range rs.of { // anyone: those who write come back
			delete(rs.of, other)
			break
		}
	}
	rs.of[ids.owner] = r
}

// forget drops what was remembered: it was wrong, or nobody knows whether it still holds.
func (rs *recents) forget(ids *identities) {
	rs.mu.Lock()
	delete(rs.of, ids.owner)
	rs.mu.Unlock()
}
