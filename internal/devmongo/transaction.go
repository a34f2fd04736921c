package devmongo

import (
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
)

type write struct {
	c   *coll
	e   *entry
	doc D
	raw bson.Raw // of doc
	op  string   // insert, update, replace, delete
}

type txn struct {
	session *session
	start   bson.Timestamp
	over    map[*entry]D // own uncommitted state, nil: deleted
	writes  []write
	resv    []func() // undo unique reservations
	created time.Time
}

// begin opens the session's transaction on a snapshot of what is committed now.
func (s *Store) begin(se *session) *txn {
	t := &txn{session: se, start: s.last, over: map[*entry]D{}, created: s.now()}
	se.is, se.txn = open, t
	s.open[t] = struct{}{}
	return t
}

// end runs commitTransaction or abortTransaction. A repeated commit finds the session committed.
func (s *Store) end(r *request) error {
	switch {
	case r.session == nil:
		return errf(72, "InvalidOptions", "%s needs a session and a transaction number", r.cmd[0].Key)
	case r.txn == nil:
	case r.name == "aborttransaction":
		s.abort(r.txn)
	default:
		s.commit(r.txn)
	}
	return nil
}

// put stages one write: in the transaction, or at once. The caller holds mu and has checked nothing.
// mark is the statement's outcome for the journal, outside of a transaction.
func (s *Store) put(t *txn, c *coll, e *entry, d D, op string, mark D) error {
	var raw bson.Raw
	if d != nil {
		var err error
		if raw, err = encode(d); err != nil {
			return errf(2, "BadValue", "%v", err)
		} else if len(raw) > 16<<20 {
			return errf(10334, "BSONObjectTooLarge", "BSONObj size: %d is invalid. Size must be between 0 and 16793600(16MB)", len(raw))
		}
		if c.validator != nil {
			if ok, err := match(d, c.validator); err != nil || !ok {
				return &Err{Code: 121, Name: "DocumentValidationFailure", Msg: "Document failed validation", Extra: D{{Key: "errInfo", Value: D{{Key: "failingDocumentId", Value: val(d, "_id")}}}}}
			}
		}
	}
	if e.locked != nil && e.locked != t && !s.expire(e.locked) {
		return conflict()
	}
	if t != nil && e.locked == nil && s.after(t, e) {
		return conflict()
	}
	before := s.read(e, t)
	var undo []func()
	for _, ix := range c.idx {
		if !ix.unique {
			continue
		}
		nv, ov := ix.indexVals(d), ix.indexVals(before)
		for _, v := range nv {
			u := ix.vals[v]
			if u != nil && u.owner != e.key && t != nil && u.by == t { // freed earlier in this transaction
				if o := c.docs[u.owner]; o != nil && !contains(ix.indexVals(s.read(o, t)), v) {
					was := u.owner
					u.owner = e.key
					undo = append(undo, func() { u.owner = was })
					continue
				}
			}
			if u != nil && u.owner != e.key {
				for _, f := range undo {
					f()
				}
				if u.by != nil && u.by != t || t != nil && s.after(t, c.docs[u.owner]) {
					return conflict()
				}
				return dupErr(c, ix, d)
			}
			if u == nil {
				ix.vals[v] = &uval{e.key, t}
				undo = append(undo, func() { delete(ix.vals, v) })
			}
		}
		for _, v := range ov {
			if u := ix.vals[v]; u != nil && u.owner == e.key && !contains(nv, v) {
				if t == nil {
					delete(ix.vals, v)
					undo = append(undo, func() { ix.vals[v] = u })
				} else { // freed only at commit: until then others must conflict
					u.by = t
					undo = append(undo, func() { u.by = nil })
				}
			}
		}
	}
	w := write{c: c, e: e, doc: d, raw: raw, op: op}
	c.hold(e, d)
	if t != nil {
		if e.locked == nil {
			e.locked = t
		}
		t.over[e] = d
		t.writes = append(t.writes, w)
		t.resv = append(t.resv, undo...)
		return nil
	}
	s.apply([]write{w}, nil, mark)
	return nil
}

// after reports that the entry was committed after the transaction began. As in MongoDB, meeting its
// key is a write conflict then: the transaction can't see the duplicate, its next try will.
func (s *Store) after(t *txn, e *entry) bool {
	return e != nil && e.cur != nil && before(t.start, e.cur.ts)
}

// apply commits writes at one timestamp: versions, events, journal.
func (s *Store) apply(ws []write, t *txn, mark D) {
	ts := s.tick()
	rec := make(A, 0, len(ws))
	for i, w := range ws {
		s.install(w, ts)
		r := D{{Key: "c", Value: w.c.ns()}, {Key: "i", Value: w.e.id}}
		if w.doc != nil {
			r = append(r, E{Key: "d", Value: w.raw})
		}
		rec = append(rec, r)
		s.log = append(s.log, event{ts: ts, n: int32(i), op: w.op, db: w.c.db, coll: w.c.name, id: w.e.id, doc: w.doc, txn: t.id()})
	}
	if len(s.log) > s.events {
		s.trimmed = s.log[s.events/2].ts
		s.log = append([]event(nil), s.log[s.events/2+1:]...)
	}
	d := D{{Key: "w", Value: rec}}
	if mark != nil {
		d = append(d, E{Key: "s", Value: mark})
	}
	s.record(d)
	s.bury()
	s.cond.Broadcast()
}

func (s *Store) commit(t *txn) {
	for e := range t.over {
		e.locked = nil
	}
	t.close(s, committed)
	s.settle(t)
	if len(t.writes) > 0 {
		s.apply(t.writes, t, t.session.commitMark())
	}
	s.bury()
	s.cond.Broadcast()
}

// settle makes the transaction's unique keys everybody's.
func (s *Store) settle(t *txn) {
	for _, w := range t.writes {
		for _, ix := range w.c.idx {
			if !ix.unique {
				continue
			}
			final := ix.indexVals(t.over[w.e])
			if w.e.cur != nil {
				for _, v := range ix.indexVals(w.e.cur.doc) {
					if u := ix.vals[v]; u != nil && u.owner == w.e.key && !contains(final, v) {
						delete(ix.vals, v)
					}
				}
			}
			for _, v := range ix.indexVals(w.doc) {
				if u := ix.vals[v]; u != nil && u.owner == w.e.key {
					if contains(final, v) {
						u.by = nil
					} else {
						delete(ix.vals, v)
					}
				}
			}
		}
	}
}

func (s *Store) abort(t *txn) {
	for i := len(t.resv) - 1; i >= 0; i-- {
		t.resv[i]()
	}
	for e := range t.over {
		e.locked = nil
	}
	for _, w := range t.writes {
		w.c.release(w.e, &version{doc: w.doc})
		switch {
		case w.e.cur == nil:
			w.c.drop(w.e)
		case w.e.cur.doc == nil: // its lock kept it from being buried
			s.graves = append(s.graves, grave{w.c, w.e, w.e.cur.ts})
		}
	}
	t.close(s, aborted)
	s.bury()
	s.cond.Broadcast()
}

// id is how change events name the transaction; nil outside of one.
func (t *txn) id() *txnID {
	if t == nil {
		return nil
	}
	return &txnID{t.session.id, t.session.num}
}

func (t *txn) close(s *Store, is sessionState) {
	t.session.is, t.session.txn = is, nil
	delete(s.open, t)
}
