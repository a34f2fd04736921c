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

// read gives the document as t (or everyone, t nil) sees it.
func (s *Store) read(e *entry, t *txn) D {
	if t != nil {
		if d, ok := t.over[e]; ok {
			return d
		}
		for v := e.cur; v != nil; v = v.prev {
			if cmp(v.ts, t.start) <= 0 {
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
