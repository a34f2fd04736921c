package devmongo

import (
	"fmt"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// A record of the journal is a document:
//
//	t  the time of the commit
//	w  its writes: c collection, i _id, d the document (absent: deleted)
//	s  the session whose transaction or retryable write this was (session.go)
//	c  with create, index, dropIndex or drop: what happened to a collection

// record appends to the journal, if there is one; the reply that tells of it waits for it (request.go).
func (s *Store) record(d D) {
	if s.journal == nil {
		return
	}
	b, err := encode(append(d, E{Key: "t", Value: s.last}))
	if err != nil {
		panic(err) // documents were marshalled before
	}
	s.appended = s.journal.append(b)
	s.compactIfDue()
}

// replay applies a record to a store that has no journal yet.
func (s *Store) replay(body []byte) error {
	d, err := decode(body)
	if err != nil {
		return fmt.Errorf("record of the journal: %w", err)
	}
	if ts, ok := val(d, "t").(bson.Timestamp); ok && cmp(ts, s.last) > 0 {
		s.last = ts
	}
	for _, x := range arr(d, "w") {
		s.replayWrite(x.(D))
	}
	if m := doc(d, "s"); m != nil {
		s.recall(m)
	}
	if ns := str(d, "c"); ns != "" {
		return s.replayCollection(ns, d)
	}
	return nil
}

func (s *Store) replayWrite(w D) {
	db, name, _ := strings.Cut(str(w, "c"), ".")
	c := s.coll(db, name, true)
	id := val(w, "i")
	e := c.docs[key(id)]
	nd := doc(w, "d")
	if nd == nil {
		if e != nil {
			c.release(e, e.cur)
			e.cur = nil
			c.drop(e)
		}
		return
	}
	if e == nil {
		e = c.newEntry(s, id)
	}
	c.release(e, e.cur)
	c.hold(e, nd)
	e.cur = &version{ts: s.last, doc: nd}
}

func (s *Store) replayCollection(ns string, d D) error {
	db, name, _ := strings.Cut(ns, ".")
	if _, ok := get(d, "drop"); ok {
		delete(s.dbs[db], name)
		return nil
	}
	c := s.coll(db, name, true)
	if o, ok := get(d, "create"); ok {
		c.opts, _ = o.(D)
		c.validator = doc(c.opts, "validator")
	}
	if n := str(d, "dropIndex"); n != "" {
		c.dropIndex(n)
	}
	if ix, ok := val(d, "index").(D); ok {
		if _, err := s.addIndex(c, ix); err != nil {
			return err
		}
	}
	return nil
}

// rebuild fills the unique indexes, which the journal does not keep, after the last record.
func (s *Store) rebuild() {
	for _, cs := range s.dbs {
		for _, c := range cs {
			for _, ix := range c.idx {
				if ix.unique {
					ix.fill(c)
				}
			}
		}
	}
}
