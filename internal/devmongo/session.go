package devmongo

import "time"

// session is what the server knows of a logical session. It belongs to no connection: a transaction
// goes on, with its locks, when the connection that began it dies; any connection that names session
// and transaction number may commit or abort it, and a higher number from anywhere ends it.
//
//	              startTransaction                 commit
//	any state ────(higher number)────► open ──────────────────► committed ──► repeated commit: the same answer
//	    │                               │ error, abort, kill,
//	    │ retryable write               │ lifetime, higher number
//	    └─(higher number)─► writing     └─────────────────────► aborted ────► NoSuchTransaction
type session struct {
	key  string
	id   D // as in lsid
	num  int64
	is   sessionState
	txn  *txn              // while open
	done map[int32]outcome // while writing: what became of each statement
	busy bool              // a retryable write is running, maybe waiting for a lock
	used time.Time
}

type sessionState int

const (
	idle sessionState = iota
	open
	committed
	aborted
	writing
)

// outcome is what a statement of a retryable write did.
type outcome struct {
	n, modified int32
	upserted    any
	reply       D // of findAndModify
}

// session of an lsid, made when the server does not know it.
func (s *Store) session(lsid D) *session {
	k := key(val(lsid, "id"))
	se := s.sessions[k]
	if se == nil {
		se = &session{key: k, id: D{{Key: "id", Value: val(lsid, "id")}}, num: -1}
		s.sessions[k] = se
	}
	se.used = s.now()
	return se
}

// admit checks the transaction number of a request and finds or begins its transaction. The caller
// holds mu.
func (s *Store) admit(r *request) error {
	lsid, num := doc(r.cmd, "lsid"), toI(val(r.cmd, "txnNumber"))
	if lsid == nil {
		return errf(72, "InvalidOptions", "Transaction number requires a session ID to also be specified")
	}
	se := s.session(lsid)
	for se.busy {
		s.cond.Wait()
	}
	if se.txn != nil {
		s.expire(se.txn)
	}
	autocommit, given := get(r.cmd, "autocommit")
	multi := given && !truthy(autocommit)
	begins := truthy(val(r.cmd, "startTransaction"))
	switch {
	case num < se.num:
		return errf(225, "TransactionTooOld", "Cannot start transaction with { txnNumber: %d } on session %v because a newer transaction with txnNumber %d has already started on this session.", num, val(lsid, "id"), se.num)
	case multi && !begins:
		return s.resume(r, se, num)
	case num == se.num && (multi || se.is != writing):
		return errf(50911, "Location50911", "Cannot start a transaction at given transaction number %d: a transaction with the same number has been seen.", num)
	case num > se.num:
		if se.txn != nil {
			s.abort(se.txn)
		}
		se.num, se.done = num, map[int32]outcome{}
	}
	r.session = se
	if multi {
		r.txn = s.begin(se)
	} else {
		se.is, se.busy = writing, true
	}
	return nil
}

// resume finds the transaction that a statement, a commit or an abort belongs to.
func (s *Store) resume(r *request, se *session, num int64) error {
	ends := r.name == "committransaction" || r.name == "aborttransaction"
	switch {
	case num > se.num:
		return noSuchTransaction("Given transaction number %d does not match any in-progress transactions. The active transaction number is %d", num, se.num)
	case se.is == open:
		r.session, r.txn = se, se.txn
		return nil
	case se.is == committed && r.name == "committransaction":
		r.session = se
		return nil
	case se.is == committed:
		return errf(256, "TransactionCommitted", "Transaction with { txnNumber: %d } has been committed.", num)
	case se.is == aborted || ends:
		return noSuchTransaction("Transaction with { txnNumber: %d } has been aborted.", num)
	}
	return errf(50911, "Location50911", "Transaction number %d belongs to a retryable write.", num)
}

func noSuchTransaction(f string, a ...any) *Err {
	e := errf(251, "NoSuchTransaction", f, a...)
	e.Labels = []string{labelTransient}
	return e
}

// killSessions aborts the open transactions of the sessions that killSessions and endSessions list, or
// of all for killAllSessions. MongoDB takes its time after endSessions, up to some minutes.
func (s *Store) killSessions(r *request) error {
	ids, _ := r.cmd[0].Value.(A)
	if r.name == "killallsessions" {
		if len(ids) > 0 {
			return lacking("users, so no killAllSessions for some of them")
		}
		for t := range s.open {
			s.abort(t)
		}
		return nil
	}
	for _, x := range ids {
		lsid, _ := x.(D)
		if se := s.sessions[key(val(lsid, "id"))]; se != nil && se.txn != nil {
			s.abort(se.txn)
		}
	}
	return nil
}

// mark is the record of the journal for one statement of a retryable write.
func (se *session) mark(stmt int32, o outcome) D {
	d := D{{Key: "id", Value: val(se.id, "id")}, {Key: "n", Value: se.num}, {Key: "i", Value: stmt}, {Key: "c", Value: o.n}, {Key: "m", Value: o.modified}}
	if o.upserted != nil {
		d = append(d, E{Key: "u", Value: o.upserted})
	}
	if o.reply != nil {
		d = append(d, E{Key: "r", Value: o.reply})
	}
	return d
}

// commitMark is the record of the journal for a committed transaction.
func (se *session) commitMark() D {
	return D{{Key: "id", Value: val(se.id, "id")}, {Key: "n", Value: se.num}}
}

// memory is all that a snapshot of the journal keeps of a session, or nil.
func (se *session) memory() D {
	switch se.is {
	case committed:
		return se.commitMark()
	case writing:
		list := A{}
		for stmt, o := range se.done {
			list = append(list, se.mark(stmt, o))
		}
		return D{{Key: "id", Value: val(se.id, "id")}, {Key: "n", Value: se.num}, {Key: "all", Value: list}}
	}
	return nil
}

// recall is the inverse of the marks and of memory, at replay.
func (s *Store) recall(m D) {
	se := s.session(m)
	if n := toI(val(m, "n")); n != se.num {
		se.num, se.done = n, map[int32]outcome{}
	}
	if all, ok := val(m, "all").(A); ok {
		se.is = writing
		for _, x := range all {
			s.recall(x.(D))
		}
		return
	}
	stmt, ok := get(m, "i")
	if !ok {
		se.is = committed
		return
	}
	se.is = writing
	se.done[int32(toI(stmt))] = outcome{n: int32(num(m, "c")), modified: int32(num(m, "m")), upserted: val(m, "u"), reply: doc(m, "r")}
}
