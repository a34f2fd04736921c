package devmongo

import (
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
)

type write struct {
	c   *coll
	e   *entry
	doc D
	op  string // insert, update, replace, delete
}

type txn struct {
	lsid    string
	num     int64
	start   bson.Timestamp
	over    map[*entry]D // own uncommitted state, nil: deleted
	writes  []write
	resv    []func() // undo unique reservations
	created time.Time
}

// put stages one write: in the transaction, or at once. The caller holds mu and has checked nothing.
func (s *Store) put(t *txn, c *coll, e *entry, d D, op string) error {
	if d != nil {
		if b, err := bson.Marshal(d); err != nil {
			return errf(2, "BadValue", "%v", err)
		} else if len(b) > 16<<20 {
			return errf(10334, "BSONObjectTooLarge", "BSONObj size: %d is invalid. Size must be between 0 and 16793600(16MB)", len(b))
		}
		if c.validator != nil {
			if ok, err := match(d, c.validator); err != nil || !ok {
				return &Err{Code: 121, Name: "DocumentValidationFailure", Msg: "Document failed validation", Extra: D{{Key: "errInfo", Value: D{{Key: "failingDocumentId", Value: val(d, "_id")}}}}}
			}
		}
	}
	if t != nil && e.locked == nil && e.cur != nil && cmp(e.cur.ts, t.start) > 0 {
		return conflict()
	}
	if e.locked != nil && e.locked != t {
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
				if u.by != nil && u.by != t {
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
	w := write{c: c, e: e, doc: d, op: op}
	if t != nil {
		if e.locked == nil {
			e.locked = t
		}
		t.over[e] = d
		t.writes = append(t.writes, w)
		t.resv = append(t.resv, undo...)
		return nil
	}
	s.apply([]write{w}, nil, nil)
	return nil
}

// apply commits writes at one timestamp: versions, events, journal.
func (s *Store) apply(ws []write, t *txn, lsid D) bson.Timestamp {
	ts := s.tick()
	keep := len(s.txns) > 0
	rec := make(A, 0, len(ws))
	for i, w := range ws {
		e := w.e
		v := &version{ts: ts, doc: w.doc}
		if keep {
			v.prev = e.cur
			if e.cur != nil && e.cur.ts == ts { // same commit: nobody saw it
				v.prev = e.cur.prev
			}
		}
		e.cur = v
		if w.doc == nil && !keep {
			delete(w.c.docs, e.key)
			e.cur = nil
		} else {
			w.c.docs[e.key] = e // back again, when an earlier write of this commit took it out
		}
		r := D{{Key: "c", Value: w.c.ns()}, {Key: "i", Value: e.id}}
		if w.doc != nil {
			r = append(r, E{Key: "d", Value: w.doc})
		}
		rec = append(rec, r)
		ev := D{{Key: "_id", Value: D{{Key: "_data", Value: token(ts, int32(i))}}}, {Key: "operationType", Value: w.op}, {Key: "clusterTime", Value: ts}, {Key: "wallTime", Value: now()}}
		if t != nil {
			ev = append(ev, E{Key: "lsid", Value: lsid}, E{Key: "txnNumber", Value: t.num})
		}
		if w.op != "delete" {
			ev = append(ev, E{Key: "fullDocument", Value: w.doc})
		}
		ev = append(ev, E{Key: "ns", Value: D{{Key: "db", Value: w.c.db}, {Key: "coll", Value: w.c.name}}}, E{Key: "documentKey", Value: D{{Key: "_id", Value: e.id}}})
		if w.op == "update" {
			ev = append(ev, E{Key: "updateDescription", Value: D{{Key: "updatedFields", Value: D{}}, {Key: "removedFields", Value: A{}}, {Key: "truncatedArrays", Value: A{}}}})
		}
		s.log = append(s.log, event{ts, int32(i), ev})
	}
	if len(s.log) > 200000 {
		s.trimmed = s.log[100000].ts
		s.log = append([]event(nil), s.log[100001:]...)
	}
	s.record(D{{Key: "w", Value: rec}})
	s.cond.Broadcast()
	return ts
}

func (s *Store) commit(t *txn, lsid D) {
	for e := range t.over {
		e.locked = nil
	}
	delete(s.txns, t.lsid)
	// settle unique keys
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
	if len(t.writes) > 0 {
		s.apply(t.writes, t, lsid)
	}
	s.cond.Broadcast()
}

func (s *Store) abort(t *txn) {
	for i := len(t.resv) - 1; i >= 0; i-- {
		t.resv[i]()
	}
	for e := range t.over {
		e.locked = nil
	}
	for _, w := range t.writes {
		if w.e.cur == nil && w.e.locked == nil {
			delete(w.c.docs, w.e.key)
		}
	}
	delete(s.txns, t.lsid)
	s.cond.Broadcast()
}
