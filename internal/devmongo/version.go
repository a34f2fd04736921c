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

// grave is a deleted document that a snapshot may still see.
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

// install makes a write the newest version and forgets versions that no snapshot sees.
func (s *Store) install(w write, ts bson.Timestamp) {
	e := w.e
	v := &version{ts: ts, doc: w.doc, prev: e.cur}
	if e.cur != nil && e.cur.ts == ts { // same commit: nobody saw it
		v.prev = e.cur.prev
	}
	e.cur = v
	w.c.docs[e.key] = e
	if w.doc == nil {
		s.graves = append(s.graves, grave{w.c, e, ts})
	}
	if len(s.open) == 0 {
		v.prev = nil
		return
	}
	for oldest := s.oldest(); v != nil; v = v.prev {
		if !before(oldest, v.ts) {
			v.prev = nil // every snapshot sees v or newer
		}
	}
}

// bury drops the deleted documents that no snapshot sees any more.
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
		if g.e.cur != nil && g.e.cur.doc == nil && g.e.cur.ts == g.ts && g.e.locked == nil && g.c.docs[g.e.key] == g.e { // not back again
			delete(g.c.docs, g.e.key)
			g.e.cur = nil
		}
	}
	s.graves = s.graves[n:]
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
