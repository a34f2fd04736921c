package upload

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"turnkey/runtime/bundle"
	"turnkey/runtime/source"
)

// Transactions of one instance take turns, for two reasons. Two that want the same row, or that come from
// the same client, would only meet in the database, where one of them fails and does all its work again:
// here the second waits for the first. And those that have nothing to do with each other can share a
// transaction of the source (together.go), which costs the database and us little more than one alone.
//
//	enter ──► waiting, in order ──► picked: rows held ──► one leads its group ──► leave: rows free
//	               │   ▲                    │                    │
//	               └───┘                    └── slot taken ──────┴── slot free: the next group is picked
//	        its row is held
//
// A group takes a slot for as long as its first try lasts. While slots are free nobody waits; so a group is
// what has gathered while the source was busy, never what was waited for. There is one slot, and one more for
// each `brief` that a first try takes at present: on a source that is near nobody notices the wait, and on
// one that is far away, where many must be under way at once, there are many. Who has waited `patient` for a
// slot goes without one. Transactions that are large, or cannot share, need none.
//
// Nobody holds one row while waiting for another: all rows of a transaction are taken at once, or
// none. Whoever comes first to a row has it first.
const (
	brief   = 2 * time.Millisecond
	patient = 5 * time.Millisecond
	// mostTogether is how many operations a group has at most, unless one transaction has more.
	mostTogether = 200
	// heavy is from how many operations on a transaction is worth one of its own.
	heavy = 64
	// aloneAfterFailure is how many transactions go alone after a group that somebody outside was in the
	// way of.
	aloneAfterFailure = 16
)

// key is a row of a collection.
type key struct{ collection, id string }

func (k key) compare(other key) int {
	if c := strings.Compare(k.collection, other.collection); c != 0 {
		return c
	}
	return strings.Compare(k.id, other.id)
}

// member is a transaction that takes turns.
type member struct {
	q       *request
	t       *Transaction
	ids     *identities
	targets []target
	columns map[*table]map[string]bundle.Type
	alone   bool // it cannot share a transaction
	hooked  bool // for no other reason than its tables' hooks
	seed    string
	keys    []key        // of its rows
	client  source.Owner // of its receipts, if it leaves any
	owned   bool
	watch   *stopwatch // nil: nobody measures

	late  bool           // it has waited long enough for a slot
	holds bool           // its keys are taken
	lead  chan []*member // the group to lead
	done  chan struct{}  // its group has been led to its end

	settled bool // in its group, and how; otherwise it goes on by itself
	end     verdict
}

func newMember(q *request, t *Transaction, ids *identities, targets []target) *member {
	m := &member{q: q, t: t, ids: ids, targets: targets, lead: make(chan []*member, 1), done: make(chan struct{}, 1)}
	m.client, m.owned = ids.owner, ids.strength != unknown
	m.keys = make([]key, 0, len(targets))
	for i := range targets {
		if targets[i].no == nil {
			m.keys = append(m.keys, key{targets[i].table.Collection, targets[i].text})
		}
	}
	return m
}

// first is what orders the members of a group.
func (m *member) first() key {
	if len(m.keys) == 0 {
		return key{}
	}
	return m.keys[0]
}

// holding is what transactions hold, each thing one of them.
type holding struct {
	rows    map[key]struct{}
	clients map[source.Owner]struct{}
}

func (m *member) wants(held *holding) bool {
	if m.owned {
		if _, taken := held.clients[m.client]; taken {
			return true
		}
	}
	if len(held.rows) == 0 {
		return false
	}
	for _, k := range m.keys {
		if _, taken := held.rows[k]; taken {
			return true
		}
	}
	return false
}

// slots is how many its group takes.
func (m *member) slots() int {
	if m.free() {
		return 0
	}
	return 1
}

// free transactions do not wait for a slot: they gain nothing from company.
func (m *member) free() bool { return m.alone || len(m.t.Operations) >= heavy }

// release gives back what was taken, once.
func (m *member) release(held *holding) {
	if m.holds {
		for _, k := range m.keys {
			delete(held.rows, k)
		}
		if m.owned {
			delete(held.clients, m.client)
		}
		m.holds = false
	}
}

func (m *member) hold(held *holding) {
	if held.rows == nil {
		held.rows = make(map[key]struct{}, len(m.keys))
	}
	for _, k := range m.keys {
		held.rows[k] = struct{}{}
	}
	if !m.owned {
		return
	}
	if held.clients == nil {
		held.clients = map[source.Owner]struct{}{}
	}
	held.clients[m.client] = struct{}{}
}

// turns is the order of an instance's transactions.
type turns struct {
	now func() time.Time
	// idle is called before a wait, and what it returns after it.
	idle func(context.Context) (back func())

	mu      sync.Mutex
	waiting []*member
	held    holding
	running int           // slots taken
	pace    time.Duration // how long a first try takes, smoothed
	apart   int           // how many transactions are to go alone
}

// enter waits for a turn, and gives the group to lead, or nil when another has led it to its end. ok is
// false when ctx ended first. Whoever was let in calls leave.
func (ts *turns) enter(ctx context.Context, m *member) (group []*member, ok bool) {
	ts.mu.Lock()
	ts.waiting = append(ts.waiting, m)
	ts.dispatch()
	ts.mu.Unlock()
	select {
	case group = <-m.lead:
		return group, true
	default:
	}
	defer ts.idle(ctx)()
	late := time.NewTimer(patient)
	defer late.Stop()
	for {
		select {
		case group = <-m.lead:
			return group, true
		case <-m.done:
			return nil, true
		case <-late.C:
			ts.mu.Lock()
			m.late = true
			ts.dispatch()
			ts.mu.Unlock()
		case <-ctx.Done():
			return ts.giveUp(m)
		}
	}
}

// giveUp takes a transaction out of the waiting. One that was picked just now stays in its group.
func (ts *turns) giveUp(m *member) (group []*member, ok bool) {
	ts.mu.Lock()
	i := slices.Index(ts.waiting, m)
	if i >= 0 {
		ts.waiting = slices.Delete(ts.waiting, i, i+1)
		ts.dispatch() // those behind it may have waited for nobody else
	}
	ts.mu.Unlock()
	if i >= 0 {
		return nil, false
	}
	select {
	case group = <-m.lead:
	case <-m.done:
	}
	return group, true
}

// dispatch starts whoever may start. It is called with the lock held.
func (ts *turns) dispatch() {
	for len(ts.waiting) > 0 {
		group := ts.pick(ts.running < 1+int(ts.pace/brief))
		if len(group) == 0 {
			return
		}
		ts.running += group[0].slots()
		group[0].lead <- group
	}
}

// pick takes the next group out of the waiting: the first whose rows are free, and those behind it that
// can share its transaction. Without a slot it needs somebody who is late; free ones need neither.
func (ts *turns) pick(slot bool) (group []*member) {
	free := false
	for _, m := range ts.waiting {
		slot = slot || m.late && !m.wants(&ts.held)
		free = free || m.free()
	}
	if !slot && !free {
		return nil
	}
	var passed holding // wanted by somebody who waits longer
	operations := 0
	waiting := ts.waiting[:0]
	for _, m := range ts.waiting {
		may := !m.wants(&ts.held) && !m.wants(&passed)
		if len(group) == 0 {
			may = may && (slot || m.free())
		} else {
			may = may && !m.alone && !group[0].alone && ts.apart == 0 && operations+len(m.t.Operations) <= mostTogether
		}
		if may {
			m.hold(&ts.held)
			m.holds = true
			group = append(group, m)
			operations += len(m.t.Operations)
			continue
		}
		m.hold(&passed)
		waiting = append(waiting, m)
	}
	clear(ts.waiting[len(waiting):])
	ts.waiting = waiting
	if len(group) > 0 && ts.apart > 0 {
		ts.apart--
	}
	return group
}

// tried gives a slot back, after the first try of a group that started then, and with it the rows of those
// whom that has brought to their end: who waits for them has its turn before others.
func (ts *turns) tried(began time.Time, group []*member) {
	const memory = 8                                      // the weight of the past, in groups
	took := min(max(0, ts.now().Sub(began)), time.Second) // a clock may jump
	ts.mu.Lock()
	defer ts.mu.Unlock()
	ts.pace += (took - ts.pace) / memory
	for _, m := range group {
		if m.settled {
			m.release(&ts.held)
		}
	}
	ts.running -= group[0].slots()
	ts.dispatch()
}

// part lets the next transactions go alone: somebody outside is in the way of groups.
func (ts *turns) part() {
	ts.mu.Lock()
	ts.apart = aloneAfterFailure
	ts.mu.Unlock()
}

// leave frees a transaction's rows.
func (ts *turns) leave(m *member) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	m.release(&ts.held)
	ts.dispatch()
}
