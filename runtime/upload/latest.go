package upload

import (
	"bytes"
	"slices"
	"strconv"
	"sync"

	"turnkey/runtime/rehearsal"
	"turnkey/runtime/source"
)

const (
	latestKept  = 20
	latestBytes = 32 << 10
	latestShown = 10 // operations that are named
)

// Latest remembers an instance's last transactions, in memory, so that whoever writes hooks can try them on what a
// device has just sent. It is for development instances: of others nothing is kept that was accepted.
type Latest struct {
	mu   sync.Mutex
	list []rehearsal.Latest // the newest last
	made int
}

// List gives them, the newest first.
func (l *Latest) List() []rehearsal.Latest {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := slices.Clone(l.list)
	slices.Reverse(out)
	return out
}

// remember keeps a transaction that has come to its end. Repeats, replays and what comes again are left out.
func (e *Engine) remember(q *request, t *Transaction, v *verdict, failure *source.Failure) {
	l := e.deps.Latest
	if l == nil || q.replay != nil || failure != nil || v.known || v.held != nil || len(t.Raw) > latestBytes {
		return
	}
	w := rehearsal.Latest{
		At: q.arrived, User: rehearsal.User{ID: q.user.ID, Provider: q.user.Provider, Claims: q.user.Claims}, Count: len(t.Operations),
		Outcome: rehearsal.Applied, Transaction: bytes.Clone(t.Raw), Operations: []rehearsal.LatestOperation{},
	}
	if v.no != nil {
		w.Outcome, w.Code = rehearsal.Refused, v.no.Code
	}
	for i := range t.Operations[:min(len(t.Operations), latestShown)] {
		o := &t.Operations[i]
		w.Operations = append(w.Operations, rehearsal.LatestOperation{Op: string(o.Op), Table: o.Table, ID: o.RowID})
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.made++
	w.ID = q.id + "-" + strconv.Itoa(l.made)
	if l.list = append(l.list, w); len(l.list) > latestKept {
		l.list = slices.Delete(l.list, 0, 1)
	}
}
