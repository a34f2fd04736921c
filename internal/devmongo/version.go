package devmongo

import (
	"go.mongodb.org/mongo-driver/v2/bson"
)

type version struct {
	ts   bson.Timestamp
	doc  D // nil: deleted
	prev *version
}

type entry struct {
	key    string
	id     any
	cur    *version // committed
	locked *txn     // has an uncommitted write
	seq    int64    // insertion order
}

// grave is a document with a version, perhaps its last, that has to go when no snapshot sees it.
type grave struct {
	c  *coll
	e  *entry
	ts bson.Timestamp
}

// oldest is the oldest snapshot that somebody reads; now, if nobody does.
func (s *Store) oldest() bson.Timestamp {
	ts := s.last
	for t := range s.open {
		if before(t.start, ts) {
			ts = t.start
		}
	}
	return ts
}

// install makes a write the newest version and forgets versions that no snapshot sees. The indexes
// hold the write's document already.
func (s *Store) install(w write, ts bson.Timestamp) {
	e := w.e
	v := &version{ts: ts, doc: w.doc, prev: e.cur}
	if e.cur != nil && e.cur.ts == ts { // same commit: nobody saw it
		v.prev = e.cur.prev
		w.c.release(e, &version{doc: e.cur.doc})
	}
	e.cur = v
	w.c.docs[e.key] = e
	w.c.order.Set(e)
	if len(s.open) == 0 {
		w.c.release(e, v.prev)
		v.prev = nil
	}
	if w.doc == nil || v.prev != nil {
		s.graves = append(s.graves, grave{w.c, e, ts})
	}
}

// bury drops versions and deleted documents that no snapshot sees any more.
func (s *Store) bury() {
	if len(s.graves) == 0 {
		return
	}
	oldest, n := s.oldest(), 0
	for _, g := range s.graves {
		if before(oldest, g.ts) {
			break
		}
		n++
		g.c.forget(g.e, oldest)
	}
	s.graves = s.graves[n:]
}

// forget drops the versions of an entry that no snapshot from the oldest on sees, and the entry if all
// see it deleted. It may have come back since, or even in the commit that deleted it.
func (c *coll) forget(e *entry, oldest bson.Timestamp) {
	v := e.cur
	for v != nil && before(oldest, v.ts) {
		v = v.prev
	}
	if v == nil {
		return
	}
	c.release(e, v.prev)
	v.prev = nil
	if v == e.cur && v.doc == nil && e.locked == nil && c.docs[e.key] == e {
		c.drop(e)
		e.cur = nil
	}
}

func before(a, b bson.Timestamp) bool { return a.T < b.T || a.T == b.T && a.I < b.I }

// read gives the document as t (or everyone, t nil) sees it.
func (s *Store) read(e *entry, t *txn) D {
	if t != nil {
		if d, ok := t.over[e]; ok {
			return d
		}
		for v := e.cur; v != nil; v = v.prev {
			if !before(t.start, v.ts) {
				return v.doc
			}
		}
		return nil
	}
	if e.cur == nil {
		return nil
	}
	return e.cur.doc
}
