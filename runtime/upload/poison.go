package upload

import (
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"turnkey/runtime/source"
)

// CodeKeepsFailing refuses a write on which the database gives up each time, and on others does not.
const CodeKeepsFailing = "SOURCE_KEEPS_FAILING"

// Some writes make the database itself fail: a trigger outruns statement_timeout, a value ends the server's process.
// One such failure looks like a database in trouble, for which nobody's write is to blame, and the write is held back.
// But when it fails again and again, while others write into the same tables, it is a poison
// operation: it would hold its device's queue for ever, so it becomes a rejection, which can be replayed when the cause is mended.
//
//	fails ──► others write into each of its tables ──► fails ──► ... ──► fails: poisonTries times, at most one a minute counts
//
// In an outage nobody writes, behind a lock on a table nobody writes there, and nothing counts.
const (
	poisonTries = 5
	poisonPause = time.Minute
	// mostSuspects bounds how many writes are watched at a time. Others wait for a place: were the eldest to make room, none of more
	// would ever be watched for long enough. One that has not failed for poisonQuiet has been settled elsewhere.
	mostSuspects = 256
	poisonQuiet  = 10 * time.Minute
)

// suspects are writes on which the database gave up lately. They are those of one engine, and begin anew
// with each revision. Safe for concurrent use.
type suspects struct {
	any atomic.Bool // there are some: only then has a success anything to tell
	mu  sync.Mutex
	of  map[suspect]*suspicion
}

// suspect is a transaction by its first operation.
type suspect struct {
	owner source.Owner
	identity
}

// suspicion is what speaks against a write.
type suspicion struct {
	tries   int             // that count
	counted time.Time       // the last of them
	last    time.Time       // the last failure
	wrote   map[string]bool // its tables; true: somebody has written there since the last try that counted
}

// suspectOf is false for what cannot be recognised when it comes again.
func suspectOf(ids *identities) (suspect, bool) {
	if ids.strength == unknown || len(ids.list) == 0 {
		return suspect{}, false
	}
	return suspect{ids.owner, ids.list[0]}, true
}

// failed takes in that the database gave up on a transaction, and reports whether that has happened often enough.
func (s *suspects) failed(t *Transaction, ids *identities, plan *plan, f *source.Failure, now time.Time) bool {
	who, recognised := suspectOf(ids)
	if !recognised || f.Untried || f.Class != source.Down && f.Class != source.Unknown {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	of := s.of[who]
	if of == nil {
		s.add(who, &suspicion{tries: 1, counted: now, last: now, wrote: tablesOf(t, plan)})
		return false
	}
	of.last = now
	if of.contradicted() && now.Sub(of.counted) >= poisonPause {
		of.tries++
		of.counted = now
		for table := range of.wrote {
			of.wrote[table] = false
		}
	}
	return of.tries >= poisonTries
}

func (of *suspicion) contradicted() bool {
	for _, wrote := range of.wrote {
		if !wrote {
			return false
		}
	}
	return len(of.wrote) > 0
}

// tablesOf are the tables that a transaction writes into, of those that there are: devices can make up any number of others.
func tablesOf(t *Transaction, plan *plan) map[string]bool {
	out := make(map[string]bool, 1)
	for i := range t.Operations {
		if tab := plan.tables[t.Operations[i].Table]; tab != nil {
			out[tab.Name] = false
		}
	}
	return out
}

// add watches a write if there is a place.
func (s *suspects) add(who suspect, of *suspicion) {
	if s.of == nil {
		s.of = make(map[suspect]*suspicion)
	}
	if len(s.of) >= mostSuspects {
		maps.DeleteFunc(s.of, func(_ suspect, other *suspicion) bool { return of.last.Sub(other.last) > poisonQuiet })
	}
	if len(s.of) < mostSuspects {
		s.of[who] = of
	}
	s.any.Store(true)
}

// ended takes in that a transaction is settled, and whether it was written.
func (s *suspects) ended(t *Transaction, ids *identities, wrote bool) {
	if !s.any.Load() {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if who, recognised := suspectOf(ids); recognised {
		delete(s.of, who)
	}
	s.any.Store(len(s.of) > 0)
	if !wrote {
		return
	}
	for _, of := range s.of {
		for i := range t.Operations {
			if _, its := of.wrote[t.Operations[i].Table]; its {
				of.wrote[t.Operations[i].Table] = true
			}
		}
	}
}

// poisonous is the refusal of a write on which the database keeps giving up.
func poisonous(f *source.Failure, ops []Operation) *Refusal {
	no := refuse(CodeKeepsFailing, "The database gave up on this write each time, while it took others.")
	no.Hint = "Look at triggers, constraints and statement_timeout of its tables; then replay it."
	if f.Hint != "" {
		no.Hint = f.Hint + " Then replay it."
	}
	no.Detail = f.Error()
	if len(ops) == 1 {
		return no.at(0, &ops[0])
	}
	return no
}
